"""What the terms of a campaign are called on its form and in the audit log, and what a change makes of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from exchange.model.party import Campaign, Window
from exchange.model.vertical import Vertical
from exchange.stages.campaign_terms import CAPS, CONSENT, cap_field, typed_of
from exchange.stages.gate import DAYS, filter_sentences

_WINDOWS: Mapping[Window, str] = MappingProxyType(
    {
        Window.HOUR: "an hour",
        Window.DAY: "a day",
        Window.WEEK: "a week",
        Window.MONTH: "a month",
        Window.TOTAL: "in all",
    }
)
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "name": "Name",
        "payout_fixed": "Payout for each lead",
        "payout_share": "Payout in percent of the price",
        "payout_tiers": "Payout by grade and source",
        "allow_loss": "Keep a ping's price at a loss",
        "floor": "Floor",
        "floors": "Floors by state",
        "min_margin": "Least margin",
        "min_margin_share": "Least margin in percent of the price",
        "slots": "Sold to at most",
        "exclusive_only": "Sold exclusively only",
        "even": "Caps spread evenly",
        "zone": "Time zone of hours and caps",
        "filters": "Filters",
        "duplicate_days": "Days a consumer is a duplicate after a sale",
        "duplicate_pending_days": "while it may be sold",
        "duplicate_unsold_days": "after it stayed unsold",
        "duplicate_refused_days": "after it was refused",
        "duplicate_scope": "Looked for among",
        "duplicate_by": "Who is the same",
        "allowed_sub_ids": "Allowed sub IDs",
        "blocked_sub_ids": "Blocked sub IDs",
        "refuse_at": "Refused from so many fraud points",
        "hold_at": "Held for review from so many fraud points",
        "verify": "Verification steps",
        "timeout_ms": "Answer timeout in milliseconds",
        "hold_seconds": "A ping's price is held, seconds",
        "expired": "A post after that",
        "mismatch": "A post that differs from its ping",
        "unclear_answer": "When a buyer's answer is unclear",
        "per_second": "Requests a second",
        "burst": "at once",
        "always_200": "HTTP 200 for every answer",
        "query_string": "Leads in the address are read",
        "disclosure": "What the seller reads of a refusal",
        "redirect_sold": "Consumer goes there when sold",
        "redirect_unsold": "Consumer goes there when not sold",
        "postback_url": "Postback address",
        **{f"hours_{day}": f"Hours on {name}" for day, name in enumerate(DAYS)},
        **{f"consent.{name}": f"Consent: {name}" for name in CONSENT},
        **{
            cap_field(window, unit): f"Cap: {'sales' if unit == 'count' else 'earned'} {_WINDOWS[window]}"
            for window, unit in CAPS
        },
    }
)


class Difference(NamedTuple):
    """One term that changes. Empty texts are nothing."""

    name: str
    label: str
    before: str
    after: str


def differences(before: Campaign, after: Campaign, vertical: Vertical) -> tuple[Difference, ...]:
    """In the order of the form."""
    was, now = _told(before, vertical), _told(after, vertical)
    names = dict.fromkeys((*LABELS, *was, *now))
    return tuple(_between(names, was, now))


def _between(names: Mapping[str, object], was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    for name in names:
        old, new = was.get(name, ""), now.get(name, "")
        if old != new:
            yield Difference(name, LABELS.get(name, name.replace("verify.", "Verification: ")), old, new)


def _told(campaign: Campaign, vertical: Vertical) -> dict[str, str]:
    filters = " ".join(filter_sentences(campaign.gate.filters, vertical, campaign.currency))
    return {**typed_of(campaign), "filters": filters}
