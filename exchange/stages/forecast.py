"""How long money lasts: what leads cost of late, at the pace at which they are sold (`pace.py`).

Money is whole units; what a lead costs is a fraction of them. Hours are an estimate and no money.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.stages.pace import HOUR_MS, Pace, Sold, pace

WEEKS = 4
NEWEST = 80
"""So many sales tell what a lead costs, or those since the pace changed where they are enough."""
FURTHEST_HOURS = 24 * 90
_FEWEST, _ENOUGH = 5, 20


class Spent(NamedTuple):
    """What the time from an instant on (`hour`, epoch ms) brought, an hour or less: how many leads, for how much."""

    hour: int
    leads: int
    units: int


class Forecast(NamedTuple):
    """How many leads and hours what is available lasts. `hours` None: beyond three months, or nothing was bought."""

    leads: int
    hours: Fraction | None


def forecast(spent: Sequence[Spent], available_units: int, zone: str, now: int) -> Forecast | None:
    """None while too little was bought to tell. `spent` are the hours of the last weeks, oldest first."""
    past = [each for each in spent if each.leads and each.hour <= now]
    if sum(each.leads for each in past) < _FEWEST:
        return None
    ahead = pace([Sold(each.hour, each.leads) for each in past], ZoneInfo(zone), now)
    newest = _newest(past, ahead.since)
    price = Fraction(sum(each.units for each in newest), sum(each.leads for each in newest))
    left = max(available_units, 0) / price if price else Fraction(0)
    return Forecast(int(left), _walk(float(left), ahead, now))


def _newest(past: Sequence[Spent], since: int) -> list[Spent]:
    """The last hours that hold enough sales to tell a price."""
    taken: list[Spent] = []
    leads = 0
    for each in reversed(past):
        if leads >= NEWEST or (leads >= _ENOUGH and each.hour < since):
            break
        taken.append(each)
        leads += each.leads
    return taken


def _walk(left: float, ahead: Pace, now: int) -> Fraction | None:
    """Hour by hour from now until so many leads are sold."""
    start = now
    while start - now < FURTHEST_HOURS * HOUR_MS:
        end = start - start % HOUR_MS + HOUR_MS
        sold = ahead.at(start) * (end - start) / HOUR_MS
        if sold >= left:
            return Fraction(start - now + (round((end - start) * left / sold) if sold else 0), HOUR_MS)
        left, start = left - sold, end
    return None


def in_words(hours: Fraction | None) -> str:
    """`about 5 hours`, `about 3 days`, `more than three months`."""
    if hours is None:
        return "more than three months"
    if hours < 1:
        return "less than an hour"
    if hours < 48:
        whole = round(hours)
        return f"about {whole} hour{'' if whole == 1 else 's'}"
    return f"about {round(hours / 24)} days"
