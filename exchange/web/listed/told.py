"""What buyers reported of leads, as a list: its columns and filters, and what of the storage they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.storage.bought import ToldFilter, count_told, told_lately
from exchange.storage.database import Row
from exchange.web.listed.leads import buyers
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.story.dispositions import CHANNELS, buyer_name
from exchange.web.words import utc

PATH = "/console/dispositions"
COLUMNS = (
    "disposition_id", "lead_id", "buyer", "vertical", "disposition", "word", "value", "currency", "at", "told_at",
    "channel", "told_by", "overtaken",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """One report, with the name of its buyer and what it says the lead was worth."""

    row: Row
    buyer: str
    value: Money | None


def _told(market: Market, row: Row) -> Told:
    value = Money(row["value_units"], row["currency"]) if row["value_units"] is not None else None
    return Told(row, buyer_name(market, row["buyer_id"]), value)


def _filter(asked: Asked) -> ToldFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    return ToldFilter(
        asked.mode,
        given.get("buyer", ""),
        given.get("channel", ""),
        given.get("disposition", ""),
        since,
        until,
        asked.span,
    )


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Told]:
    return [_told(market, row) for row in await market.db.read(told_lately, actor, _filter(asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_told, actor, _filter(asked), most)


def _fields(told: Told) -> Mapping[str, object]:
    row, value = told.row, told.value
    return {
        "disposition_id": row["id"],
        "lead_id": row["lead_id"],
        "buyer": row["buyer_id"],
        "vertical": row["vertical"],
        "disposition": row["kind"],
        "word": row["word"],
        "value": value.text if value is not None else None,
        "currency": row["currency"],
        "at": utc(row["at"]),
        "told_at": utc(row["told_at"]),
        "channel": row["channel"],
        "told_by": row["told_by"],
        "overtaken": "yes" if row["overtaken"] else "no",
    }


def kinds(market: Market) -> Choices:
    """Every word of every vertical."""
    found = {kind for vertical in market.verticals.values() for kind in vertical.dispositions}
    return [(kind, kind.replace("_", " ")) for kind in sorted(found)]


TOLD: Shape[Told] = Shape(
    "dispositions",
    PATH,
    "disposition",
    "dispositions",
    (
        Column("told", "Told", "when tab", sorts=lambda line: line.row["told_at"]),
        Column("lead", "Lead", "who", fixed=True),
        Column("buyer", "Buyer", "wrap"),
        Column("disposition", "Disposition", "is"),
        Column("worth", "Worth", "paid", num=True),
        Column("at", "As of", "dim"),
        Column("how", "How", "wrap dim"),
    ),
    (
        Filter("buyer", "Buyer", buyers),
        Filter("channel", "Came by", lambda _: list(CHANNELS.items())),
        Filter("disposition", "Disposition", kinds),
        period_filter("Told"),
    ),
    _read,
    _count,
    lambda line: line.row["id"],
    _fields,
    COLUMNS,
    Nothing(
        "No {mode} dispositions yet. Buyers report by API, link, file, reply, webhook, or their system is read.",
        "Bring a file",
        f"{PATH}/files",
    ),
)
