"""What a verdict, an absence and a sample make of a lead."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from exchange.model.finding import Outcome
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.model.verification import Action, Card, Checks, Stage, Verdict, Verified, VerifierRule
from exchange.stages.verification import age, away, cost, is_for, judged, sampled, unfit
from exchange.verifier_rules import VerifierRuleDocument

CARD = Card("line", "Phone line", "prairie", Checks.PHONE, ("phone",), Money(120, "USD"), frozenset(Verdict))
RULE = VerifierRule("line")
BAD, GOOD, UNKNOWN = Verified(Verdict.BAD, "voip"), Verified(Verdict.GOOD, "mobile"), Verified(Verdict.UNKNOWN)


@pytest.mark.parametrize(
    ("rule", "found", "outcome", "reason"),
    [
        (RULE, GOOD, Outcome.PASSED, None),
        (RULE, BAD, Outcome.REFUSED, Reason.PHONE_UNVERIFIED),
        (replace(RULE, bad=Action.FLAG), BAD, Outcome.FLAGGED, None),
        (replace(RULE, bad=Action.HOLD), BAD, Outcome.HELD, Reason.HELD_FOR_REVIEW),
        (replace(RULE, unknown=Action.REFUSE), UNKNOWN, Outcome.REFUSED, Reason.PHONE_UNVERIFIED),
    ],
)
def test_a_verdict_does_what_the_rule_says(
    rule: VerifierRule, found: Verified, outcome: Outcome, reason: Reason | None
) -> None:
    finding = judged(rule, CARD, found, "Answered in 5 ms")

    assert ("verifier:line", outcome, reason) == (finding.check, finding.outcome, finding.reason)


def test_what_nobody_knows_never_looks_as_if_it_had_passed() -> None:
    assert Outcome.SKIPPED is judged(RULE, CARD, UNKNOWN, "Answered in 5 ms").outcome
    assert Outcome.SKIPPED is away(RULE, "Phone line", "did not answer").outcome


@pytest.mark.parametrize(
    ("checks", "reason"),
    [
        (Checks.EMAIL, Reason.EMAIL_UNVERIFIED),
        (Checks.ADDRESS, Reason.ADDRESS_UNVERIFIED),
        (Checks.CERTIFICATE, Reason.CONSENT_INVALID),
        (Checks.LEADID, Reason.CONSENT_INVALID),
        (Checks.DO_NOT_CALL, Reason.DNC_LISTED),
        (Checks.IP, Reason.FRAUD_SCORE),
        (Checks.IDENTITY, Reason.IDENTITY_UNVERIFIED),
        (Checks.CREDIT, Reason.IDENTITY_UNVERIFIED),
    ],
)
def test_what_is_looked_at_decides_the_reason(checks: Checks, reason: Reason) -> None:
    assert reason is judged(RULE, replace(CARD, checks=checks), BAD, "").reason
    assert reason is unfit(RULE, replace(CARD, checks=checks), "no token").reason


def test_the_sample_is_the_share_that_was_asked_for_and_the_same_for_ping_and_post() -> None:
    rule = replace(RULE, sample_bp=2_500)
    inside = [number for number in range(4_000) if sampled(rule, f"ld_{number}")]

    assert 900 < len(inside) < 1_100
    assert all(sampled(rule, f"png_{number}") for number in inside)
    assert not sampled(replace(RULE, sample_bp=0), "ld_1") and sampled(RULE, "ld_1")


def test_each_kind_of_request_has_its_rules() -> None:
    assert (True, False) == (is_for(RULE, ping=False), is_for(RULE, ping=True))
    assert is_for(replace(RULE, on="both"), ping=True) and is_for(replace(RULE, on="both"), ping=False)


def test_a_free_answer_books_nothing() -> None:
    assert cost("prairie", Money(0, "USD"), "r", 0, "2026-11", "ld_1") is None


def test_ages_are_told_short() -> None:
    assert ["3 d", "5 h", "0 min"] == [age(3 * 86_400_000 + 1), age(5 * 3_600_000), age(59_000)]


def test_a_rule_is_read_as_it_is_written() -> None:
    document = {
        "verifier": "line", "on": "both", "stage": "after", "sample": "12.5", "cache": "12h", "budget_ms": 400,
        "when_away": "hold", "bad": "flag", "cost": "0.02", "settings": {"advertiser": "Acme"},
    }  # fmt: skip

    assert VerifierRule(
        "line", "both", Stage.AFTER, 1_250, 43_200_000, 400, Action.HOLD, Action.PASS, Action.FLAG, Action.PASS,
        Money(200, "USD"), (("advertiser", "Acme"),),
    ) == VerifierRuleDocument.model_validate(document).rule()  # fmt: skip


@pytest.mark.parametrize(
    "wrong", [{"sample": "101"}, {"sample": "0.001"}, {"cache": "soon"}, {"budget_ms": 1}, {"bad": "burn"}, {"why": 1}]
)
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        VerifierRuleDocument.model_validate({"verifier": "line", **wrong})
