"""Deliveries that go together at the times of a contract: one file, or one mail, with many leads.

The batch, its number and its members are stored before a byte is sent, so that whatever stops the exchange, the same
leads go out again under the same name.
"""

from __future__ import annotations

from collections.abc import Mapping

from exchange import limits
from exchange.connector import DeliversBatches, Parcel, Terms
from exchange.courier.courier import Call, Result
from exchange.flows.check_suppression import kept_back
from exchange.flows.conclude import conclude
from exchange.flows.connection import Connection
from exchange.flows.deliver import DeliveryBroken, award_of
from exchange.flows.job_ends import ComeBack, DestinationDown, Ended
from exchange.flows.links import REPLY
from exchange.flows.market import Market
from exchange.flows.one_tap import delivery_links
from exchange.flows.reconcile import sealed_wires
from exchange.flows.replies import reply_address
from exchange.flows.stored_lead import stored_lead
from exchange.model.auction import AttemptState
from exchange.model.delivery import DeliveryState
from exchange.model.party import Contract
from exchange.stages.delivery import MAY_HAVE, STATES, Meaning, Tried, try_outcome, wait_ms
from exchange.stages.outcome import post_outcome
from exchange.storage.batches import (
    batch_members,
    begin_batch,
    begin_batch_try,
    end_batch,
    end_batch_try,
    open_batch,
    waits_for_batch,
)
from exchange.storage.closing import add_wires
from exchange.storage.database import Row
from exchange.storage.deliveries import end_delivery
from exchange.storage.selling import read_attempt, read_lead

_NEXT_MS = 1_000
_NOT_OVER = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)
_GOES_OUT = (AttemptState.PENDING.value, AttemptState.ACCEPTED.value)


async def send_batch(market: Market, payload: Mapping[str, object]) -> Ended | None:
    """Send what waits for a contract, or what an earlier run left. Comes back while more waits that came in time.

    Raises as `deliver` does; the members of a batch that was not taken stay in it.
    """
    contract_id = str(payload["contract_id"])
    contract = market.deals.contracts.get(contract_id)
    connection = market.connections.get(contract.connection) if contract is not None else None
    if contract is None or connection is None or connection.batches is None:
        raise DeliveryBroken("its contract or its connection is gone")
    batch = await market.db.read(open_batch, contract_id)
    if batch is None:
        now = market.clock.now()
        batch = await market.db.write(begin_batch, contract_id, market.ids.new("bat", now), now)
    if batch is not None:
        await _send(market, batch, contract, connection, connection.batches)
    if await market.db.read(waits_for_batch, contract_id, int(str(payload["slot"]))):
        raise ComeBack(market.clock.now() + _NEXT_MS)
    return None if batch is not None else Ended.UNASKED


def batch_reference(contract_id: str, number: int) -> str:
    """The name of a batch, the same on every try: what a file or a mail with its leads is called by."""
    return f"{contract_id}-{number:04d}"


async def _send(
    market: Market, batch: Row, contract: Contract, connection: Connection, batches: DeliversBatches
) -> None:
    began = market.clock.monotonic()
    members = await market.db.read(batch_members, batch["id"])
    out = [row for row in members if row["state"] in _NOT_OVER]
    numbers = {row["attempt_id"]: number for number, row in enumerate(members, 1)}  # answers name leads by them
    parcels = await _parcels(market, out, contract, numbers)
    if parcels:
        left_behind = any(row["state"] == DeliveryState.SENDING.value for row in out)
        await market.db.write(begin_batch_try, batch["id"], market.clock.now())
        if left_behind and not connection.repeats_safely:
            tried, result = Tried(Meaning.UNCLEAR, "the exchange stopped while it went out"), None
        else:
            tried, result = await _try(market, batch, parcels, contract, connection, batches)
        await _note(market, batch, out, tried, result, contract)
    for member in members:
        if market.clock.monotonic() - began > limits.BATCH_SECONDS:
            raise ComeBack(market.clock.now())  # what is concluded is passed by quickly
        await conclude(market, member["attempt_id"])
    await market.db.write(end_batch, batch["id"], market.clock.now())


