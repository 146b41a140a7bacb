"""Words that filters of leads know: statuses and periods."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.web.words import Times

PATH = "/console/leads"

STATUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sold": ("sold",),
        "unsold": ("unsold",),
        "rejected": ("rejected", "duplicate", "invalid"),
        "held": ("held",),
        "unclear": ("unclear", "pending"),
        "in_progress": ("open", "selling", "quoted"),
        "priced": ("quoted",),
        "duplicate": ("duplicate",),
        "invalid": ("invalid",),
        "passed": ("sold", "unsold", "held", "unclear", "pending", "quoted", "open", "selling"),
    }
)
"""A status of the list and the states of leads it shows. The first six leave no lead out and count none twice."""

PERIODS: Mapping[str, str] = MappingProxyType(
    {"today": "today", "yesterday": "yesterday", "7d": "last 7 days", "30d": "last 30 days"}
)
_DAYS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"today": (0, 0), "yesterday": (1, 1), "7d": (6, 0), "30d": (29, 0)}  # first and last day, counted back
)


def period_of(name: str | None, times: Times) -> tuple[int | None, int | None]:
    """First and last instant of a period of whole days of the exchange; None where it is open."""
    if name is None or name not in _DAYS:
        return None, None
    first, last = _DAYS[name]
    return times.today(first)[0], times.today(last)[1] if last else None
