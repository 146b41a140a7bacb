"""Place a lead with its winners: hold, post, hear, and go on to the next until it is sold or nobody is left.

Every round is two durable moves: the intents with their holds before a byte is sent, and what came of them after.
What a round settled travels with the next intents, or with the closing of the lead, so that it costs one commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from exchange import limits
from exchange.connector import Terms
from exchange.courier.courier import Call, Result
from exchange.flows.case import Case
from exchange.flows.checks import clear, refusal
from exchange.flows.intents import intents
from exchange.flows.market import Market
from exchange.flows.ranking import tell_ranking
from exchange.model.auction import (
    Accepted,
    AttemptState,
    Award,
    Bid,
    Bought,
    Failed,
    Finality,
    Outcome,
    Pending,
    Progress,
    Rejected,
    Unclear,
)
from exchange.model.delivery import DeliveryRow, DeliveryState, spoken
from exchange.model.hold import BalanceShort, CapFull, Held
from exchange.model.money import Money
from exchange.model.party import Contract, OnUnclear
from exchange.model.reason import Reason
from exchange.model.work import Intent, Move, Settlement
from exchange.stages.auction import Plan, Rules, run_auction
from exchange.stages.gate import is_campaigns
from exchange.stages.outcome import post_outcome
from exchange.stages.settle import SaleTerms, as_sale, free_slots
from exchange.storage.selling import advance


class Placed(NamedTuple):
    """How far placing has come. `settled` is what came back and is not stored yet; `sales` are the accepted ones."""

    progress: Progress = Progress()
    settled: tuple[Settlement, ...] = ()
    sales: tuple[Settlement, ...] = ()
    unclear: tuple[Intent, ...] = ()
    slots: frozenset[int] = frozenset()  # those of the lead that are sold or may be
    best_below: bool = False  # a bid was refused only because it was too low
    cleared: Case | None = None  # once a buyer would take it: the case with what was asked of vendors then


class Posted(NamedTuple):
    intent: Intent
    award: Award
    outcome: Outcome


async def place(
    case: Case,
    market: Market,
    bids: Sequence[Bid],
    contracts: Mapping[str, Contract],
    rules: Rules,
    promised: Money | None,
    placed: Placed,
) -> Placed:
    """Post to winners until the lead's slots are filled, nobody is left, or no time is left."""
    while free_slots(placed.progress, rules.slots):
        began = case.trail.elapsed_ms()
        plan = run_auction(bids, contracts, rules, placed.progress, market.clock.now())
        placed = _note_losers(placed, plan)
        if not plan.winners:
            break
        _tell_plan(case, plan, rules, contracts, began)
        case = placed.cleared or await clear(case, market)
        placed = placed._replace(cleared=case)
        if refusal(case) is not None:
            placed = placed._replace(progress=placed.progress._replace(stopped=True))
            break
        if case.time_left_ms(market) < limits.POST_LEAST_MS:
            placed = placed._replace(progress=_refuse(placed.progress, (), Reason.DEADLINE, stop=True))
            case.trail.step("post", "No time left to post", skipped=True)
            break
        made = intents(case, market, plan.winners, contracts, placed.slots, promised)
        got, _ = await market.db.write(advance, Move(placed.settled, tuple(intent for intent, _ in made)))
        placed = placed._replace(settled=()) if placed.settled else placed
        held, placed = _keep_held(case, market, made, got, placed)
        posts = [_post(case, market, intent, award, contracts) for intent, award in held]
        posted = await asyncio.gather(*posts) if len(posts) > 1 else [await post for post in posts]
        for each in posted:
            placed = _after(case, market, each, contracts[each.award.bid.contract_id], promised, placed)
    return placed


def _note_losers(placed: Placed, plan: Plan) -> Placed:
    return placed if placed.best_below or not plan.below else placed._replace(best_below=True)


def _tell_plan(case: Case, plan: Plan, rules: Rules, contracts: Mapping[str, Contract], began: float) -> None:
    names = [f"{case.deals.buyer_name(bid.contract_id)} wins at {bid.price.text}" for bid in plan.winners]
    others = [f"{case.deals.buyer_name(bid.contract_id)} {bid.price.text}" for bid in plan.runners_up[:5]]
    case.trail.step(
        "auction",
        f"Auction: {', '.join(names)}",
        f"{'Exclusive' if plan.exclusive else 'Shared'}, {rules.strategy.value.replace('_', ' ')}, "
        f"floor {rules.reserve.text}",
        *(["Then " + ", ".join(others)] if others else []),
        *tell_ranking(case, plan, rules),
        since_ms=began,
    )
    fixed = [bid for bid in plan.runners_up if contracts[bid.contract_id].price is not None]  # no ping tells these
    case.trail.steps[-1] |= {
        "won": [bid.price.text for bid in plan.winners],
        "fixed": [[bid.contract_id, bid.price.text, bid.exclusive] for bid in fixed],
    }


