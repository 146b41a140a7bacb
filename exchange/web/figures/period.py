"""Which days a page of figures is about, and which it compares them with: read from the page's address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType

from exchange.web.words import Times

DAYS: Mapping[str, str] = MappingProxyType(
    {"today": "Today", "yesterday": "Yesterday", "7d": "7 days", "30d": "30 days"}
)
"""Periods that have a name, as the buttons call them."""

_REACH: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"today": (0, 0), "yesterday": (1, 1), "7d": (6, 0), "30d": (29, 0)}  # first and last day, counted back
)
_TOLD: Mapping[str, str] = MappingProxyType(
    {"today": "today", "yesterday": "yesterday", "7d": "in 7 days", "30d": "in 30 days"}
)
DAYS_MOST = 400
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Period:
    """Days of the exchange's zone from `begin` to `end`, known up to `until`.

    What it is compared with begins at `old_begin` and is read up to the same time of day, `old_until`; both are equal
    when it is compared with nothing. `given` is how lists are asked for the same days.
    """

    name: str
    told: str
    begin: int
    end: int
    until: int
    old_begin: int
    old_until: int
    compared: str
    compare: str
    days: int
    given: Mapping[str, str]
    first: date
    last: date

    @property
    def runs(self) -> bool:
        """Whether the last of its days is not over."""
        return self.until < self.end

    @property
    def by_hour(self) -> bool:
        """Longer ones are told day by day."""
        return self.days <= 2


def read_period(query: Mapping[str, str], times: Times) -> Period:
    """The period and the comparison of an address; today and the same day a week ago where it says nothing."""
    name, first, last = _days(query, times)
    days = (last - first).days + 1
    begin, end = times.bounds(first)[0], times.bounds(last)[1]
    until = min(end, times.now + 1) if begin <= times.now else begin
    compare = query.get("compare", "")
    choices = comparisons(name, days)
    compare = compare if compare in choices else next(iter(choices))
    back = {"day": 1, "week": _WEEK, "before": days, "none": 0}[compare]
    old = first - timedelta(days=back)
    old_begin, old_end = times.bounds(old)[0], times.bounds(last - timedelta(days=back))[1]
    given = {"period": name} if name in DAYS else {"from": first.isoformat(), "to": last.isoformat()}
    return Period(
        name,
        _TOLD.get(name, f"from {first.day} {first:%b} to {last.day} {last:%b}"),
        begin,
        end,
        until,
        old_begin,
        min(old_begin + (until - begin), old_end) if back else old_begin,
        _compared(compare, days, old),
        compare,
        days,
        MappingProxyType(given),
        first,
        last,
    )


def comparisons(name: str, days: int) -> Mapping[str, str]:
    """What a period may be compared with; the first is what it is compared with by itself."""
    if days == 1:
        told = {"today": "yesterday", "yesterday": "the day before"}.get(name, "the day before")
        return {"week": "a week before", "day": told, "none": "nothing"}
    if days == _WEEK:
        return {"week": "the 7 days before", "none": "nothing"}
    return {"before": f"the {days} days before", "none": "nothing"}


def _days(query: Mapping[str, str], times: Times) -> tuple[str, date, date]:
    today = times.local(times.now).date()
    name = query.get("period", "today")
    if name == "custom" or ("period" not in query and ("from" in query or "to" in query)):
        first, last = _day(query.get("from", "")) or today, _day(query.get("to", "")) or today
        first, last = min(first, last), max(first, last)
        return "custom", max(first, last - timedelta(days=DAYS_MOST - 1)), last
    name = name if name in DAYS else "today"
    begin, end = _REACH[name]
    return name, today - timedelta(days=begin), today - timedelta(days=end)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _compared(compare: str, days: int, old: date) -> str:
    if compare == "none":
        return ""
    if days == 1:
        return f"last {old:%A}" if compare == "week" else "the day before"
    return f"the {days} days before"
