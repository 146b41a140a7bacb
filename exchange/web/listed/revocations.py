"""Consent that consumers took back, as a list: its columns and filters, and what of the storage they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.revocation import ACKNOWLEDGED, SOURCES, NoticeRow, RevocationRow
from exchange.stages.respond import rfc3339
from exchange.storage.revocation_views import EVERYTHING, RevocationFilter, count_revocations, revocations_shown
from exchange.web.list_fields import revocation_fields
from exchange.web.listed.leads import buyers, verticals
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape

PATH = "/console/revocations"
NAMES = (
    "revocation_id", "revoked_at", "heard_at", "due_at", "vertical", "source", "means", "lead_id", "recipients",
    "waiting",
)  # fmt: skip
STATES: Mapping[str, str] = MappingProxyType(
    {"open": "somebody still to acknowledge", "over": "over its day", "told": "everybody knows"}
)
_WAYS: Mapping[str, str] = MappingProxyType(
    {
        "revoke_message": "its own message",
        "webhook": "webhook",
        "mail": "mail",
        "by_hand": "by hand",
        "told_by_buyer": "its own word",
    }
)
_TONES: Mapping[str, str] = MappingProxyType({"acknowledged": "good", "by_hand": "bad"})


@dataclass(frozen=True, slots=True)
class Told:
    """One recipient of one lead."""

    notice: NoticeRow
    buyer: str

    @property
    def open(self) -> bool:
        return self.notice.state != ACKNOWLEDGED

    @property
    def how(self) -> str:
        return _WAYS.get(self.notice.way, "")

    @property
    def tone(self) -> str:
        return _TONES.get(self.notice.state, "warn")


@dataclass(frozen=True, slots=True)
class TakenBack:
    """One revocation of the list. `overdue`: its day is past, and not everybody has acknowledged."""

    row: RevocationRow
    about: str
    told: tuple[Told, ...]
    overdue: bool


def _line(market: Market, row: RevocationRow, notices: tuple[NoticeRow, ...], now: int) -> TakenBack:
    vertical = market.verticals.get(row.vertical)
    about = vertical.title if vertical is not None else row.vertical or "Everything"
    made = tuple(Told(each, market.deals.buyer_name(each.contract_id)) for each in notices)
    return TakenBack(row, about, made, row.due_at < now and any(each.open for each in made))


def _filter(asked: Asked) -> RevocationFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    state, vertical, source, buyer = (given.get(name, "") for name in ("state", "vertical", "source", "buyer"))
    return RevocationFilter(state, vertical, source, buyer, since, until, asked.times.now, asked.span)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[TakenBack]:
    found = await market.db.read(revocations_shown, actor, _filter(asked))
    return [_line(market, row, notices, asked.times.now) for row, notices in found]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_revocations, actor, _filter(asked), most)


def _fields(line: TakenBack) -> Mapping[str, object]:
    row = line.row
    return {
        "revocation_id": row.id,
        "revoked_at": rfc3339(row.revoked_at),
        "heard_at": rfc3339(row.heard_at),
        "due_at": rfc3339(row.due_at),
        "vertical": row.vertical or None,
        "source": row.source,
        "means": row.means or None,
        "lead_id": row.lead_id,
        "recipients": len(line.told),
        "waiting": sum(each.open for each in line.told),
        "notices": revocation_fields(row, tuple(each.notice for each in line.told))["notices"],
    }


REVOCATIONS: Shape[TakenBack] = Shape(
    "revocations",
    PATH,
    "revocation",
    "revocations",
    (
        Column("heard", "Heard", "when tab", fixed=True, sorts=lambda line: line.row.heard_at),
        Column("about", "For", "who wrap"),
        Column("source", "Told by"),
        Column("means", "How", "wrap"),
        Column("due", "To be heeded by", "tab", sorts=lambda line: line.row.due_at),
        Column("told", "Recipients", "act wrap", fixed=True),
    ),
    (
        Filter("state", "State", lambda _: list(STATES.items()), lambda text: text if text in STATES else ""),
        Filter("buyer", "Recipient", buyers),
        Filter("vertical", "For", lambda market: [(EVERYTHING, "everything"), *verticals(market)]),
        Filter("source", "Told by", lambda _: [(each, each) for each in SOURCES],
               lambda text: text if text in SOURCES else ""),
        period_filter("Heard"),
    ),
    _read,
    _count,
    lambda line: line.row.id,
    _fields,
    NAMES,
    Nothing(
        "Nobody took a consent back yet. What the law asks then is done here: no new sale, and word to everybody who "
        "got the consumer's leads."
    ),
)  # fmt: skip
