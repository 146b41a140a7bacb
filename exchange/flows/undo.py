"""Undo a sale whose delivery failed for good: both sides get back what they gave, and the lead may be sold again."""

from __future__ import annotations

from contextlib import suppress
from types import MappingProxyType
from typing import NamedTuple

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.lead_terms import as_earned
from exchange.flows.market import Market
from exchange.flows.settle import (
    TRIES,
    WAITS,
    After,
    CannotSettle,
    StillAtWork,
    campaign_of,
    closings,
    failed_news,
    sums_of,
    terms_of,
)
from exchange.flows.tell import HELD, SOLD, UNSOLD, News, tell
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.delivery import DeliveryState
from exchange.model.money import Money
from exchange.model.party import Campaign, Contract
from exchange.model.reversal import Reversal
from exchange.model.work import Closing, JobRow, LeadState
from exchange.stages.settle import sale_payout
from exchange.stages.undo import Remaining, Undone, due, undone
from exchange.storage.database import Row
from exchange.storage.leads import standing_sales
from exchange.storage.ledger import find_transaction
from exchange.storage.selling import LeadMoved, lead_attempts, read_attempt, read_lead
from exchange.storage.undo import read_sale, undo_sale

_AT_WORK = (LeadState.OPEN.value, LeadState.SELLING.value)
_EVENTS = MappingProxyType({"accepted": SOLD, "queued": HELD, "unsold": UNSOLD})
"""What the seller is told the lead is now, as the event that its postbacks hear of."""


class _Undoing(NamedTuple):
    """A sale, what it belongs to, and what is told of its end."""

    sale: Row
    attempt: Row
    lead: Row
    contract: Contract
    why: str
    now: int


async def reverse_sale(
    market: Market,
    attempt_id: str,
    why: str,
    actor: Actor,
    delivery: DeliveryState = DeliveryState.FAILED,
    ip: str = "",
) -> LeadState | None:
    """Undo the sale of a delivery, with everything that hangs on it, in one unit. None when it was undone before.

    Raises `StillAtWork` while the lead is being sold, `CannotSettle` when there is no such sale.
    """
    for _ in range(TRIES):
        with suppress(LeadMoved):
            return await _reverse(market, attempt_id, why, actor, delivery, ip)
    raise StillAtWork(f"The lead of {attempt_id} is being sold at this moment. Try again.")


async def _reverse(
    market: Market, attempt_id: str, why: str, actor: Actor, delivery: DeliveryState, ip: str
) -> LeadState | None:
    undoing = await _read(market, attempt_id, why)
    if undoing is None:
        return None
    without = await _without(market, undoing)
    reversal = Reversal(
        attempt_id,
        undoing.lead["id"],
        why,
        undoing.now,
        sums_of(undoing.lead),
        without.payout_units,
        without.transactions,
        _closings(market, undoing, without, actor),
        delivery,
        _audit_line(market, undoing, actor, ip),
    )
    return await market.db.write(undo_sale, reversal)


async def _read(market: Market, attempt_id: str, why: str) -> _Undoing | None:
    sale = await market.db.write(read_sale, attempt_id)
    attempt = await market.db.write(read_attempt, attempt_id)
    if sale is None or attempt is None:
        raise CannotSettle(f"{attempt_id} is no sale.")
    if sale["reversed_at"] is not None:
        return None
    if sale["returned_at"] is not None or sale["returned_units"]:
        raise CannotSettle(f"A return of {attempt_id} was granted: its sale can no more be undone.")
    if sale["taken_back"]:
        raise CannotSettle(f"A return of {attempt_id} was granted and taken back: its sale can no more be undone.")
    lead = await market.db.write(read_lead, sale["lead_id"])
    contract = await terms_of(market, attempt)
    if lead is None or contract is None:
        raise CannotSettle(f"{attempt_id} was made under a contract that is gone.")
    if lead["state"] in _AT_WORK:
        raise StillAtWork(f"The lead of {attempt_id} is still being sold. Try again in a moment.")
    return _Undoing(sale, attempt, lead, contract, why, market.clock.now())


