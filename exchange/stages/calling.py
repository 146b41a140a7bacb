"""When a consumer may be called: their own clock, the rules of their state, the stricter wherever two might apply.

Where somebody is, is told by their ZIP code first and their area code second, and neither is certain: people keep
their numbers when they move. So a moment must be allowed by both. Who is nowhere we know is never called.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.fields.area_codes import Areas, zones_of_number
from exchange.fields.places import Places
from exchange.model.lead import Lead
from exchange.stages.holidays import federal_holidays

ANYWHERE = "*"
ZONES_MOST = 4
"""A number of more zones than this says nothing about where somebody is: it is toll-free, or of a whole continent."""
_HOUR_MS = 3_600_000
_QUARTER_MS = 900_000
_SEARCH_DAYS = 9  # through a weekend and a holiday

Minutes = tuple[int, int] | None
"""From when to when, in minutes of the day; None: not at all."""


class CallingRule(NamedTuple):
    """One state's hours, and where they are written."""

    state: str
    weekdays: Minutes
    saturday: Minutes
    sunday: Minutes
    holidays: Minutes
    source: str

    def on(self, day: date) -> Minutes:
        usual = (self.weekdays, self.saturday, self.sunday)[max(day.weekday() - 4, 0)]
        return stricter(usual, self.holidays) if is_holiday(day) else usual


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Every zone and state a consumer may be in. No zone: nobody knows."""

    zones: frozenset[str]
    states: frozenset[str]


def whereabouts_of(lead: Lead, places: Places, areas: Areas) -> Whereabouts:
    """Where a lead's consumer may be, by ZIP code, by area code, and by the state that was said."""
    code, phone, said = lead.text("zip"), lead.text("phone"), lead.text("state")
    return whereabouts(
        places.zones_of(code) if code is not None else frozenset(),
        (places.states_of(code) if code is not None else frozenset()) | ({said} if said else frozenset()),
        zones_of_number(phone) if phone is not None else frozenset(),
        areas.state_of(phone) if phone is not None else None,
    )


def stricter(one: Minutes, other: Minutes) -> Minutes:
    if one is None or other is None:
        return None
    begins, ends = max(one[0], other[0]), min(one[1], other[1])
    return (begins, ends) if begins < ends else None


def whereabouts(
    zip_zones: frozenset[str], zip_states: frozenset[str], phone_zones: frozenset[str], phone_state: str | None
) -> Whereabouts:
    """What a ZIP code and a telephone number say together."""
    of_phone = phone_zones if len(phone_zones) <= ZONES_MOST else frozenset()
    return Whereabouts(of_phone | zip_zones, zip_states | ({phone_state} if phone_state is not None else frozenset()))


def may_call(where: Whereabouts, now: int, rules: Mapping[str, CallingRule] | None = None) -> bool:
    """Whether every clock and every state that might be theirs allows it now (epoch ms)."""
    return why_not(where, now, rules) is None


def why_not(where: Whereabouts, now: int, rules: Mapping[str, CallingRule] | None = None) -> str | None:
    """A sentence for people, or None when they may be called."""
    if not where.zones:
        return "Nobody knows what time it is where they are."
    table = calling_rules() if rules is None else rules
    for zone in sorted(where.zones):
        local = datetime.fromtimestamp(now // 1000, ZoneInfo(zone))
        for rule in _rules(where, table):
            if not _within(rule.on(local.date()), local):
                place = "there" if rule.state == ANYWHERE else f"in {rule.state}"
                return f"It is {local:%H:%M} where they are, and nobody is called {place} at that time."
    return None


def next_call(where: Whereabouts, now: int, rules: Mapping[str, CallingRule] | None = None) -> int | None:
    """The first quarter of an hour from `now` on at which they may be called; `now` when they may be. None: never."""
    if not where.zones or may_call(where, now, rules):
        return now if where.zones else None
    first = now - now % _QUARTER_MS + _QUARTER_MS
    moments = range(first, now + _SEARCH_DAYS * 24 * _HOUR_MS, _QUARTER_MS)
    return next((moment for moment in moments if may_call(where, moment, rules)), None)


def _rules(where: Whereabouts, rules: Mapping[str, CallingRule]) -> Iterator[CallingRule]:
    yield rules[ANYWHERE]
    yield from (rules[state] for state in sorted(where.states) if state in rules)


def _within(hours: Minutes, local: datetime) -> bool:
    return hours is not None and hours[0] <= local.hour * 60 + local.minute < hours[1]


@lru_cache(maxsize=1)
def calling_rules() -> Mapping[str, CallingRule]:
    """The packaged table, by state; `*` holds everywhere. Every row names its source."""
    text = (files("exchange.data") / "calling_hours.csv").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {row["state"]: _rule(row) for row in csv.DictReader(lines)}


def _rule(row: Mapping[str, str]) -> CallingRule:
    weekdays, saturday, sunday, holidays = (
        _minutes(row[name]) for name in ("weekdays", "saturday", "sunday", "holidays")
    )
    return CallingRule(row["state"], weekdays, saturday, sunday, holidays, row["source"])


def _minutes(text: str) -> Minutes:
    begins, _, ends = text.partition("-")
    return None if text == "none" else (int(begins) * 60, int(ends) * 60)


def is_holiday(day: date) -> bool:
    """A federal holiday, or the weekday it is kept on when it falls on a weekend."""
    nearby = [day + timedelta(days=shift) for shift in (-1, 0, 1)]
    before, own, after = (each in federal_holidays(each.year) for each in nearby)
    return own or (before and day.weekday() == 0) or (after and day.weekday() == 4)
