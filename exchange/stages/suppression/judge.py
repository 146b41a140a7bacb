"""What the lists mean for a lead: one finding about lists that suppress, one about those that only forbid calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from exchange.model.finding import Finding, Outcome
from exchange.model.lead import Lead
from exchange.model.reason import Reason
from exchange.model.suppression import ListRow, Purpose, Scope
from exchange.model.vertical import DoNotCall, Vertical, When
from exchange.stages.consent_policy import in_writing

SUPPRESSION, DO_NOT_CALL = "suppression", "do_not_call"
_DAY_MS = 86_400_000
# The gravest first: it is what the seller hears.
_GRAVE = (
    (Purpose.REVOKED, Reason.CONSENT_REVOKED, "The consumer took the consent back."),
    (Purpose.DROP, Reason.SUPPRESSED, "The consumer asked California to have their data deleted."),
    (Purpose.LITIGATOR, Reason.SUPPRESSED, "The consumer is on a list of litigators."),
    (Purpose.SUPPRESSION, Reason.SUPPRESSED, "The consumer is on a suppression list."),
    (Purpose.DNC_INTERNAL, Reason.DNC_LISTED, "The consumer asked not to be called."),
)


def judge_suppression(
    hits: Sequence[ListRow], unreadable: Sequence[ListRow], asked: int, named: bool
) -> tuple[Finding, ...]:
    """`named`: whether the lead said by anything who it is about. Lists of buyers speak in eligibility, not here."""
    if not named:
        return (Finding(SUPPRESSION, Outcome.SKIPPED, "Nobody is named: the lists are asked at the post."),)
    ours = [row for row in hits if row.scope is not Scope.BUYER and not row.purpose.ages]
    for purpose, reason, sentence in _GRAVE:
        on = [row for row in ours if row.purpose is purpose]
        if on:
            facts = tuple(f"{row.name}, {row.where}" for row in on)
            return (Finding(SUPPRESSION, Outcome.REFUSED, sentence, reason, facts),)
    broken = [row for row in unreadable if row.scope is not Scope.BUYER and not row.purpose.ages]
    if broken:
        told = "A suppression list cannot be read, so nobody knows whether the consumer is on it."
        facts = tuple(f"{row.name}, {row.where}" for row in broken)
        return (Finding(SUPPRESSION, Outcome.REFUSED, told, Reason.LISTS_UNREADY, facts),)
    buyers = len({row.party for row in hits if row.scope is Scope.BUYER})
    facts = (f"On lists of {buyers} buyer{'s' if buyers > 1 else ''}, who will not have it",) if buyers else ()
    told = f"On none of {asked} lists" if asked > 1 else "Not on the one list" if asked else "No list is loaded"
    if buyers:
        told = "On no list that holds for everybody"
    return (Finding(SUPPRESSION, Outcome.PASSED, f"{told}.", None, facts),)


def judge_do_not_call(
    lead: Lead,
    vertical: Vertical,
    loaded: Sequence[ListRow],
    hits: Sequence[ListRow],
    unreadable: Sequence[ListRow],
    now: int,
) -> tuple[Finding, ...]:
    """`loaded` are all registries there are. Nothing is said where none is loaded, or where there is no phone."""
    rule, state = vertical.do_not_call, lead.text("state")
    asked = [row for row in loaded if _holds_in(row, state)]
    if not asked or lead.text("phone") is None:
        return ()
    exempt = rule.consent_exempts and lead.consent.given and in_writing(lead.consent)
    on = [row for row in hits if row in asked]
    if on:
        facts = tuple(f"{row.name}, {row.purpose.title}" for row in on)
        if exempt:
            told = "The phone is on a do-not-call list; the consumer's written consent exempts it."
            return (Finding(DO_NOT_CALL, Outcome.PASSED, told, None, facts),)
        return (_against(rule.when_listed, "The phone is on a do-not-call list.", Reason.DNC_LISTED, facts),)
    lacking = tuple(_lacking(asked, unreadable, rule, now))
    if lacking and not exempt:
        told = "A do-not-call list is not fit to be asked."
        return (_against(rule.when_old, told, Reason.LISTS_UNREADY, lacking),)
    if lacking:
        told = "A do-not-call list is not fit to be asked; the consumer's written consent exempts the phone."
        return (Finding(DO_NOT_CALL, Outcome.PASSED, told, None, lacking),)
    return (Finding(DO_NOT_CALL, Outcome.PASSED, "The phone is on no do-not-call list."),)


def too_old(row: ListRow, rule: DoNotCall, now: int) -> bool:
    return row.purpose.ages and now - row.dated_at > rule.max_age_days * _DAY_MS


def _holds_in(row: ListRow, state: str | None) -> bool:
    """A state's list holds for its own; for everybody while nobody knows where they are."""
    return row.purpose is Purpose.DNC_NATIONAL or state is None or row.us_state in ("", state)


def _lacking(asked: Sequence[ListRow], unreadable: Sequence[ListRow], rule: DoNotCall, now: int) -> Iterator[str]:
    for row in asked:
        if row in unreadable:
            yield f"{row.name} cannot be read"
        elif too_old(row, rule, now):
            days = (now - row.dated_at) // _DAY_MS
            yield f"{row.name} is {days} days old, {rule.max_age_days} are allowed"


def _against(what: When, sentence: str, reason: Reason, facts: tuple[str, ...]) -> Finding:
    match what:
        case When.REFUSE:
            return Finding(DO_NOT_CALL, Outcome.REFUSED, sentence, reason, facts)
        case When.HOLD:
            return Finding(DO_NOT_CALL, Outcome.HELD, sentence, Reason.HELD_FOR_REVIEW, facts)
        case When.FLAG:
            return Finding(DO_NOT_CALL, Outcome.FLAGGED, sentence, None, facts)
