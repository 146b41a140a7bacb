"""How long money lasts: from what a buyer spent in the hours of its past weeks, at the level of its last hours.

The shape of a week is learned from up to four of them, smoothed towards the hours of a day and towards an even spread,
because few sales make a ragged week. The level is that of the newest sales, so that a market that doubled yesterday is
forecast as it is now. Money is whole units throughout; a rate is a share of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

HOUR_MS = 3_600_000
WEEKS = 4
NEWEST = 200
"""So many sales tell what a lead costs now."""
FURTHEST_HOURS = 24 * 90
_FEWEST = 5
_WINDOWS_MS = tuple(each * HOUR_MS for each in (24 * 7, 24 * 2, 24, 8, 3, 1))
_LAST_SALES = (15, 40, 100)
_LUCK = 16  # four times the spread of a count, squared
_TELLING = 15


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
    leads = sum(each.leads for each in past)
    if leads < _FEWEST:
        return None
    newest = _newest(past)
    price = Fraction(sum(each.units for each in newest), sum(each.leads for each in newest))
    left = int(max(available_units, 0) / price) if price else 0
    shape = _shape(_settled(past, now), ZoneInfo(zone), now)
    level = _level(past, shape, price, now)
    return Forecast(left, _walk(Fraction(max(available_units, 0)), shape, level, now))


def _newest(past: Sequence[Spent]) -> list[Spent]:
    """The last hours that hold enough sales to tell a price."""
    taken: list[Spent] = []
    for each in reversed(past):
        taken.append(each)
        if sum(hour.leads for hour in taken) >= NEWEST:
            break
    return taken


def _settled(past: Sequence[Spent], now: int) -> Sequence[Spent]:
    """Without the last day, where there is a week before it: what is new must not make the shape it is held against."""
    before = [each for each in past if each.hour < now - 24 * HOUR_MS]
    return before if before and before[-1].hour - before[0].hour >= 7 * 24 * HOUR_MS else past


class _Shape(NamedTuple):
    """What an hour costs by its place in the week (0 to 167, in the zone)."""

    rates: Mapping[int, Fraction]
    zone: ZoneInfo

    def at(self, hour: int) -> Fraction:
        return self.rates[_place(hour, self.zone)]


def _shape(past: Sequence[Spent], zone: ZoneInfo, now: int) -> _Shape:
    first, last = past[0].hour, past[-1].hour if now - past[-1].hour > 24 * HOUR_MS else now
    hours = max(1, (last - first) // HOUR_MS + 1)
    total = Fraction(sum(each.units for each in past), hours)
    seen: dict[int, int] = {}
    for hour in range(first, last + 1, HOUR_MS):
        place = _place(hour, zone)
        seen[place] = seen.get(place, 0) + 1
    sums: dict[int, int] = {}
    for each in past:
        place = _place(each.hour, zone)
        sums[place] = sums.get(place, 0) + each.units
    by_day = {
        clock: Fraction(
            sum(sums.get(day * 24 + clock, 0) for day in range(7)),
            max(1, sum(seen.get(day * 24 + clock, 0) for day in range(7))),
        )
        for clock in range(24)
    }
    whole_weeks = hours >= 14 * 24
    own, daily = (Fraction(1, 2), Fraction(2, 5)) if whole_weeks else (Fraction(0), Fraction(4, 5))
    even = 1 - own - daily
    return _Shape(
        {
            place: own * Fraction(sums.get(place, 0), max(1, seen.get(place, 0)))
            + daily * by_day[place % 24]
            + even * total
            for place in range(168)
        },
        zone,
    )


def _level(past: Sequence[Spent], shape: _Shape, price: Fraction, now: int) -> Fraction:
    """What is spent now against the shape: that of all weeks, unless a shorter time sold so much more or less that it
    is no luck. A time of less than an hour counts only if it sold in both of its halves: a batch is no pace."""
    level = Fraction(1)
    for window in _windows(past, now):
        since = now - window
        if since < past[0].hour:
            continue
        found = [each for each in past if each.hour >= since]
        leads = sum(each.leads for each in found)
        late = sum(each.leads for each in found if each.hour >= now - window // 2)
        if window < HOUR_MS and not leads <= 4 * late <= 3 * leads:
            continue
        expected = _expected(shape, since, now)
        usual = level * expected / price if price else Fraction(0)
        enough = max(Fraction(leads), usual) >= _TELLING
        if expected and enough and (leads - usual) ** 2 > _LUCK * max(usual, Fraction(1)):
            level = Fraction(sum(each.units for each in found)) / expected
    return level


def _windows(past: Sequence[Spent], now: int) -> list[int]:
    """The times to look at, from a week down: those of the calendar, then the time of the last so many sales."""
    found, leads = list(_WINDOWS_MS), 0
    wanted = list(_LAST_SALES)
    for each in reversed(past):
        leads += each.leads
        while wanted and leads >= wanted[0]:
            wanted.pop(0)
            if now - each.hour < HOUR_MS:
                found.append(max(now - each.hour, 1))
    return sorted(set(found), reverse=True)


def _expected(shape: _Shape, since: int, now: int) -> Fraction:
    """What the shape says of a time, its broken hours included."""
    total, start = Fraction(0), since
    while start < now:
        hour = start - start % HOUR_MS
        end = min(hour + HOUR_MS, now)
        total += shape.at(hour) * Fraction(end - start, HOUR_MS)
        start = end
    return total


def _walk(left: Fraction, shape: _Shape, level: Fraction, now: int) -> Fraction | None:
    """Hour by hour from now until nothing is left."""
    gone = Fraction(0)
    start = now
    while gone < FURTHEST_HOURS:
        end = start - start % HOUR_MS + HOUR_MS
        part = Fraction(end - start, HOUR_MS)
        cost = shape.at(start - start % HOUR_MS) * level * part
        if cost >= left and cost:
            return gone + part * left / cost
        left -= cost
        gone += part
        start = end
    return None


def _place(hour: int, zone: ZoneInfo) -> int:
    local = datetime.fromtimestamp(hour // 1000, zone)
    return local.weekday() * 24 + local.hour


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
