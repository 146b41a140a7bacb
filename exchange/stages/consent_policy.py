"""Whether consent was given as the vertical's policy asks, and is fresh enough: one finding for every lead."""

from __future__ import annotations

import re

from exchange.model.finding import Finding, Outcome
from exchange.model.lead import Consent, Kind, Lead
from exchange.model.reason import Reason
from exchange.model.vertical import ConsentPolicy, ConsentRule, Vertical, When
from exchange.stages.consent import consent_part, consent_problem

CHECK = "consent"
BY_NAME = frozenset({ConsentPolicy.NAMED_SELLER, ConsentPolicy.AUTHORIZATION})
"""Policies under which only companies that the consumer named may have the lead."""
_DAY_MS = 86_400_000
AUTHORIZATION_MS = 365 * _DAY_MS
_UNITS = ((_DAY_MS, "day"), (3_600_000, "hour"), (60_000, "minute"))
_LEGAL_FORMS = frozenset({"inc", "incorporated", "llc", "ltd", "limited", "corp", "corporation", "co", "company", "lp"})
_WORDS = re.compile(r"[^\W_]+")


def judge_consent(lead: Lead, vertical: Vertical) -> Finding:
    """A ping cannot show consent; what it shows all the same, a moment too old, already counts against it."""
    rule, consent = vertical.consent, lead.consent
    age_ms = None if consent.agreed_at is None else lead.received_at - consent.agreed_at
    if age_ms is not None and rule.max_age_days and age_ms > rule.max_age_days * _DAY_MS:
        told = f"The consent was given {_span(age_ms)} before; it is good for {rule.max_age_days} days."
        return _against(rule.when_stale, told, Reason.CONSENT_STALE)
    if lead.kind is Kind.PING:
        return Finding(CHECK, Outcome.SKIPPED, "A ping carries no consent: it is asked for at the post.")
    problem = consent_problem(lead, vertical)
    if problem is not None:
        return _against(rule.when_missing, _lacking(consent, rule), problem)
    policy = rule.policy_in(lead.text("state"))
    if policy is not ConsentPolicy.ANY and not in_writing(consent):
        where = f" in {lead.text('state')}" if policy is not rule.policy else ""
        got = "it was oral" if consent.method == "oral" else "nothing shows what was agreed to"
        return _against(rule.when_missing, f"Consent must be in writing{where}: {got}.", Reason.CONSENT_INVALID)
    if policy in BY_NAME and not consent.buyers:
        told = "Consent must name each company: consented_buyers was not sent."
        return _against(rule.when_missing, told, Reason.CONSENT_MISSING)
    if policy is ConsentPolicy.AUTHORIZATION and consent.authorized_at is None:
        told = f"Health data of consumers in {lead.text('state')} are sold on a signed authorization alone: "
        told += "authorization_signed_at was not sent."
        return _against(rule.when_missing, told, Reason.CONSENT_MISSING)
    if (over := authorization_over(lead, vertical, lead.received_at)) is not None:
        return _against(rule.when_stale, over, Reason.CONSENT_STALE)
    return Finding(CHECK, Outcome.PASSED, _good(consent, rule, age_ms), facts=_facts(consent, policy))


def authorization_over(lead: Lead, vertical: Vertical, now: int) -> str | None:
    """Why health data may not be sold any more at a moment: an authorization is good for a year. None when it may."""
    signed = lead.consent.authorized_at
    if policy_of(lead, vertical) is not ConsentPolicy.AUTHORIZATION or signed is None or lead.kind is Kind.PING:
        return None
    if now - signed <= AUTHORIZATION_MS:
        return None
    age = _span(now - signed)
    return f"The authorization to sell the consumer's health data was signed {age} before; it ends after a year."


def policy_of(lead: Lead, vertical: Vertical) -> ConsentPolicy:
    return vertical.consent.policy_in(lead.text("state"))


def in_writing(consent: Consent) -> bool:
    """A record of writing: said to be, or proved by the words, by a certificate or by a LeadiD."""
    if consent.method == "oral":
        return False
    proofs = (consent.text, consent.trustedform_url, consent.jornaya_leadid)
    return consent.method in ("written", "click") or any(proof is not None for proof in proofs)


def company_key(name: str) -> str:
    """A company's name as it is compared: letters and digits alone, without its legal form. `Acme, Inc.` is `acme`."""
    words = _WORDS.findall(name.casefold())
    while len(words) > 1 and words[-1] in _LEGAL_FORMS:
        words.pop()
    return "".join(words)


def named_companies(consent: Consent) -> frozenset[str]:
    return frozenset(company_key(name) for name in consent.buyers)


def _against(what: When, sentence: str, reason: Reason) -> Finding:
    match what:
        case When.REFUSE:
            return Finding(CHECK, Outcome.REFUSED, sentence, reason)
        case When.HOLD:
            return Finding(CHECK, Outcome.HELD, sentence, Reason.HELD_FOR_REVIEW, (reason.sentence,))
        case When.FLAG:
            return Finding(CHECK, Outcome.FLAGGED, sentence, None, (reason.sentence,))


def _lacking(consent: Consent, rule: ConsentRule) -> str:
    lacking = [name for name in rule.required if name != "tcpa_consent" and not consent_part(consent, name)]
    if lacking:
        return f"Requires {' and '.join(lacking)}, {'none was' if len(lacking) == 1 else 'not all were'} sent."
    return "The consumer said no." if consent.text or consent.trustedform_url else "No consent was sent."


def _good(consent: Consent, rule: ConsentRule, age_ms: int | None) -> str:
    if not consent.given:
        return "This vertical asks for no consent."
    if age_ms is None:
        return "Consent was given; when was not sent."
    return f"Consent was given {_span(age_ms)} before." if age_ms >= 60_000 else "Consent was given just before."


def _facts(consent: Consent, policy: ConsentPolicy) -> tuple[str, ...]:
    named = len(consent.buyers)
    companies = "1 company by name" if named == 1 else f"{named} companies by name" if named else "partners"
    proofs = [
        word
        for word, proof in (
            ("TrustedForm certificate", consent.trustedform_url),
            ("LeadiD", consent.jornaya_leadid),
            ("words as shown", consent.text),
        )
        if proof is not None
    ]
    return (f"Policy {policy.value.replace('_', ' ')}, for {companies}", *proofs) if consent.given else ()


def _span(age_ms: int) -> str:
    """`213 days`, `2 hours`: the largest unit that fits."""
    for unit_ms, name in _UNITS:
        if age_ms >= unit_ms:
            count = age_ms // unit_ms
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "a moment"
