"""What is asked about a lead itself, between its opening and the first buyer. The checks stand here in their order.

A check adds findings to the case and may give the lead a grade or a score. It never ends the request: that is decided
here, once, by the first finding that refuses or holds. What costs money or time says SKIPPED once a lead is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from exchange.flows import check_duplicates
from exchange.flows.case import Case
from exchange.flows.check_consent import check_consent
from exchange.flows.check_harvest import check_harvest
from exchange.flows.check_mail import check_mail
from exchange.flows.check_score import check_score
from exchange.flows.check_screen import check_screen
from exchange.flows.check_suppression import check_suppression
from exchange.flows.check_verify import check_verify
from exchange.flows.market import Market
from exchange.flows.verify import not_asked, verify
from exchange.model.answer import Answer
from exchange.model.finding import Finding, Outcome
from exchange.model.reason import Reason
from exchange.model.verification import Stage
from exchange.model.work import LeadState
from exchange.stages.consent_policy import judge_consent

Check = Callable[[Case, Market], Awaitable[Case]]

# What costs nothing comes before what is paid for.
CHECKS: tuple[Check, ...] = (
    check_suppression,
    check_consent,
    check_duplicates.check,
    check_screen,
    check_harvest,
    check_mail,
    check_verify,
    check_score,
)
_DUPLICATES = (Reason.DUPLICATE_SELLER, Reason.DUPLICATE_EXCHANGE)


async def check(case: Case, market: Market) -> Case:
    """The case with everything found about its lead, told in its trail."""
    case.trail.found(*case.findings)
    for each in CHECKS:
        told, began = len(case.findings), case.trail.elapsed_ms()
        case = await each(case, market)
        if len(case.findings) > told:
            case.trail.found(*case.findings[told:], since_ms=began)
    return case


def tell_findings(case: Case) -> Case:
    """The same case, its findings told in its trail."""
    case.trail.found(*case.findings)
    return case


def looked_at(case: Case) -> Answer | None:
    """The refusal that the lead's own words bring about, for one that is only looked at: nothing is asked or kept."""
    refused = refusal(case.finding(judge_consent(case.lead, case.vertical)))
    return refused[0] if refused is not None else None


async def clear(case: Case, market: Market) -> Case:
    """A buyer would take the lead, so what waited for that is asked now, and told."""
    began = case.trail.elapsed_ms()
    cleared = await verify(case, market, Stage.AFTER)
    case.trail.found(*cleared.findings[len(case.findings) :], since_ms=began)
    return cleared


def nobody_takes(case: Case) -> None:
    """No buyer would take the lead: what waited for that says that it was not asked."""
    case.trail.found(*not_asked(case, Stage.AFTER, "no buyer would take the lead").findings[len(case.findings) :])


def deciding(findings: tuple[Finding, ...]) -> Finding | None:
    """The finding that ends a lead's way to buyers: the first that refuses, else the first that holds."""
    refuses, holds = Outcome.REFUSED, Outcome.HELD
    held: Finding | None = None
    for finding in findings:
        if finding.outcome is refuses:
            return finding
        if held is None and finding.outcome is holds:
            held = finding
    return held


def refusal(case: Case) -> tuple[Answer, LeadState] | None:
    """What the seller is answered when the checks keep the lead from buyers, and where the lead then stands."""
    found = deciding(case.findings)
    if found is None:
        return None
    assert found.reason is not None
    if found.reason in _DUPLICATES:
        answer = Answer("duplicate", case.submission.id, reason=found.reason, details=(found.sentence,))
        return answer, LeadState.DUPLICATE
    details = (found.sentence, *found.facts)
    if found.outcome is Outcome.HELD:
        return Answer("queued", case.submission.id, 202, reason=found.reason), LeadState.HELD
    return Answer("rejected", case.submission.id, reason=found.reason, details=details), LeadState.REJECTED
