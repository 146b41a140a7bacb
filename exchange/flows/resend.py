"""Send a delivery once more because somebody says so: one new try, under the same reference, never a second sale."""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

from exchange.flows.by_hand import audit_line
from exchange.flows.connection import Connection
from exchange.flows.intents import queue_of
from exchange.flows.jobs import ASK_OUTCOME, DELIVER, job
from exchange.flows.market import Market
from exchange.flows.settle import (
    BY_RULE,
    TRIES,
    CannotSettle,
    NoSuchDelivery,
    StillAtWork,
    claim_until,
    claims_of,
    sums_of,
    terms_of,
)
from exchange.model.actor import Actor, Role
from exchange.model.auction import AttemptState
from exchange.model.audit import AuditLine
from exchange.model.delivery import DeliveryRow, DeliveryState
from exchange.model.hold import HoldRequest
from exchange.model.lead import Mode
from exchange.model.money import Money
from exchange.model.party import Contract
from exchange.model.work import JobRow, LeadState
from exchange.stages.caps import cap_parts
from exchange.storage.database import Row
from exchange.storage.deliveries import read_delivery
from exchange.storage.resend import Again, NotAgain, reopen, repeat_now, try_again
from exchange.storage.selling import LeadMoved, read_attempt, read_lead
from exchange.storage.undo import read_sale

_ENDED = ("failed", "rejected")
_MAY_HAVE = "It may have arrived, and sending it twice would not be safe with this buyer."
_UNCLEAR = AttemptState.UNCLEAR.value
_WAITS = (DeliveryState.WAITING.value,)
_UNKNOWN = (DeliveryState.EXPIRED.value,)
_AT_WORK = (LeadState.OPEN.value, LeadState.SELLING.value)


class CannotResend(CannotSettle):
    """The sentence says what is in the way."""


class _Found(NamedTuple):
    attempt: Row
    delivery: Row | None
    lead: Row
    contract: Contract
    connection: Connection


async def resend(market: Market, attempt_id: str, actor: Actor, ip: str = "") -> str:
    """Make one new try of a delivery; a buyer may ask it of its own. Returns the id of its lead.

    Raises `NoSuchDelivery`, or `CannotResend` for one that arrived, is under way, or may have arrived and is not safe
    to repeat.
    """
    for _ in range(TRIES):
        found = await _find(market, attempt_id, actor)
        with suppress(LeadMoved):
            try:
                await _again(market, found, actor, ip)
            except NotAgain as refused:
                raise CannotResend(f"{attempt_id} cannot be sent again. {refused}") from refused
            return str(found.lead["id"])
    raise StillAtWork(f"The lead of {attempt_id} is being sold at this moment. Try again.")


async def _find(market: Market, attempt_id: str, actor: Actor) -> _Found:
    attempt = await market.db.read(read_attempt, attempt_id)
    if attempt is None or (actor.role is Role.BUYER and attempt["buyer_id"] != actor.party_id):
        raise NoSuchDelivery(f"There is no delivery {attempt_id}.")
    lead = await market.db.read(read_lead, attempt["lead_id"])
    contract = await terms_of(market, attempt)
    connection = market.connections.get(contract.connection) if contract is not None else None
    if lead is None or contract is None or connection is None:
        raise CannotResend(f"{attempt_id} was made under a contract or a connection that is gone.")
    if lead["state"] in _AT_WORK:
        raise StillAtWork(f"The lead of {attempt_id} is still being sold. Try again in a moment.")
    return _Found(attempt, await market.db.read(read_delivery, attempt_id), lead, contract, connection)


