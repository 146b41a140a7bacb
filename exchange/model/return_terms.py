"""On which terms a contract gives leads back, and the reasons that there are."""

from __future__ import annotations

from dataclasses import dataclass

RETURN_REASONS = (
    "disconnected_phone",
    "wrong_number",
    "wrong_person",
    "never_requested",
    "duplicate_30d",
    "out_of_area",
    "outside_filters",
    "bogus_data",
    "test_or_competitor",
    "language",
    "existing_customer",
    "consent_problem",
    "technical_error",
)
"""Why a lead may be given back. That nobody answered, or did not want to buy, is a disposition."""
RESELLABLE = ("duplicate_30d", "out_of_area", "outside_filters", "language", "existing_customer", "technical_error")
"""Reasons that say that a lead was not for this buyer, and nothing against its consumer or consent."""


@dataclass(frozen=True, slots=True)
class ReturnTerms:
    """What a contract says of returns beside their window.

    At most `cap_bp` hundredths of a percent of the leads of a `period` (week or month, in the contract's zone) come
    back; one more is declined by rule or queued, as `over_cap` says. `evidence` names what must come with a reason:
    pairs of a reason (`*`: any) and `note` or `file`. What came back for a reason that says nothing against its
    consumer is offered to contracts for leftover leads until `resell_days` after the lead came; 0 never.
    """

    reasons: tuple[str, ...] = RETURN_REASONS
    cap_bp: int = 1_500
    period: str = "month"  # week | month
    over_cap: str = "queue"  # queue | decline
    auto_approve: bool = True
    auto_decline: bool = True
    evidence: tuple[tuple[str, str], ...] = ()
    partial: bool = True  # a part of the price may be credited
    resell_days: int = 0


USUAL_RETURNS = ReturnTerms()
