"""What was handed to a buyer: each delivery with what was sent, what it answered and how that was read; sent again."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from aiohttp import web

from exchange.flows.resend import resend
from exchange.flows.settle import CannotSettle, NoSuchDelivery
from exchange.model.actor import SYSTEM
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.storage.database import Row
from exchange.storage.delivery_views import PostFilter, posts_to
from exchange.storage.selling import read_attempt
from exchange.storage.timeline import read_lead_rows
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.buyer_portal._own import own_buyer
from exchange.web.figures.buyers import buyer_lines
from exchange.web.keys import MARKET
from exchange.web.lists.twins import short_twins
from exchange.web.pages import Page, see_other
from exchange.web.render import address, mode_of, notice, page, times_of
from exchange.web.story.masking import Mask, secrets_hidden
from exchange.web.story.records import Story, open_story
from exchange.web.story.wire import Exchange, buyer_exchange
from exchange.web.words import utc

HOME = "/buyer/deliveries"
_AT_ONCE = 500
_COLUMNS = (
    "delivery_id", "lead_id", "contract", "price", "currency", "state", "read", "tries", "made_at", "next_at",
)  # fmt: skip
PAGE, AT_ONCE = 50, 100
_ONE = HOME + "/{attempt:[0-9A-Za-z_-]{1,60}}"
_BEFORE = re.compile(r"(\d{1,15})_([0-9A-Za-z_-]{1,60})")
_HOUR_MS = 3_600_000
STATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "accepted": ("accepted",),
        "refused": ("rejected",),
        "failed": ("failed",),
        "open": ("reserved", "sending", "pending", "unclear"),
    }
)
SINCE: Mapping[str, int] = MappingProxyType({"1": 1, "24": 24, "168": 168})
_WORDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "accepted": ("Accepted", "good", "check"),
        "rejected": ("Refused", "bad", "cross"),
        "failed": ("Failed", "bad", "warning"),
        "unclear": ("Unclear", "warn", "question"),
        "pending": ("Waits for its receipt", "warn", "clock"),
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """One delivery. `read` says how its answer was understood."""

    id: str
    lead_id: str
    place: str
    contract: str
    price: Money
    state: str
    read: str
    tries: int
    made_at: int
    next_at: int | None
    channel: str
    may_resend: bool

    @property
    def pill(self) -> tuple[str, str, str]:
        return _WORDS.get(self.state, ("On its way", "", "out"))

    def fields(self) -> dict[str, object]:
        return {
            "delivery_id": self.id,
            "lead_id": self.lead_id,
            "contract": self.contract,
            "price": self.price.text,
            "currency": self.price.currency,
            "state": self.state,
            "read": self.read,
            "tries": self.tries,
            "made_at": utc(self.made_at),
            "next_at": utc(self.next_at) if self.next_at is not None else None,
        }


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        *short_twins(HOME, "deliveries", _COLUMNS, _rows, ("state",)),
        Page("POST", f"{HOME}/resend", resend_all),
        Page("GET", _ONE, one),
        Page("POST", f"{_ONE}/resend", resend_one),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, buyer = request.app[MARKET], actor_of(request), own_buyer(request)
    lines = await _lines(request, PAGE + 1, _mark(request.query.get("before", "")))
    state = request.query.get("state", "")
    [health] = await buyer_lines(market, actor, mode_of(request), times_of(request), [buyer])
    more = lines[PAGE - 1] if len(lines) > PAGE else None
    return await page(
        request,
        "buyer_portal/deliveries.html",
        title="Deliveries",
        here="deliveries",
        lines=lines[:PAGE],
        state=state if state in STATES else "",
        states=list(STATES),
        health=health,
        older=address(HOME, state=state, before=f"{more.made_at}_{more.id}") if more is not None else None,
        exchanges=(),
        line=None,
        told=request.query.get("told", "")[:200],
    )


async def _rows(request: web.Request) -> AsyncIterator[Sequence[Mapping[str, Any]]]:
    before = _mark(request.query.get("before", ""))
    while lines := await _lines(request, _AT_ONCE, before):
        yield [line.fields() for line in lines]
        before = (lines[-1].made_at, lines[-1].id)


async def one(request: web.Request) -> web.StreamResponse:
    """Everything that was said to this buyer about the lead of one delivery."""
    market, buyer = request.app[MARKET], own_buyer(request)
    attempt = await market.db.read(read_attempt, request.match_info["attempt"])
    if attempt is None or attempt["buyer_id"] != buyer.id:
        return await _no_such(request)
    rows = await market.db.read(read_lead_rows, SYSTEM, attempt["lead_id"])
    exchanges = _exchanges(request, open_story(market, rows), buyer.id) if rows is not None else []
    return await page(
        request,
        "buyer_portal/deliveries.html",
        title="A delivery",
        here="deliveries",
        lines=(),
        line=_line(request, {**attempt, "city": None, "us_state": None}),
        bought=attempt["state"] == "accepted",
        exchanges=exchanges,
    )


async def resend_one(request: web.Request) -> web.StreamResponse:
    attempt_id = request.match_info["attempt"]
    try:
        await resend(request.app[MARKET], attempt_id, actor_of(request), ip_of(request))
    except NoSuchDelivery:
        return await _no_such(request)
    except CannotSettle as error:
        links = [("The delivery", f"{HOME}/{attempt_id}")]
        return await notice(request, "It was not sent again", str(error), http_status=409, links=links)
    return see_other(address(HOME, told="1 delivery is sent again."))


async def resend_all(request: web.Request) -> web.StreamResponse:
    """Every delivery that failed since; those that cannot go again stay as they are."""
    market, actor, buyer = request.app[MARKET], actor_of(request), own_buyer(request)
    hours = SINCE.get(request[FORM].get("since", ""), 24)
    mode = "test" if request[FORM].get("mode") == "test" else "live"
    wanted = PostFilter(mode, ("failed",), market.clock.now() - hours * _HOUR_MS, limit=AT_ONCE)
    sent = kept = 0
    for row in await market.db.read(posts_to, actor, buyer.id, wanted):
        try:
            await resend(market, row["id"], actor, ip_of(request))
            sent += 1
        except CannotSettle:
            kept += 1
    left = f" {kept} cannot go again: open each to see why." if kept else ""
    told = f"{sent} {'delivery is' if sent == 1 else 'deliveries are'} sent again.{left}"
    return see_other(address(HOME, told=told))


def _mark(text: str) -> tuple[int, str] | None:
    mark = _BEFORE.fullmatch(text)
    return (int(mark[1]), mark[2]) if mark is not None else None


async def _lines(request: web.Request, limit: int, before: tuple[int, str] | None) -> list[Line]:
    wanted = PostFilter(
        mode_of(request),
        STATES.get(request.query.get("state", ""), ()),
        before=before,
        limit=limit,
    )
    rows = await request.app[MARKET].db.read(posts_to, actor_of(request), own_buyer(request).id, wanted)
    return [_line(request, row) for row in rows]


def _line(request: web.Request, row: Row) -> Line:
    contract = request.app[MARKET].deals.contracts.get(row["contract_id"])
    delivery = row.get("delivery") if isinstance(row, Mapping) else None
    return Line(
        row["id"],
        row["lead_id"],
        ", ".join(part for part in (row["city"], row["us_state"]) if part),
        contract.name if contract is not None else row["contract_id"],
        Money(row["price_units"], row["currency"]),
        row["state"],
        _read(row),
        int(row["tries"] or 1),
        row["made_at"],
        row.get("next_at"),
        row.get("channel") or "",
        row["state"] in ("failed", "rejected") or delivery in ("expired", "waiting"),
    )


def _read(row: Row) -> str:
    """How its answer was understood, with the buyer's own words."""
    if row["state"] == "accepted":
        return f"Accepted, your ID {row['buyer_reference']}" if row["buyer_reference"] else "Accepted"
    reason = next((each.sentence for each in Reason if each.slug == row["reason"]), "")
    if row["reason"] == Reason.BUYER_REJECTED.slug:
        reason = "Refused."
    detail = row["detail"] or ""
    return f"{reason} “{detail}”" if detail else reason