async def _again(market: Market, found: _Found, actor: Actor, ip: str) -> None:
    attempt, delivery = found.attempt, found.delivery
    again = _row(market, found, actor, ip)
    if attempt["state"] in _ENDED:
        if await market.db.read(read_sale, attempt["id"]) is not None:
            raise NotAgain("Its sale was undone, and a sale is undone for good: the lead may be posted again.")
        if str(attempt["detail"]).startswith(BY_RULE) and not found.connection.repeats_safely:
            raise NotAgain(_MAY_HAVE)
        await market.db.write(reopen, _with_hold(market, again, found))
        return
    state = DeliveryState(delivery["state"]) if delivery is not None else None
    if state is None and attempt["state"] == _UNCLEAR:
        if not found.connection.repeats_safely:
            raise NotAgain("It may have been taken, and this buyer makes two leads of two posts: settle it first.")
        await market.db.write(repeat_now, again, _question(market, attempt))
        return
    if state is DeliveryState.WAITING:
        await market.db.write(try_again, again, _WAITS)
    elif state is DeliveryState.EXPIRED:
        if not found.connection.repeats_safely:
            raise NotAgain(_MAY_HAVE)
        await market.db.write(try_again, again, _UNKNOWN)
    else:
        raise NotAgain(_why_not(attempt, state))


def _question(market: Market, attempt: Row) -> JobRow:
    """The job that posts an unclear lead once more under its reference, and settles it by the answer."""
    now, attempt_id = market.clock.now(), attempt["id"]
    queue, payload = f"ask:{attempt['buyer_id']}", {"attempt_id": attempt_id}
    return job(market, queue, ASK_OUTCOME, dict[str, object](payload), now, now, f"ask:{attempt_id}")


def _why_not(attempt: Row, state: DeliveryState | None) -> str:
    if state in (DeliveryState.SENDING, DeliveryState.SENT):
        return "It is on its way: its receipt is waited for."
    if state is DeliveryState.SHELVED:
        return "It lies where its buyer fetches it."
    if attempt["state"] == "accepted":
        return "It was accepted."
    return "It may have been taken: settle it first."


def _row(market: Market, found: _Found, actor: Actor, ip: str) -> Again:
    attempt, contract, now = found.attempt, found.contract, market.clock.now()
    queue = queue_of(contract, found.connection)
    attempt_id = attempt["id"]
    delivery = DeliveryRow(
        attempt_id,
        attempt["month"],
        attempt["lead_id"],
        attempt["buyer_id"],
        contract.id,
        contract.connection,
        found.connection.channel,
        queue,
        DeliveryState.SHELVED if found.connection.shelved else DeliveryState.WAITING,
        False,
        now,
        now,
        now + contract.give_up_ms,
    )
    return Again(
        attempt_id,
        attempt["lead_id"],
        found.lead["seller_id"],
        now,
        delivery,
        job(market, queue, DELIVER, {"attempt_id": attempt_id}, now, now, f"deliver:{attempt_id}"),
        _audit_line(market, attempt, actor, ip, now),
        f"{contract.name}: sent again",
        actor.name,
        sums_of(found.lead),
    )


def _with_hold(market: Market, again: Again, found: _Found) -> Again:
    """What an attempt that had ended takes anew: caps, money, a slot, its consumer."""
    attempt, lead, contract, now = found.attempt, found.lead, found.contract, again.at
    campaign = market.deals.campaigns[lead["campaign_id"]]
    price = Money(attempt["price_units"], attempt["currency"])
    buyer = market.deals.buyers[attempt["buyer_id"]]
    parts = cap_parts(contract, price, now, market.live.windows(contract.zone))
    live = attempt["mode"] == Mode.LIVE.value
    until = claim_until(market, lead, LeadState.PENDING, now) or now
    return again._replace(
        hold=HoldRequest(attempt["id"], parts, buyer.account, price) if live else None,
        claims=claims_of(lead, campaign.duplicate_scope, until) if until > now else (),
        claims_until=until,
        slots=campaign.slots,
    )


def _audit_line(market: Market, attempt: Row, actor: Actor, ip: str, now: int) -> AuditLine:
    before, what = {"state": attempt["state"], "tries": attempt["tries"]}, f"delivery:{attempt['id']}"
    return audit_line(market.ids, now, actor, "delivery.resent", what, before=before, ip=ip)
