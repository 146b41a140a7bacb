"""The ZIP codes that choose an outcome in test mode. With a live key they are ZIPs nobody lives in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.model.lead import Lead, Mode

TEST_ZIPS: Mapping[str, str] = MappingProxyType(
    {
        "00001": "sold",
        "00002": "two_bids",
        "00003": "no_bid",
        "00004": "below_floor",
        "00005": "post_rejected",
        "00006": "slow_buyer",
        "00007": "duplicate",
        "00008": "fraud",
        "00009": "queued",
        "00010": "returned",
        "00011": "server_error",
        "00012": "unclear",
    }
)
OUTCOMES = tuple(TEST_ZIPS.values())


def test_outcome(lead: Lead) -> str | None:
    """The outcome a test lead asks for, by field or by ZIP; None for live leads and ordinary test leads."""
    return lead.test_outcome if lead.mode is Mode.TEST else None