async def _parcels(market: Market, members: list[Row], contract: Contract, numbers: Mapping[str, int]) -> list[Parcel]:
    """What goes out of it. A sale that was not made, and a lead whose values were erased, leave it here."""
    parcels = []
    for member in members:
        attempt = await market.db.read(read_attempt, member["attempt_id"])
        row = await market.db.read(read_lead, member["lead_id"])
        campaign = market.deals.campaigns.get(row["campaign_id"]) if row is not None else None
        lead = await stored_lead(market, row, campaign) if row is not None and campaign is not None else None
        if attempt is None or attempt["state"] not in _GOES_OUT:
            await _leaves(market, member, DeliveryState.CANCELLED, "its sale was not made")
        elif lead is None:
            await _leaves(market, member, DeliveryState.FAILED, "the values of its lead were erased")
        elif not _may_be_out(member) and (listed := kept_back(lead, contract.buyer_id, market)) is not None:
            await _leaves(market, member, DeliveryState.FAILED, listed)
        else:
            links = delivery_links(market, attempt["id"], lead.vertical, contract.return_days)
            parcels.append(Parcel(lead, award_of(attempt), links, numbers[attempt["id"]]))
    return parcels


def _may_be_out(member: Row) -> bool:
    return bool(member["state"] == DeliveryState.SENDING.value)


async def _leaves(market: Market, member: Row, state: DeliveryState, why: str) -> None:
    await market.db.write(end_delivery, member["attempt_id"], state, market.clock.now(), why)


async def _try(
    market: Market,
    batch: Row,
    parcels: list[Parcel],
    contract: Contract,
    connection: Connection,
    batches: DeliversBatches,
) -> tuple[Tried, Result]:
    reference = batch_reference(contract.id, batch["number"])
    terms = Terms(market.clock.now(), reference, connection.secrets, {REPLY: reply_address(market, batch["id"])})
    conversation = batches.batch(parcels, contract, terms)
    call = Call(contract.buyer_id, conversation, delivers=True, contract=contract.id, simulated=connection.simulated)
    deadline = market.clock.monotonic() + min(connection.seconds, limits.DELIVERY_SECONDS)
    result = await market.courier.converse(call, deadline)
    outcome = post_outcome(contract, parcels[0].award, result, profile=connection.profile)
    return try_outcome(outcome, result, connection.profile, repeats_safely=connection.repeats_safely), result


async def _note(
    market: Market, batch: Row, members: list[Row], tried: Tried, result: Result | None, contract: Contract
) -> None:
    """Store how it ended for all of them; what is not over is tried again whole."""
    now = market.clock.now()
    meaning = tried.meaning
    wait = tried.after_ms if tried.after_ms is not None else wait_ms(members[0]["tries"] + 1, market.ids.draw())
    next_at = now + wait if meaning in (Meaning.LATER, Meaning.AGAIN) else None
    await market.db.write(
        end_batch_try,
        batch["id"],
        STATES[meaning],
        meaning.value,
        tried.detail,
        now,
        took_ms=result.took_ms if result is not None else 0,
        may_have=meaning in MAY_HAVE,
        next_at=next_at,
        receipt_until=now + contract.receipt_ms if meaning is Meaning.SENT else None,
    )
    if meaning is Meaning.REST:
        raise DestinationDown(tried.detail, tried.after_ms)
    if meaning is Meaning.BROKEN:
        raise DeliveryBroken(tried.detail)
    if next_at is not None:
        raise ComeBack(next_at)
    if result is not None:
        await _record(market, members, result)


async def _record(market: Market, members: list[Row], result: Result) -> None:
    for member in members:
        attempt = await market.db.read(read_attempt, member["attempt_id"])
        wires = (
            await sealed_wires(market, attempt, "post", result, member["tries"] + 1) if attempt is not None else None
        )
        if wires is not None:
            await market.db.write(add_wires, wires)
