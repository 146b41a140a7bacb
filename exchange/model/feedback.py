"""What buyers say after the sale."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.money import Money


@dataclass(frozen=True, slots=True)
class Disposition:
    """What became of a sold lead, in the vertical's words. `told_by` names the channel and the account."""

    id: str
    sale_id: str
    kind: str
    note: str
    value: Money | None
    at: int
    told_by: str


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


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """A buyer asks its money back for one sale. `told_by` as in a disposition."""

    id: str
    month: str
    sale_id: str
    lead_id: str
    buyer_id: str
    reason: str
    note: str
    asked_at: int
    told_by: str
