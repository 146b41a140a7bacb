"""How fast contracts buy from now on: at their pace, within their hours and caps, and not while they are paused.

A contract that is capped at twenty leads a day does not buy faster because it bought its twenty by noon, and one that
is closed at night buys nothing then, however its week is smoothed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.model.party import Cap, Contract, Window
from exchange.stages.caps import contract_caps
from exchange.stages.pace import HOUR_MS, Sold, pace, place_of
from exchange.stages.schedule import OpeningHours, ZoneWindows

NEWEST = 80
"""So many sales tell what a lead costs, or those since the pace changed where they are enough."""
_ENOUGH = 20
_PARTS = 4  # of an hour are looked at, for hours that begin or end within it
_NEAR = ((-1, 0.25), (0, 0.5), (1, 0.25))  # an hour of the day is told by those beside it too
_LITTLE = 1.0  # an hour in which it could buy counts as much as what is usual
_WHOLE = 1.0  # with less than a lead left a cap is full
_HALF = 0.5  # of the hour in which it became full


class Spent(NamedTuple):
    """What the time from an instant on (`hour`, epoch ms) brought, an hour or less: how many leads, for how much."""

    hour: int
    leads: int
    units: int


class Idle(NamedTuple):
    """A pause: since when (epoch ms), and until when; `NEVER` where somebody must end it."""

    since: int
    until: int


class Line(NamedTuple):
    """What was bought by contracts that nothing limits, or by one `contract`, of whose caps so much is `used` now."""

    spent: Sequence[Spent]
    contract: Contract | None = None
    used: Mapping[str, int] = {}
    idle: Idle | None = None


class Burn:
    """A line from now on, hour by hour in their order: `take` says how many leads it buys."""

    def __init__(self, line: Line, zone: str, now: int) -> None:
        """`line.spent` is in its order; of one that is paused, what was bought before the pause tells its pace."""
        self.until = line.idle.until if line.idle is not None else 0
        seen = min(line.idle.since, now) if line.idle is not None else now
        past = [each for each in line.spent if each.leads and each.hour <= seen] or [
            each for each in line.spent if each.leads
        ]
        seen = max(seen, past[-1].hour)
        contract = line.contract
        self._open = OpeningHours(contract.zone, contract.hours) if contract is not None and contract.hours else None
        sold = [Sold(each.hour, each.leads) for each in past]
        if contract is not None:
            sold = _wanted(past, contract, self._open, ZoneInfo(zone), seen)
        self._ahead = pace(sold, ZoneInfo(zone), seen)
        newest = _newest(past, self._ahead.since)
        self.price = Fraction(sum(each.units for each in newest), sum(each.leads for each in newest))
        self._caps = list(_rooms(contract, line.used, now)) if contract is not None else []

    def take(self, start: int, end: int) -> float:
        """Leads bought between two instants of one hour."""
        if start < self.until:
            return 0.0
        wanted = self._ahead.at(start) * _share_open(self._open, start, end) * (end - start) / HOUR_MS
        holding = [room for room in self._caps if room.holds(start)]
        sold = min([wanted, *(room.leads(float(self.price)) for room in holding)])
        for room in holding:
            room.take(sold, float(self.price))
        return sold


class _Room:
    """What is left of a cap, in leads or money units; anew with each of its windows."""

    def __init__(self, cap: Cap, zone: str, used: int, now: int) -> None:
        self._cap, self._windows = cap, ZoneWindows(zone)
        self._began, self._left = self._windows.start(cap.window, now), float(max(cap.most - used, 0))

    def holds(self, instant: int) -> bool:
        began = self._windows.start(self._cap.window, instant)
        if began != self._began:
            self._began, self._left = began, float(self._cap.most)
        return not self._cap.weekdays or self._windows.weekday(instant) in self._cap.weekdays

    def leads(self, price: float) -> float:
        if self._cap.unit != "money":
            return self._left
        return self._left / price if price > 0.0 else float("inf")

    def take(self, leads: float, price: float) -> None:
        self._left = max(self._left - (leads * price if self._cap.unit == "money" else leads), 0.0)


def _rooms(contract: Contract, used: Mapping[str, int], now: int) -> Iterator[_Room]:
    for key, _, cap in contract_caps(contract):
        yield _Room(cap, contract.zone, used.get(key, 0), now)


def _wanted(
    past: Sequence[Spent], contract: Contract, opening: OpeningHours | None, zone: ZoneInfo, now: int
) -> list[Sold]:
    """What the contract would have bought without its hours and caps: where these kept it from buying, as much as it
    bought at that hour of the day when it could. Else silence would be told as a pace."""
    hours = list(_hours(past, contract, opening, now))
    seen, leads = defaultdict[int, float](float), defaultdict[int, float](float)
    for start, share, bought in hours:
        for near, weight in _NEAR:
            clock = (place_of(start, zone) + near) % 24
            seen[clock] += weight * share
            leads[clock] += weight * sum(each.leads for each in bought)
    usual = sum(leads.values()) / max(sum(seen.values()), _LITTLE)
    found, owed = [Sold(each.hour, each.leads) for each in past], 0.0
    for start, share, _ in hours:
        clock = place_of(start, zone) % 24
        owed += (1.0 - share) * (leads[clock] + _LITTLE * usual) / (seen[clock] + _LITTLE)
        if owed >= 1.0:
            found.append(Sold(start, int(owed)))
            owed -= int(owed)
    return sorted(found)


def _hours(
    past: Sequence[Spent], contract: Contract, opening: OpeningHours | None, now: int
) -> Iterator[tuple[int, float, list[Spent]]]:
    """Of each hour since the first sale, for how much of it the contract could buy, and what it bought."""
    by_hour = defaultdict[int, list[Spent]](list)
    for each in past:
        by_hour[each.hour - each.hour % HOUR_MS].append(each)
    first = min(by_hour)
    caps = [
        _Room(cap, contract.zone, 0, first) for _, _, cap in contract_caps(contract) if cap.window is not Window.TOTAL
    ]
    for start in range(first, now, HOUR_MS):
        bought, share = by_hour.get(start, []), _share_open(opening, start, start + HOUR_MS)
        leads, units = sum(each.leads for each in bought), sum(each.units for each in bought)
        for room in [each for each in caps if each.holds(start)]:
            price = units / leads if leads else float(units)
            before = room.leads(price)
            room.take(leads, price)
            if before < _WHOLE and not leads:
                share = 0.0
            elif before >= _WHOLE > room.leads(price):
                share *= _HALF
        yield start, max(share, _HALF if leads else 0.0), bought


def _share_open(opening: OpeningHours | None, start: int, end: int) -> float:
    if opening is None:
        return 1.0
    return (
        sum(opening.open_at(start + (end - start) * (2 * part + 1) // (2 * _PARTS)) for part in range(_PARTS)) / _PARTS
    )


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