async def _without(market: Market, undoing: _Undoing) -> Undone:
    """The lead as if this sale had never been."""
    sale, lead, now = undoing.sale, undoing.lead, undoing.now
    currency = lead["currency"]
    booked = await market.db.write(find_transaction, SYSTEM, f"sale:{sale['attempt_id']}")
    owed = await owed_without(market, lead, sale["id"], test=booked is None)
    return undone(
        booked,
        Money(sale["payout_units"], currency),
        Money(lead["payout_units"], currency),
        owed,
        seller_id=lead["seller_id"],
        attempt_id=sale["attempt_id"],
        at=now,
        month=month_of(now),
        cause=lead["id"],
    )


async def owed_without(market: Market, lead: Row, sale_id: str, *, test: bool) -> Money:
    """What the seller is owed for a lead if one of its sales had never been.

    For a test it is owed nothing, and its sums say what its sales would have paid.
    """
    currency = lead["currency"]
    attempts = {row["id"]: row for row in await market.db.write(lead_attempts, lead["id"])}
    others = [row for row in await market.db.write(standing_sales, lead["id"]) if row["id"] != sale_id]
    if test:
        return Money(sum(row["payout_units"] - row["returned_payout_units"] for row in others), currency)
    campaign = await campaign_of(market, lead)
    remaining = [await _remaining(market, campaign, lead, row, attempts[row["attempt_id"]]) for row in others]
    promises = [each for row in attempts.values() if (each := _promised(row, currency)) is not None]
    promised = promises[0] if promises else None
    return due(campaign, remaining, promised, currency)


async def _remaining(market: Market, campaign: Campaign, lead: Row, sale: Row, attempt: Row) -> Remaining:
    """A sale that stands, under the terms of the request that made it."""
    terms = await as_earned(market, campaign, lead, attempt["request_id"])
    price, exclusive = Money(sale["price_units"], lead["currency"]), bool(attempt["exclusive"])
    return Remaining(price, exclusive, sale_payout(terms, price, _promised(attempt, lead["currency"]), exclusive))


def _promised(attempt: Row, currency: str) -> Money | None:
    units = attempt["promised_units"]
    return Money(units, currency) if units is not None else None


def _closings(market: Market, undoing: _Undoing, without: Undone, actor: Actor) -> tuple[Closing, ...]:
    def told(state: LeadState, goes_on: bool) -> tuple[JobRow, ...]:
        return _news(market, undoing, without, state, goes_on)

    event = f"{undoing.contract.name}: the sale was undone, {undoing.why}"
    resells = undoing.contract.on_failure == "resell"
    after = After(undoing.sale["attempt_id"], resells, event, actor, told)
    return closings(market, undoing.lead, after, undoing.now)


def _news(market: Market, undoing: _Undoing, without: Undone, state: LeadState, goes_on: bool) -> tuple[JobRow, ...]:
    """Both sides hear of it. The seller had been told of a sale: now it hears what the lead is worth without it."""
    lead, now = undoing.lead, undoing.now
    buyer, failed = failed_news(undoing.sale["attempt_id"], lead, undoing.contract, undoing.why, now)
    waits = goes_on or state in WAITS
    status = "accepted" if state is LeadState.SOLD else ("queued" if waits else "unsold")
    left = Money(lead["payout_units"] - without.payout_units, lead["currency"])
    facts: dict[str, object] = {
        "lead_id": lead["id"],
        "seller_lead_id": lead["seller_lead_id"],
        "status": status,
        "price": left.text if state is LeadState.SOLD else None,
        "currency": lead["currency"],
        "test": lead["mode"] == "test",
    }
    about = undoing.sale["attempt_id"]
    seller = News(_EVENTS[status], Role.SELLER, lead["seller_id"], about, now, facts, lead["campaign_id"])
    return tuple(job for each in (buyer, failed, seller) for job in tell(market, each))


def _audit_line(market: Market, undoing: _Undoing, actor: Actor, ip: str) -> AuditLine:
    sale, now = undoing.sale, undoing.now
    before = {"state": "accepted", "price": Money(sale["price_units"], sale["currency"]).text}
    after, what = {"state": "failed", "why": undoing.why}, f"delivery:{sale['attempt_id']}"
    return audit_line(market.ids, now, actor, "sale.undone", what, before=before, after=after, ip=ip)