def _keep_held(
    case: Case,
    market: Market,
    made: Sequence[tuple[Intent, Award]],
    got: Sequence[Held | CapFull | BalanceShort | None],
    placed: Placed,
) -> tuple[list[tuple[Intent, Award]], Placed]:
    """Go on with what fitted. A refused hold is a refusal of the contract, as if it had never bid."""
    held: list[tuple[Intent, Award]] = []
    for (intent, award), result in zip(made, got, strict=True):
        market.live.note_hold(intent, result)
        if isinstance(result, CapFull | BalanceShort):
            reason = _why_not_held(result)
            name = case.deals.buyer_name(intent.contract_id)
            case.trail.step("hold", f"{name}: {reason.sentence}", skipped=True)
            case.trail.posts.append(_line(intent, award, "failed", reason.slug, "", 0.0, 0.0))
            placed = placed._replace(
                progress=_refuse(placed.progress, (intent.contract_id,), reason, stop=reason is Reason.CAP_REACHED)
            )
        else:
            held.append((intent, award))
    return held, placed


def _why_not_held(result: CapFull | BalanceShort) -> Reason:
    """A full cap of the campaign ends the selling: nobody else could have the lead either."""
    if isinstance(result, BalanceShort):
        return Reason.BALANCE_SHORT
    return Reason.CAP_REACHED if is_campaigns(result.key) else Reason.CAP_FULL


async def _post(case: Case, market: Market, intent: Intent, award: Award, contracts: Mapping[str, Contract]) -> Posted:
    """Deliver once; once more to a buyer that answered it was busy and took nothing, if there is time."""
    contract = contracts[intent.contract_id]
    began = case.trail.elapsed_ms()
    if intent.delivery is not None:
        return _left_to_the_worker(case, intent, intent.delivery, award, contract)
    result, outcome = await _hand_over(case, market, intent, award, contract, again=False)
    was_busy = isinstance(outcome, Failed) and result.delivered
    if was_busy and case.time_left_ms(market) >= limits.BUSY_PAUSE_MS + 2 * limits.POST_LEAST_MS:
        await market.clock.sleep(limits.BUSY_PAUSE_MS / 1000)
        result, outcome = await _hand_over(case, market, intent, award, contract, again=True)
    reason = "" if isinstance(outcome, Accepted) else outcome.reason.slug
    state = _state(outcome).value
    case.trail.posts.append(_line(intent, award, state, reason, outcome.detail, began, result.took_ms))
    case.trail.step("post", _sentence(contract, outcome, award), *_facts(outcome), since_ms=began)
    return Posted(intent, award, outcome)


def _left_to_the_worker(case: Case, intent: Intent, delivery: DeliveryRow, award: Award, contract: Contract) -> Posted:
    """Nothing is sent now. Who buys unseen has bought; of any other the delivery will tell."""
    at = case.trail.elapsed_ms()
    outcome = Accepted() if delivery.sold_at_once else Pending(Reason.AWAITING_RECEIPT)
    reason = "" if isinstance(outcome, Accepted) else outcome.reason.slug
    line = _line(intent, award, _state(outcome).value, reason, "", at, 0.0)
    case.trail.posts.append({**line, "beside": delivery.channel})
    way = (
        "is fetched by its buyer"
        if delivery.state is DeliveryState.SHELVED
        else f"goes out by {spoken(delivery.channel)}"
    )
    sold = [f"Sold at {award.bid.price.text} now, unseen"] if delivery.sold_at_once else ["Sold when it arrives"]
    case.trail.step("post", f"{contract.name}: the lead {way}", *sold)
    return Posted(intent, award, outcome)


async def _hand_over(
    case: Case, market: Market, intent: Intent, award: Award, contract: Contract, *, again: bool
) -> tuple[Result, Outcome]:
    connection = case.deals.shapes.connections[contract.connection]
    marks = connection.several_messages and not again
    terms = Terms(market.clock.now(), intent.reference, connection.secrets)
    call = Call(
        contract.buyer_id,
        connection.connector.post(case.lead, award, contract, terms),
        delivers=True,
        before_delivery=market.mark_sending(intent.attempt_id) if marks else None,
        contract=contract.id,
        since=case.trail.started,
        simulated=connection.simulated,
    )
    left_ms = min(contract.post_ms, case.time_left_ms(market))
    result = await market.courier.converse(call, market.clock.monotonic() + left_ms / 1000)
    case.trail.wired(contract.id, "post", intent.attempt_id, result)
    return result, post_outcome(contract, award, result, profile=connection.profile)


