"""Periods that lists are narrowed to, in days of the exchange."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.web.lists.shape import Filter
from exchange.web.words import Times

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


def period_filter(title: str) -> Filter:
    """`?period=7d`; `title` says of what."""
    return Filter("period", title, lambda _: list(PERIODS.items()), lambda text: text if text in PERIODS else "")
