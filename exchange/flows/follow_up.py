"""Which durable jobs a decided request leaves behind: what test buyers do later, and questions to live ones."""

from __future__ import annotations

from exchange.clock import due_at
from exchange.flows.case import Case
from exchange.flows.jobs import ASK_OUTCOME, RETURN_TEST, SETTLE_TEST, job
from exchange.flows.market import Market
from exchange.flows.sell import Sold
from exchange.model.answer import Answer
from exchange.model.auction import AttemptState
from exchange.model.work import JobRow

_FIRST_QUESTION_MS = 5_000
_TEST_DELAY_MS = {"queued": 10_000, "unclear": 20_000, "returned": 20_000}


def jobs_after(case: Case, market: Market, answer: Answer, sold: Sold | None, now: int) -> tuple[JobRow, ...]:
    """Test leads that wait are settled by the exchange itself. For live ones the buyer is asked, if it can be."""
    outcome = case.lead.test_outcome
    if case.live and sold is not None:
        return _questions(case, market, sold, now)
    if sold is None or outcome not in _TEST_DELAY_MS:
        return ()
    run_at = due_at(market.clock, now, _TEST_DELAY_MS[outcome])
    if outcome == "returned":
        return (job(market, "test", RETURN_TEST, {"lead_id": case.lead.id}, run_at, now),)
    decision = "accepted" if outcome == "queued" else "rejected"
    return tuple(
        job(market, "test", SETTLE_TEST, {"attempt_id": each.attempt_id, "decision": decision}, run_at, now)
        for each in sold.placed.settled
        if each.state in (AttemptState.PENDING, AttemptState.UNCLEAR)
    )


def _questions(case: Case, market: Market, sold: Sold, now: int) -> tuple[JobRow, ...]:
    """One question for every unclear post of this round whose buyer can be asked, or be posted to again."""
    intents = {intent.attempt_id: intent for intent in sold.placed.unclear}
    return tuple(
        job(
            market,
            f"ask:{intent.buyer_id}",
            ASK_OUTCOME,
            {"attempt_id": attempt_id},
            now + _FIRST_QUESTION_MS,
            now,
            f"ask:{attempt_id}",
        )
        for attempt_id, intent in intents.items()
        if intent.delivery is None
        and case.deals.shapes.connections[case.deals.contracts[intent.contract_id].connection].can_reconcile
    )
