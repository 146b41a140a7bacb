"""What keeps a request out before anything is stored: its campaign's state, its fields, the campaign's gate."""

from __future__ import annotations

from collections.abc import Iterable

from exchange import limits
from exchange.flows.case import DAY_MS, Case
from exchange.flows.market import Market
from exchange.model.answer import Answer
from exchange.model.field_error import WrongFields
from exchange.model.lead import Problem
from exchange.stages.admit import admit


def refused_at_once(case: Case, market: Market) -> Answer | None:
    """The refusal, told in the lead's record with what the campaign asks; None when the lead may go on."""
    gate = case.gate
    use = market.live.cap_use(market.clock.now()) if gate is not None else {}
    refusal = admit(case.submission, case.campaign, case.lead, case.normalized.problems, gate, use)
    if refusal is not None and refusal.details:
        case.trail.step("gate", "The campaign does not take it", *refusal.details)
    return refusal


def wrong_fields(case: Case, answer: Answer) -> WrongFields | None:
    """What its seller is told to mend, to be counted."""
    if not answer.errors:
        return None
    sent = case.submission
    told = tuple(dict.fromkeys((problem.field, problem.code) for problem in answer.errors))
    return WrongFields(sent.received_at // DAY_MS, sent.seller_id, sent.campaign_id, sent.mode.value, told)


def in_words(problems: Iterable[Problem]) -> str:
    """`zip:missing phone:pattern`: each wrong field with its code, told once, the first some of many."""
    told = dict.fromkeys(f"{''.join(each.field.split())}:{each.code}" for each in problems)
    return " ".join(list(told)[: limits.WRONG_FIELDS])
