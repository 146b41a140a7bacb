"""Settle an unclear post by the buyer's own word: ask its status page, else post again where that is safe.

Only a clear yes or no settles; silence, and "duplicate" on a repeat, leave the attempt as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from exchange.clock import month_of
from exchange.connector import Terms
from exchange.courier.courier import Call, Result
from exchange.flows.connection import Connection
from exchange.flows.market import Market
from exchange.flows.settle import OPEN_STATES, CannotSettle, Decision, settle, terms_of
from exchange.flows.stored_lead import stored_lead
from exchange.flows.trail import wire_lines
from exchange.model.actor import Actor, Role
from exchange.model.auction import Accepted, Award, Bid, Rejected
from exchange.model.money import Money
from exchange.model.party import Contract
from exchange.model.work import WiresRow
from exchange.stages.outcome import post_outcome
from exchange.storage.closing import add_wires
from exchange.storage.database import Row
from exchange.storage.deliveries import read_delivery
from exchange.storage.leads import key_of
from exchange.storage.selling import read_attempt, read_lead


class StillUnknown(Exception):
    """The buyer could not say; the job asks again later."""


async def reconcile(market: Market, payload: Mapping[str, object]) -> None:
    """Settle one attempt. Raises `StillUnknown` while the buyer has not said what it was."""
    attempt = await market.db.write(read_attempt, str(payload["attempt_id"]))
    if attempt is None or attempt["state"] not in OPEN_STATES:
        return
    contract = await terms_of(market, attempt)
    connection = market.connections.get(contract.connection) if contract is not None else None
    if contract is None or connection is None or not connection.can_reconcile:
        return
    decision = await _ask(market, attempt, contract, connection)
    if decision is None:
        decision = await _repeat(market, attempt, contract, connection)
    if decision is None:
        raise StillUnknown(attempt["id"])
    try:
        await settle(market, attempt["id"], decision, Actor(Role.BUYER, contract.buyer_id, contract.buyer_id))
    except CannotSettle:
        return  # somebody settled it while the buyer was asked


async def _ask(market: Market, attempt: Row, contract: Contract, connection: Connection) -> Decision | None:
    if connection.asks is None:
        return None
    delivery = await market.db.read(read_delivery, attempt["id"])
    theirs = delivery["provider_ref"] if delivery is not None else None
    terms = Terms(market.clock.now(), attempt["reference"], connection.secrets, provider_ref=theirs)
    conversation = connection.asks.ask(attempt["reference"], contract, terms)
    call = Call(contract.buyer_id, conversation, delivers=False, contract=contract.id, simulated=connection.simulated)
    result = await market.courier.converse(call, market.clock.monotonic() + connection.seconds)
    await _record(market, attempt, "ask", result)
    return _decision(result.answer, "the buyer's status page says so")


async def _repeat(market: Market, attempt: Row, contract: Contract, connection: Connection) -> Decision | None:
    """The same post with the same reference, to a buyer that makes one lead of both."""
    lead = await market.db.write(read_lead, attempt["lead_id"])
    campaign = market.deals.campaigns.get(lead["campaign_id"]) if lead is not None else None
    if not connection.repeats_safely or attempt["state"] != "unclear" or lead is None or campaign is None:
        return None
    stored = await stored_lead(market, lead, campaign)
    if stored is None:
        return None
    award = Award(bid_of(attempt), attempt["slot"], attempt["reference"])
    terms = Terms(market.clock.now(), attempt["reference"], connection.secrets)
    conversation = connection.connector.post(stored, award, contract, terms)
    call = Call(contract.buyer_id, conversation, delivers=True, contract=contract.id, simulated=connection.simulated)
    result = await market.courier.converse(call, market.clock.monotonic() + connection.seconds)
    await _record(market, attempt, "post", result)
    outcome = post_outcome(contract, award, result, repeated=True, profile=connection.profile)
    return _decision(outcome, "the same post, sent again, was answered")


def bid_of(attempt: Row) -> Bid:
    """The bid that an attempt was made on."""
    price = Money(attempt["price_units"], attempt["currency"])
    exclusive = bool(attempt["exclusive"])
    reference, leg_reference = attempt["bid_reference"], attempt["leg_reference"]
    return Bid(attempt["contract_id"], attempt["leg"], price, exclusive, reference, None, None, leg_reference)


async def _record(market: Market, attempt: Row, stage: str, result: Result) -> None:
    """Keep what was said, sealed."""
    row = await sealed_wires(market, attempt, stage, result)
    if row is not None:
        await market.db.write(add_wires, row)


async def sealed_wires(
    market: Market, attempt: Row, stage: str, result: Result, number: int | None = None
) -> WiresRow | None:
    """What was said, sealed with the key of the request that the attempt belongs to. None when nothing was said.

    `number` is that of the try, where there may be several.
    """
    wrapped = await market.db.write(key_of, attempt["request_id"])
    if wrapped is None or not result.records:
        return None
    now = market.clock.now()
    wires_id = market.ids.new("wir", now)
    lines = wire_lines(attempt["contract_id"], stage, attempt["id"], result.records)
    if number is not None:
        lines = [{**line, "try": number} for line in lines]
    sealed = market.vault.seal(market.vault.data_key(wrapped), f"wires:{wires_id}", orjson.dumps(lines))
    return WiresRow(wires_id, attempt["lead_id"], month_of(now), now, attempt["request_id"], sealed, "lead")


def _decision(answer: object, why: str) -> Decision | None:
    """Only a clear yes or no decides."""
    if isinstance(answer, Accepted):
        return Decision(True, why, answer.price, answer.reference)
    if isinstance(answer, Rejected):
        return Decision(False, answer.detail or why)
    return None
