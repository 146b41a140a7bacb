"""What is written down before a byte is sent: who gets the lead, for what, with what it holds, and how it travels."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from exchange.flows.case import Case
from exchange.flows.connection import Connection
from exchange.flows.jobs import BATCH, DELIVER, job
from exchange.flows.market import Market
from exchange.model.auction import AttemptState, Award, Bid
from exchange.model.delivery import DeliveryRow, DeliveryState
from exchange.model.hold import HoldRequest
from exchange.model.money import Money
from exchange.model.party import Contract
from exchange.model.work import Intent, JobRow
from exchange.stages.caps import cap_parts
from exchange.stages.timetable import next_run, read_timetable

AT_ONCE = "at_once"


def intents(
    case: Case,
    market: Market,
    winners: Sequence[Bid],
    contracts: Mapping[str, Contract],
    taken: frozenset[int],
    promised: Money | None,
) -> list[tuple[Intent, Award]]:
    """Each winner gets the lowest slot that nobody has: a refused one may lie below a sold one."""
    free = (slot for slot in itertools.count(1) if slot not in taken)
    now = market.clock.now()
    made: list[tuple[Intent, Award]] = []
    for slot, bid in zip(free, winners, strict=False):
        contract = contracts[bid.contract_id]
        attempt_id = market.ids.new("dlv", now)
        connection = case.deals.shapes.connections[contract.connection]
        intent = Intent(
            attempt_id,
            case.submission.month,
            case.lead.id,
            case.submission.id,
            contract.buyer_id,
            contract.id,
            contract.version,
            bid.leg,
            slot,
            attempt_id,
            _state(contract, connection),
            bid.exclusive,
            bid.price,
            now,
            case.mode.value,
            _hold(case, market, contract, bid.price, attempt_id, now) if case.live else None,
            promised.units if promised is not None else None,
            bid.buyer_reference,
            bid.leg_reference,
        )
        if not connection.on_the_spot:
            intent = _beside(market, intent, contract, connection)
        made.append((intent, Award(bid, slot, attempt_id)))
    return made


def _state(contract: Contract, connection: Connection) -> AttemptState:
    """Who buys unseen is sold to before a byte is sent; who is delivered to later has not said anything yet."""
    if not connection.on_the_spot:
        return AttemptState.RESERVED if contract.sold_when == AT_ONCE else AttemptState.PENDING
    return AttemptState.RESERVED if connection.several_messages else AttemptState.SENDING


def _hold(case: Case, market: Market, contract: Contract, price: Money, attempt_id: str, now: int) -> HoldRequest:
    account = case.deals.buyers[contract.buyer_id].account
    caps = cap_parts(contract, price, now, market.live.windows(contract.zone))
    if case.gate is not None:
        caps = (*caps, *case.gate.parts(case.campaign.payout.of(price), now))
    return HoldRequest(attempt_id, caps, account, price)


def queue_of(contract: Contract, connection: Connection) -> str:
    """What waits together: everything that goes to one destination by one connection."""
    return f"deliver:{contract.connection}:{connection.destination(contract)}"


def _beside(market: Market, intent: Intent, contract: Contract, connection: Connection) -> Intent:
    """The same intent with the delivery that the worker makes, or that the buyer fetches."""
    now = intent.made_at
    queue = queue_of(contract, connection)
    jobs = () if connection.shelved else (_job(market, intent, contract, connection, queue),)
    delivery = DeliveryRow(
        intent.attempt_id,
        intent.month,
        intent.lead_id,
        contract.buyer_id,
        contract.id,
        contract.connection,
        connection.channel,
        queue,
        DeliveryState.SHELVED if connection.shelved else DeliveryState.WAITING,
        contract.sold_when == AT_ONCE,
        now,
        jobs[0].run_at if jobs else None,
        now + contract.give_up_ms,
    )
    return intent._replace(delivery=delivery, jobs=jobs)


def _job(market: Market, intent: Intent, contract: Contract, connection: Connection, queue: str) -> JobRow:
    """One for this lead; where leads go together, one for all that wait at the next time of the contract."""
    now = intent.made_at
    if contract.schedule and connection.batches is not None:
        run_at = next_run(read_timetable(contract.schedule), contract.zone, now)
        payload: dict[str, object] = {"contract_id": contract.id, "slot": run_at}
        return job(market, queue, BATCH, payload, run_at, now, f"batch:{contract.id}:{run_at}")
    payload = {"attempt_id": intent.attempt_id}
    return job(market, queue, DELIVER, payload, now, now, f"deliver:{intent.attempt_id}")
