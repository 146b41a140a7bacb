"""What the checks of a lead find decides whether it reaches buyers, and what its seller hears."""

from __future__ import annotations

from exchange.flows.checks import deciding
from exchange.model.finding import Finding, Outcome
from exchange.model.reason import Reason

PASSED = Finding("suppression", Outcome.PASSED, "On no list.")
FLAGGED = Finding("screen", Outcome.FLAGGED, "Filled in fast.")
HELD = Finding("screen", Outcome.HELD, "A person decides.", Reason.HELD_FOR_REVIEW)
REFUSED = Finding("screen", Outcome.REFUSED, "Sent by a program.", Reason.FRAUD_SCORE)


def test_nothing_against_a_lead_lets_it_go_on() -> None:
    assert deciding((PASSED, FLAGGED)) is None


def test_a_refusal_counts_before_what_only_holds() -> None:
    assert deciding((PASSED, HELD, REFUSED)) is REFUSED


def test_what_holds_stops_a_lead_that_nothing_refuses() -> None:
    assert deciding((FLAGGED, HELD)) is HELD
