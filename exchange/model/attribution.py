"""What brought a lead: touches before it, links that are clicked, what media cost."""

from __future__ import annotations

from typing import NamedTuple

CLICK_IDS = ("gclid", "wbraid", "gbraid", "fbclid", "msclkid", "ttclid")
"""What advertising platforms put into an address, the best first."""
PLATFORM_OF = (
    ("gclid", "google"),
    ("wbraid", "google"),
    ("gbraid", "google"),
    ("fbclid", "meta"),
    ("msclkid", "microsoft"),
    ("ttclid", "tiktok"),
)
UTM = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
BY = ("source", "campaign", "creative", "sub_id")
"""By what a report may be."""


class Touch(NamedTuple):
    """One thing somebody saw. Empty texts: nobody said."""

    at: int
    source: str
    campaign: str
    creative: str
    sub_id: str

    def named(self, by: str) -> str:
        return str(getattr(self, by))


class LinkRow(NamedTuple):
    id: str
    name: str
    source: str
    campaign: str
    creative: str
    target: str
    state: str = "active"
    clicks: int = 0
    made_at: int = 0
    made_by: str = ""


class TouchRow(NamedTuple):
    """`visitor` is a keyed hash, None where nobody agreed to be known again."""

    id: str
    month: str
    at: int
    kind: str
    link_id: str | None
    visitor: bytes | None
    source: str
    campaign: str
    creative: str
    sub_id: str
    page: str


class JourneyRow(NamedTuple):
    """`path` is JSON: touches as lists."""

    lead_id: str
    arrived_at: int
    seller_id: str
    campaign_id: str
    vertical: str
    currency: str
    path: str


class CostRow(NamedTuple):
    """What was spent on one day (`2026-11-20`) on one creative."""

    day: str
    source: str
    campaign: str
    creative: str
    currency: str
    units: int
    clicks: int
