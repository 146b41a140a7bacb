"""One rule for each request: what is proved is granted, what cannot be is declined, the rest is a person's.

The rules in their order:

already_returned     the sale was given back or undone before: declined
outside_window       asked after the contract's window: declined
reason_not_allowed   the contract takes no lead back for it: declined
over_allowance       more came back than the contract allows: declined, or, as the contract says, nothing is decided
                     without a person
confirmed_duplicate  this buyer had bought the same person within thirty days before: granted
out_of_area          the lead lies outside the area of the contract it was sold under: granted
outside_filters      it fails a filter of that contract: granted
dead_phone_at_sale   a check said so of the telephone when it was sold: granted
spoke_to_consumer    the buyer reported that it had reached the consumer: declined, if a person agrees
no_duplicate         this buyer bought no lead of this person before: declined, if a person agrees
inside_filters       it meets every filter: declined, if a person agrees
dead_phone_now       a check says now that the telephone is dead: granted, if a person agrees
nobody_reached       other buyers of the shared lead did not reach the right person either: granted, if a person agrees
no_proof             nothing speaks for or against it: a person looks
"""

from __future__ import annotations

from collections.abc import Iterator

from exchange.model.return_terms import ReturnTerms
from exchange.model.returns import Advice, Suggestion
from exchange.stages.returns.evidence import SPOKEN, UNREACHED, Evidence

_PHONE = ("disconnected_phone", "wrong_number")
_UNREACHABLE = ("disconnected_phone", "wrong_number", "wrong_person", "bogus_data", "never_requested")
_NEEDS_A_PERSON = Suggestion(Advice.LOOK, "no_proof", "Nothing proves it, and nothing rules it out")

RULES = (
    "already_returned",
    "outside_window",
    "reason_not_allowed",
    "over_allowance",
    "confirmed_duplicate",
    "out_of_area",
    "outside_filters",
    "dead_phone_at_sale",
    "spoke_to_consumer",
    "no_duplicate",
    "inside_filters",
    "dead_phone_now",
    "nobody_reached",
    "no_proof",
)


def suggest(terms: ReturnTerms, found: Evidence) -> Suggestion:
    """The first rule that fits. What was asked too late is declined whatever the contract says of rules."""
    impossible = next(_impossible(terms, found), None)
    if impossible is not None:
        return impossible
    made = next(_proved(terms, found), None) or next(_likely(terms, found), None) or _NEEDS_A_PERSON
    return made if found.allowance.used <= found.allowance.most else _with_a_person(made, found)


def _with_a_person(made: Suggestion, found: Evidence) -> Suggestion:
    """What is over the allowance is never granted by rule."""
    over = f"but only {found.allowance.most} of that {found.allowance.period} may come back"
    rule = "over_allowance" if made is _NEEDS_A_PERSON else made.rule
    return Suggestion(made.advice, rule, f"{made.sentence}, {over}")


def _impossible(terms: ReturnTerms, found: Evidence) -> Iterator[Suggestion]:
    decline, by_rule = Advice.DECLINE, terms.auto_decline
    if found.returned:
        yield Suggestion(decline, "already_returned", "Its sale was given back or undone before", True)
    if found.asked_at >= found.until:
        yield Suggestion(decline, "outside_window", "It was asked after the window had closed", True)
    if not found.allowed:
        yield Suggestion(decline, "reason_not_allowed", "The contract takes no lead back for this reason", by_rule)
    if found.allowance.used > found.allowance.most and terms.over_cap == "decline":
        told = f"More than {found.allowance.most} came back of the leads of that {terms.period}"
        yield Suggestion(decline, "over_allowance", told, by_rule)


def _proved(terms: ReturnTerms, found: Evidence) -> Iterator[Suggestion]:
    """The buyer's own word against its reason is more than a proof: then a person looks."""
    approve, by_rule = Advice.APPROVE, terms.auto_approve and not _spoke(found)
    if found.reason == "duplicate_30d" and found.duplicates:
        told = f"It had bought the same person as {found.duplicates[0].lead_id}"
        yield Suggestion(approve, "confirmed_duplicate", told, terms.auto_approve)
    if found.reason == "out_of_area" and found.outside_area:
        yield Suggestion(approve, "out_of_area", "The lead lies outside the contract's area", terms.auto_approve)
    if found.reason == "outside_filters" and found.failed:
        names = ", ".join(each.name.replace(":", " ") for each in found.failed[:3])
        yield Suggestion(approve, "outside_filters", f"It fails {names}", terms.auto_approve)
    if found.reason in _PHONE and found.phone.then == "bad" and not _spoke(found):
        yield Suggestion(approve, "dead_phone_at_sale", "A check called the telephone bad when it was sold", by_rule)


def _likely(_: ReturnTerms, found: Evidence) -> Iterator[Suggestion]:
    if found.reason in _UNREACHABLE and _spoke(found):
        yield Suggestion(Advice.DECLINE, "spoke_to_consumer", "The buyer reported that it reached the consumer")
    if found.reason == "duplicate_30d" and found.searched:
        yield Suggestion(Advice.DECLINE, "no_duplicate", "This buyer bought no lead of this person before")
    if found.reason in ("out_of_area", "outside_filters") and found.failed == ():
        yield Suggestion(Advice.DECLINE, "inside_filters", "It meets every filter of the contract it was sold under")
    if found.reason in _PHONE and found.phone.now == "bad":
        yield Suggestion(Advice.APPROVE, "dead_phone_now", "A check calls the telephone bad now")
    if found.reason in _UNREACHABLE and any(word in UNREACHED for word in found.others):
        yield Suggestion(Advice.APPROVE, "nobody_reached", "Other buyers did not reach the right person either")


def _spoke(found: Evidence) -> bool:
    return any(each.word in SPOKEN or each.value for each in found.said)
