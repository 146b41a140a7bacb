"""What a campaign makes of outside checks: who is asked about, what a verdict does, what is added to a lead. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from exchange.model.finding import Finding, Outcome
from exchange.model.lead import FieldValue, Lead
from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.model.verification import (
    HOUSE_VERIFICATION,
    Action,
    Card,
    Checks,
    Verdict,
    Verified,
    VerifierRule,
)
from exchange.stages.field_names import Names

_OUTCOMES: tuple[tuple[Action, Outcome], ...] = (
    (Action.PASS, Outcome.PASSED),
    (Action.FLAG, Outcome.FLAGGED),
    (Action.HOLD, Outcome.HELD),
    (Action.REFUSE, Outcome.REFUSED),
)
_REASONS: tuple[tuple[Checks, Reason], ...] = (
    (Checks.PHONE, Reason.PHONE_UNVERIFIED),
    (Checks.EMAIL, Reason.EMAIL_UNVERIFIED),
    (Checks.ADDRESS, Reason.ADDRESS_UNVERIFIED),
    (Checks.PROPERTY, Reason.ADDRESS_UNVERIFIED),
    (Checks.CERTIFICATE, Reason.CONSENT_INVALID),
    (Checks.LEADID, Reason.CONSENT_INVALID),
    (Checks.DO_NOT_CALL, Reason.DNC_LISTED),
    (Checks.IP, Reason.FRAUD_SCORE),
)
_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
_HIDDEN = "•"


def sampled(rule: VerifierRule, lead_id: str) -> bool:
    """Whether this lead is among the share asked about: the same for its ping, its post and each repeat."""
    digest = sha256(f"{rule.verifier}\0{lead_id.partition('_')[2]}".encode()).digest()
    return int.from_bytes(digest[:4]) % 10_000 < rule.sample_bp


def is_for(rule: VerifierRule, *, ping: bool) -> bool:
    return rule.on == "both" or rule.on == ("ping" if ping else "post")


def unheld(rule: VerifierRule) -> VerifierRule:
    """The same where a person has decided, or nobody waits for one: what would hold the lead counts against it."""

    def softened(action: Action) -> Action:
        return Action.FLAG if action is Action.HOLD else action

    return replace(
        rule,
        when_away=softened(rule.when_away),
        good=softened(rule.good),
        bad=softened(rule.bad),
        unknown=softened(rule.unknown),
    )


def judged(rule: VerifierRule, card: Card, found: Verified, how: str) -> Finding:
    """What a vendor's answer makes of a lead. `how` tells where the answer came from, and how old it is."""
    action = rule.action(found.verdict)
    outcome = _outcome(action)
    if outcome is Outcome.PASSED and found.verdict is Verdict.UNKNOWN:
        outcome = Outcome.SKIPPED  # nothing was found out, and nothing may look as if
    words = {Verdict.GOOD: "good", Verdict.BAD: "bad", Verdict.UNKNOWN: "not known"}
    said = f", {found.said}" if found.said else ""
    sentence = f"{card.title}: {words[found.verdict]}{said}"
    facts = [f"{name} {text}" for name, text in found.facts if text != found.said]
    if found.verdict is Verdict.BAD and action is Action.PASS:
        facts.append("Only counted here: the campaign lets it pass")
    return _finding(rule, outcome, sentence, _reason(card.checks, action), (*facts, how))


def unfit(rule: VerifierRule, card: Card, why: str) -> Finding:
    """What came with the lead is bad by itself."""
    outcome = _outcome(rule.bad)
    return _finding(rule, outcome, f"{card.title}: bad, {why}", _reason(card.checks, rule.bad), ("Nobody was asked",))


def away(rule: VerifierRule, title: str, why: str) -> Finding:
    """The declared answer when there is none. Letting a lead pass unchecked is told as not checked."""
    outcome = _outcome(rule.when_away)
    reason = Reason.HELD_FOR_REVIEW if rule.when_away is Action.HOLD else Reason.VERIFIER_AWAY
    if outcome is Outcome.PASSED:
        outcome = Outcome.SKIPPED
    return _finding(rule, outcome, f"{title}: {why}", reason, (f"When it is away: {rule.when_away.value}",))


def skipped(rule: VerifierRule, title: str, why: str) -> Finding:
    return _finding(rule, Outcome.SKIPPED, f"{title}: not asked, {why}", None, ())


def _finding(
    rule: VerifierRule, outcome: Outcome, sentence: str, reason: Reason | None, facts: Sequence[str]
) -> Finding:
    decides = outcome in (Outcome.REFUSED, Outcome.HELD)
    return Finding(f"verifier:{rule.verifier}", outcome, sentence, reason if decides else None, tuple(facts))


def _outcome(action: Action) -> Outcome:
    return next(outcome for each, outcome in _OUTCOMES if each is action)


def _reason(checks: Checks, action: Action) -> Reason:
    if action is Action.HOLD:
        return Reason.HELD_FOR_REVIEW
    return next((reason for each, reason in _REASONS if each is checks), Reason.IDENTITY_UNVERIFIED)


def age(ms: int) -> str:
    """`3 d`, `5 h`, `12 min`: how old an answer is."""
    for unit_ms, unit in ((_DAY_MS, "d"), (_HOUR_MS, "h")):
        if ms >= unit_ms:
            return f"{ms // unit_ms} {unit}"
    return f"{ms // _MINUTE_MS} min"


def appended(lead: Lead, names: Names, appends: Mapping[str, str]) -> Lead:
    """The lead with what a vendor added. What its seller sent stays; a field of the vertical is read as one."""
    added: dict[str, FieldValue] = {}
    for name, text in appends.items():
        if name in lead.values and name not in lead.appended:
            continue
        known = names.known.get(name)
        if known is None:
            added[name] = FieldValue(text, text, _HIDDEN)
        elif known.declared:
            value = known.parse(text, known.spec, lead.received_at)
            if isinstance(value, FieldValue):
                added[name] = value
    if not added:
        return lead
    return lead._replace(values={**lead.values, **added}, appended=lead.appended | added.keys())


def appended_id(request_id: str, verifier: str) -> str:
    """What values that were added to a lead are sealed for."""
    return f"appended:{request_id}:{verifier}"


def cost(vendor: str, money: Money, reference: str, at: int, month: str, lead_id: str) -> Transaction | None:
    """What one answer costs the house; None when it is free. The vendor's account is what its services have cost."""
    if not money.units:
        return None
    posting = Posting(MARGIN, f"{HOUSE_VERIFICATION}{vendor}", money)
    return Transaction(reference, TransactionKind.FEE, (posting,), at, month, cause=lead_id)