def _sentence(contract: Contract, outcome: Outcome, award: Award) -> str:
    match outcome:
        case Accepted(price=price):
            return f"{contract.name} bought it at {(price or award.bid.price).text}"
        case Rejected():
            return f"{contract.name} rejected the post"
        case Failed():
            return f"{contract.name} could not be reached"
        case Pending():
            return f"{contract.name} took the lead and answers later"
        case Unclear():
            return f"{contract.name} was posted to and did not answer clearly"


def _facts(outcome: Outcome) -> list[str]:
    facts = [outcome.detail] if outcome.detail else []
    if isinstance(outcome, Accepted):
        return [*facts, f"Their reference {outcome.reference}"] if outcome.reference else facts
    return [outcome.reason.sentence, *facts]


def _line(
    intent: Intent, award: Award, state: str, reason: str, detail: str, at: float, took: float
) -> dict[str, object]:
    return {
        "attempt": intent.attempt_id,
        "contract": intent.contract_id,
        "price": award.bid.price.text,
        "exclusive": award.bid.exclusive,
        "state": state,
        "reason": reason,
        "detail": detail,
        "at": at,
        "took": took,
    }


def _after(
    case: Case, market: Market, posted: Posted, contract: Contract, promised: Money | None, placed: Placed
) -> Placed:
    """Take an outcome into the progress, and note what to store of it."""
    outcome, bid = posted.outcome, posted.award.bid
    progress = placed.progress
    settlement = _settlement(case, market, posted, contract, promised)
    sales, unclear = placed.sales, placed.unclear
    match outcome:
        case Accepted():
            paid = bid if settlement.price == bid.price else replace(bid, price=settlement.price)
            progress = progress._replace(sold=(*progress.sold, paid))
            sales = (*sales, settlement)
            market.live.served[contract.id] = settlement.at
        case Rejected(finality=finality):
            stop = finality is Finality.EVERYONE
            progress = _refuse(progress, (contract.id,), outcome.reason, stop=stop)
        case Failed():
            progress = _refuse(progress, (contract.id,), outcome.reason)
        case Pending() | Unclear():
            progress = progress._replace(unclear=(*progress.unclear, bid), reasons=(*progress.reasons, outcome.reason))
            unclear = (*unclear, posted.intent)
    keeps = isinstance(outcome, Accepted | Pending | Unclear)
    slots = placed.slots | {posted.intent.slot} if keeps else placed.slots
    unsaid = posted.intent.state is AttemptState.PENDING  # stored as such before: nothing came of it yet
    settled = placed.settled if unsaid else (*placed.settled, settlement)
    return placed._replace(progress=progress, settled=settled, sales=sales, unclear=unclear, slots=slots)


def _refuse(progress: Progress, contract_ids: tuple[str, ...], reason: Reason, *, stop: bool = False) -> Progress:
    return progress._replace(
        refused=progress.refused | frozenset(contract_ids),
        reasons=(*progress.reasons, reason),
        stopped=progress.stopped or stop,
    )


def _state(outcome: Outcome) -> AttemptState:
    match outcome:
        case Accepted():
            return AttemptState.ACCEPTED
        case Rejected():
            return AttemptState.REJECTED
        case Failed():
            return AttemptState.FAILED
        case Pending():
            return AttemptState.PENDING
        case Unclear():
            return AttemptState.UNCLEAR


def _settlement(case: Case, market: Market, posted: Posted, contract: Contract, promised: Money | None) -> Settlement:
    outcome, intent, bid = posted.outcome, posted.intent, posted.award.bid
    now = market.clock.now()
    settlement = Settlement(
        intent.attempt_id,
        case.lead.id,
        case.submission.month,
        _state(outcome),
        None if isinstance(outcome, Accepted) else outcome.reason.slug,
        outcome.detail,
        bid.price,
        None if isinstance(outcome, Failed | Unclear) else outcome.reference,
        now,
    )
    if isinstance(outcome, Unclear | Pending):
        by_rule = contract.on_unclear is not OnUnclear.ASK
        return settlement._replace(settle_after=now + contract.unclear_after_ms if by_rule else None)
    if isinstance(outcome, Accepted):
        terms = SaleTerms(
            market.ids.new("sal", now),
            Bought(intent.buyer_id, intent.contract_id, intent.contract_version, intent.leg, intent.mode),
            case.campaign,
            intent.hold.account if intent.hold is not None else None,
            bid.exclusive,
            promised,
            case.phone_index,
            case.email_index,
        )
        return as_sale(settlement, terms, outcome.price or bid.price, outcome.redirect)
    return settlement