def _exchanges(request: web.Request, story: Story, buyer_id: str) -> list[Exchange]:
    """Pings, posts and tries of the buyer's own contracts, in order. Of a lead it did not buy what is personal is
    masked."""
    market = request.app[MARKET]
    own = {each.id: each for each in market.deals.contracts.values() if each.buyer_id == buyer_id}
    bought = any(sale["buyer_id"] == buyer_id and sale["reversed_at"] is None for sale in story.rows.sales)
    found: list[Exchange] = []
    for told in story.requests:
        for wire in told.wires:
            contract = own.get(wire["contract"])
            if contract is None:
                continue
            connection = market.connections.get(contract.connection)
            secrets = [text for text in connection.secrets.values() if text] if connection is not None else []
            mask = Mask(tuple(secrets_hidden(secrets))) if bought else told.mask
            title = f"{str(wire['stage']).capitalize()}, {contract.name}"
            outcome = wire.get("lost") or f"HTTP {wire.get('status', '')}".strip()
            found.append(buyer_exchange(market, wire, mask, len(found), title, "", str(outcome)))
    return found


async def _no_such(request: web.Request) -> web.StreamResponse:
    links = [("Your deliveries", HOME)]
    return await notice(request, "There is no such delivery", "It is not yours.", http_status=404, links=links)
