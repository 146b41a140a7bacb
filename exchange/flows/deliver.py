"""One delivery beside the request: it waits for its hour, goes out, and is tried again until it is known what was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from exchange import limits
from exchange.connector import Terms
from exchange.courier.courier import Call, Result
from exchange.flows.called_back import calls_us
from exchange.flows.check_suppression import kept_back
from exchange.flows.conclude import LEAD_AT_WORK_MS, conclude
from exchange.flows.connection import Connection
from exchange.flows.job_ends import ComeBack, DestinationDown, Ended
from exchange.flows.jobs import ASK_OUTCOME, job
from exchange.flows.market import Market
from exchange.flows.one_tap import delivery_links
from exchange.flows.receipts import give_up
from exchange.flows.reconcile import bid_of, sealed_wires
from exchange.flows.scenes import next_hour, own_links, values_of
from exchange.flows.settle import terms_of
from exchange.model.auction import AttemptState, Award
from exchange.model.delivery import ENDED, DeliveryState, TryEnd
from exchange.model.lead import Lead
from exchange.model.party import Contract
from exchange.model.work import LeadState
from exchange.stages.delivery import MAY_HAVE, STATES, Meaning, Tried, try_outcome, wait_ms
from exchange.stages.outcome import post_outcome
from exchange.storage.database import Row
from exchange.storage.deliveries import begin_try, end_delivery, end_try, put_off, read_delivery
from exchange.storage.jobs import add_job
from exchange.storage.selling import read_attempt, read_lead

_AT_WORK = (LeadState.OPEN.value, LeadState.SELLING.value)
_GOES_OUT = (AttemptState.PENDING.value, AttemptState.UNCLEAR.value, AttemptState.ACCEPTED.value)


class DeliveryBroken(Exception):
    """This delivery could not be made or its answer not be read: it counts for this one alone."""


class Work(NamedTuple):
    """A delivery with all that a try of it needs."""

    delivery: Row
    attempt: Row
    lead_row: Row
    lead: Lead
    contract: Contract
    connection: Connection
    zone: str | None  # the consumer's


async def deliver(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """Take one delivery a step on. A second run of the same job finds nothing to do.

    Raises `ComeBack` until its time has come, `DestinationDown` when nobody is there, `DeliveryBroken`.
    """
    attempt_id = str(payload["attempt_id"])
    delivery = await market.db.read(read_delivery, attempt_id)
    attempt = await market.db.read(read_attempt, attempt_id)
    if delivery is None or attempt is None:
        return Ended.UNASKED
    await _wait_for_the_sale(market, attempt)
    state = DeliveryState(delivery["state"])
    if state in ENDED or state is DeliveryState.EXPIRED:
        await conclude(market, attempt_id)
        await _ask_whether_it_arrived(market, delivery)
        return Ended.UNASKED
    if attempt["state"] not in _GOES_OUT:
        await market.db.write(end_delivery, attempt_id, DeliveryState.CANCELLED, market.clock.now())
        return Ended.UNASKED
    if state not in (DeliveryState.WAITING, DeliveryState.SENDING) or delivery["batch_id"] is not None:
        return Ended.UNASKED
    return await _go_out(market, delivery, attempt)


async def _ask_whether_it_arrived(market: Market, delivery: Row) -> None:
    """A provider whose word did not come in time is asked, where it knows the delivery and can be."""
    connection = market.connections.get(delivery["connection"])
    expired = delivery["state"] == DeliveryState.EXPIRED.value and delivery["provider_ref"] is not None
    if connection is None or connection.asks is None or not expired:
        return
    now, attempt_id = market.clock.now(), delivery["attempt_id"]
    queue = f"ask:{delivery['buyer_id']}"
    ask = job(market, queue, ASK_OUTCOME, {"attempt_id": attempt_id}, now, now, f"ask:{attempt_id}")
    await market.db.write(add_job, ask)


async def _wait_for_the_sale(market: Market, attempt: Row) -> None:
    """Nothing goes out while the request that sold it is at work: it may still end otherwise."""
    lead = await market.db.read(read_lead, attempt["lead_id"])
    if attempt["state"] == AttemptState.RESERVED.value or (lead is not None and lead["state"] in _AT_WORK):
        raise ComeBack(market.clock.now() + LEAD_AT_WORK_MS)


async def _go_out(market: Market, delivery: Row, attempt: Row) -> Ended | None:
    contract = await terms_of(market, attempt)
    connection = market.connections.get(contract.connection) if contract is not None else None
    if contract is None or connection is None:
        raise DeliveryBroken("its contract or its connection is gone")
    left_behind = delivery["state"] == DeliveryState.SENDING.value  # a process stopped while it went out
    lead_row = await market.db.read(read_lead, attempt["lead_id"])
    lead = await values_of(market, lead_row)
    over = market.clock.now() >= delivery["give_up_at"]
    if over or lead is None or lead_row is None or (left_behind and not connection.repeats_safely):
        stopped = left_behind and not over
        why = "the values of its lead were erased" if lead is None else "the exchange stopped while it went out"
        await give_up(market, delivery, why if lead is None or stopped else None)
        return Ended.UNASKED
    work = Work(delivery, attempt, lead_row, lead, contract, connection, _zone(market, lead))
    await _wait_for_its_hour(market, work)
    if (
        delivery["sent_at"] is None
        and not left_behind
        and (listed := kept_back(lead, contract.buyer_id, market)) is not None
    ):
        await give_up(market, delivery, listed)
        return Ended.UNASKED
    return await _try(market, work, left_behind=left_behind)


def _zone(market: Market, lead: Lead) -> str | None:
    code = lead.text("zip")
    return market.places.zone_of(code) if code is not None else None


async def _wait_for_its_hour(market: Market, work: Work) -> None:
    """Opening hours of the buyer, quiet hours of the consumer. The give-up time counts on meanwhile."""
    now, connection = market.clock.now(), work.connection
    then = next_hour(market, connection, work.contract, work.lead, now)
    if connection.waits is not None:
        then = max(then, connection.waits.not_before(work.lead, work.contract, now, work.zone))
    if then > now:
        then = min(then, work.delivery["give_up_at"])
        await market.db.write(put_off, work.attempt["id"], then, "it waits for its hour")
        raise ComeBack(then)


async def _try(market: Market, work: Work, *, left_behind: bool) -> Ended | None:
    """One try: written down, made, understood, written down; then what follows from it."""
    attempt_id = work.attempt["id"]
    number = await market.db.write(begin_try, attempt_id, market.clock.now(), again=left_behind)
    if number is None:
        return Ended.UNASKED
    may_have = left_behind or work.delivery["sent_at"] is not None
    result = await _converse(market, work, number)
    tried = read_try(work, result, may_have=may_have)
    end = _end(market, work, tried, number, result.took_ms)
    wires = await sealed_wires(market, work.attempt, "post", result, number)
    state = await market.db.write(end_try, end, wires)
    if state in ENDED or state is DeliveryState.EXPIRED:
        await conclude(market, attempt_id)
        return None
    return _go_on(tried, end)


async def _converse(market: Market, work: Work, number: int) -> Result:
    attempt, connection, contract = work.attempt, work.connection, work.contract
    links = {
        **delivery_links(market, attempt["id"], work.lead.vertical, contract.return_days),
        **calls_us(market, connection, contract.connection, attempt["id"]),
        **own_links(market, connection, contract.connection, attempt["id"]),
    }
    terms = Terms(market.clock.now(), attempt["reference"], connection.secrets, links, work.zone, number)
    conversation = connection.connector.post(work.lead, award_of(attempt), contract, terms)
    call = Call(contract.buyer_id, conversation, delivers=True, contract=contract.id, simulated=connection.simulated)
    return await market.courier.converse(
        call, market.clock.monotonic() + min(connection.seconds, limits.DELIVERY_SECONDS)
    )


def award_of(attempt: Row) -> Award:
    return Award(bid_of(attempt), attempt["slot"], attempt["reference"])


def read_try(work: Work, result: Result, *, may_have: bool) -> Tried:
    """What a try meant. `may_have`: an earlier one may have arrived: only a clear word about the lead ends it."""
    connection = work.connection
    outcome = post_outcome(work.contract, award_of(work.attempt), result, repeated=may_have, profile=connection.profile)
    return try_outcome(outcome, result, connection.profile, repeats_safely=connection.repeats_safely)


def _end(market: Market, work: Work, tried: Tried, number: int, took_ms: int) -> TryEnd:
    now = market.clock.now()
    meaning = tried.meaning
    next_at = None
    if meaning in (Meaning.LATER, Meaning.AGAIN):
        own = wait_ms(number, market.ids.draw())
        next_at = min(now + (own if tried.after_ms is None else max(tried.after_ms, 0)), work.delivery["give_up_at"])
    return TryEnd(
        work.attempt["id"],
        number,
        STATES[meaning],
        meaning.value,
        tried.detail,
        now,
        took_ms,
        meaning in MAY_HAVE,
        next_at,
        tried.reference,
        now + work.contract.receipt_ms if meaning is Meaning.SENT else None,
        tried.price_units,
    )


def _go_on(tried: Tried, end: TryEnd) -> Ended | None:
    """What the queue does with a delivery that is not over."""
    if tried.meaning is Meaning.REST:
        raise DestinationDown(tried.detail, tried.after_ms)
    if tried.meaning is Meaning.BROKEN:
        raise DeliveryBroken(tried.detail)
    if end.next_at is not None:
        raise ComeBack(end.next_at)
    return None
