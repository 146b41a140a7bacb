"""Opening hours and cap windows in a contract's own zone, right on daylight-saving days.

Hours are what a clock on the wall shows. A time that spring skips never comes, so hours that begin in the gap begin
at its end; a time that autumn repeats counts both times. A day, week or month is one window however long it is.
Instants are epoch milliseconds, UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.model.party import Cap, Contract, Hours, Window

DAY_MINUTES = 1_440
NEVER = 2**62  # the end of a window that does not end
SEARCH_DAYS = 15  # hours that lie in one skipped half hour come again a week later


def open_at(contract: Contract, now: int) -> bool:
    """Whether the contract's own clock shows a time within its hours. No hours: always open."""
    return not contract.hours or _is_open(contract.hours, ZoneInfo(contract.zone), now // 1000)


def next_opening(contract: Contract, now: int) -> int | None:
    """The first instant from `now` on when the contract is open; `now` itself when it is. None: it never opens."""
    if open_at(contract, now):
        return now
    zone = ZoneInfo(contract.zone)
    for moment in _boundaries(contract.hours, zone, now // 1000):
        if _is_open(contract.hours, zone, moment):
            return moment * 1000
    return None


def window_start(window: Window, zone: str, now: int) -> int:
    """The first instant of the window that holds `now`: the same number all through the window, 0 for TOTAL.

    An hour that autumn repeats is two windows; a day of 25 hours is one.
    """
    if window is Window.TOTAL:
        return 0
    place = ZoneInfo(zone)
    local = datetime.fromtimestamp(now // 1000, place)
    if window is Window.HOUR:
        wall = local.replace(minute=0, second=0, tzinfo=None, fold=0)
        return wall_instant(wall, place, local.fold) * 1000
    return _midnight(_first_day(window, local.date()), place) * 1000


def window_end(window: Window, zone: str, now: int) -> int:
    """The first instant after the window that holds `now`: when its cap starts anew. `NEVER` for TOTAL."""
    if window is Window.TOTAL:
        return NEVER
    place = ZoneInfo(zone)
    moment = now // 1000
    local = datetime.fromtimestamp(moment, place)
    if window is Window.HOUR:
        wall = local.replace(minute=0, second=0, tzinfo=None, fold=0)
        after = wall + timedelta(hours=1)
        ends = (wall_instant(wall, place, 1), wall_instant(after, place), wall_instant(after, place, 1))
        return min(end for end in ends if end > moment) * 1000
    first = _first_day(window, local.date())
    if window is Window.MONTH:
        return _midnight((first + timedelta(days=31)).replace(day=1), place) * 1000
    return _midnight(first + timedelta(days=7 if window is Window.WEEK else 1), place) * 1000


class OpeningHours:
    """One schedule that remembers its answer until it lapses, so that asking for each lead costs nothing."""

    __slots__ = ("_hours", "_open", "_since", "_turns", "_until", "_zone", "zone")

    def __init__(self, zone: str, hours: tuple[Hours, ...]) -> None:
        """Raises `ZoneInfoNotFoundError` or `ValueError` when there is no such zone."""
        self.zone = zone
        self._zone = ZoneInfo(zone)
        self._hours = hours
        self._open, self._turns = True, False
        self._since, self._until = 0, 0 if hours else NEVER

    def open_at(self, now: int) -> bool:
        if not self._since <= now < self._until:  # also when the clock was set back
            self._remember(now)
        return self._open

    def next_opening(self, now: int) -> int | None:
        """As `schedule.next_opening`."""
        if self.open_at(now):
            return now
        return self._until if self._turns else None

    def _remember(self, now: int) -> None:
        self._open = _is_open(self._hours, self._zone, now // 1000)
        self._since, self._turns = now, False
        for moment in _boundaries(self._hours, self._zone, now // 1000):
            self._until = moment * 1000
            if _is_open(self._hours, self._zone, moment) != self._open:
                self._turns = True
                return


class ZoneWindows:
    """The cap windows of one zone, remembered until they lapse."""

    __slots__ = ("_known", "_spread", "zone")

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._known: dict[Window, tuple[int, int, int, int]] = {}  # since, until, start, weekday
        self._spread: dict[tuple[Window, tuple[int, ...], tuple[Hours, ...]], _Spread] = {}

    def by_now(self, cap: Cap, hours: tuple[Hours, ...], now: int) -> int:
        """How much of a cap may be used so far when it is spread evenly over the time of its window that these hours
        and its weekdays leave: a share that grows with that time, and all of it at its end.
        """
        if cap.window is Window.TOTAL:
            return cap.most
        key, start = (cap.window, cap.weekdays, hours), self.start(cap.window, now)
        spread = self._spread.get(key)
        if spread is None or spread.start != start:
            spread = self._spread[key] = _spread(cap, hours, self.zone, now, start)
        return spread.share(cap.most, now)

    def start(self, window: Window, now: int) -> int:
        return self._at(window, now)[2]

    def weekday(self, now: int) -> int:
        """0 Monday … 6 Sunday, in the zone."""
        return self._at(Window.DAY, now)[3]

    def _at(self, window: Window, now: int) -> tuple[int, int, int, int]:
        known = self._known.get(window)
        if known is None or not known[0] <= now < known[1]:
            weekday = datetime.fromtimestamp(now // 1000, ZoneInfo(self.zone)).weekday()
            start, end = window_start(window, self.zone, now), window_end(window, self.zone, now)
            known = self._known[window] = (now, end, start, weekday)
        return known


class _Spread(NamedTuple):
    """The open time of one window: where each stretch of it begins and how long it is (ms), in order."""

    start: int
    begins: tuple[int, ...]
    lasts: tuple[int, ...]
    whole: int

    def share(self, most: int, now: int) -> int:
        """At least one while it is open: rounded up."""
        if not self.whole:
            return most
        pairs = zip(self.begins, self.lasts, strict=True)
        gone = sum(min(max(now + 1 - begin, 0), length) for begin, length in pairs)
        return -(-most * gone // self.whole)


def _spread(cap: Cap, hours: tuple[Hours, ...], zone: str, now: int, start: int) -> _Spread:
    place, end = ZoneInfo(zone), window_end(cap.window, zone, now) // 1000
    begins: list[int] = []
    lasts: list[int] = []
    at = start // 1000
    while at < end:
        for moment in _boundaries(hours, place, at):
            until = min(moment, end)
            weekday = datetime.fromtimestamp(at, place).weekday()
            if (not hours or _is_open(hours, place, at)) and (not cap.weekdays or weekday in cap.weekdays):
                begins.append(at * 1000)
                lasts.append((until - at) * 1000)
            at = until
            if at >= end:
                break
    return _Spread(start, tuple(begins), tuple(lasts), sum(lasts))


def _is_open(hours: tuple[Hours, ...], zone: ZoneInfo, moment: int) -> bool:
    local = datetime.fromtimestamp(moment, zone)
    minute, weekday = local.hour * 60 + local.minute, local.weekday()
    return any(_covers(each, minute, weekday) for each in hours)


def _covers(hours: Hours, minute: int, weekday: int) -> bool:
    """Closing at or before opening means closing on the next day; such hours belong to the day they open."""
    closes = hours.closes if hours.closes > hours.opens else hours.closes + DAY_MINUTES
    if weekday in hours.weekdays and hours.opens <= minute < closes:
        return True
    return (weekday - 1) % 7 in hours.weekdays and hours.opens <= minute + DAY_MINUTES < closes


def _boundaries(hours: tuple[Hours, ...], zone: ZoneInfo, moment: int) -> Iterator[int]:
    """Every second after `moment`, in order, at which the hours may begin or end: between two nothing changes."""
    minutes = {0} | {minute % DAY_MINUTES for each in hours for minute in (each.opens, each.closes)}
    today = datetime.fromtimestamp(moment, zone).date()
    for ahead in range(SEARCH_DAYS):
        day = today + timedelta(days=ahead)
        yield from sorted(second for second in _day_boundaries(day, minutes, zone) if second > moment)


def _day_boundaries(day: date, minutes: set[int], zone: ZoneInfo) -> set[int]:
    midnight = datetime(day.year, day.month, day.day)
    walls = [midnight + timedelta(minutes=minute) for minute in minutes]
    found = {wall_instant(wall, zone, fold) for wall in walls for fold in (0, 1)}
    begins, ends = _midnight(day, zone), _midnight(day + timedelta(days=1), zone)
    if _offset(begins, zone) != _offset(ends, zone):
        found.add(_transition(begins, ends, zone))
    return found


def _first_day(window: Window, day: date) -> date:
    if window is Window.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if window is Window.MONTH else day


def _midnight(day: date, zone: ZoneInfo) -> int:
    return wall_instant(datetime(day.year, day.month, day.day), zone)


def wall_instant(wall: datetime, zone: ZoneInfo, fold: int = 0) -> int:
    """The second at which the clock shows `wall`, the first or second time; in a gap the first second after it."""
    second = int(wall.replace(tzinfo=zone, fold=fold).timestamp())
    if datetime.fromtimestamp(second, zone).replace(tzinfo=None, fold=0) == wall:
        return second
    before = int(wall.replace(tzinfo=zone, fold=1).timestamp())  # in a gap the later offset gives the earlier instant
    after = int(wall.replace(tzinfo=zone, fold=0).timestamp())
    return _transition(before, after, zone)


def _transition(low: int, high: int, zone: ZoneInfo) -> int:
    """The first second of the new offset, which comes after `low` and not after `high`."""
    old = _offset(low, zone)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(middle, zone) == old else (low, middle)
    return high


def _offset(second: int, zone: ZoneInfo) -> timedelta | None:
    return datetime.fromtimestamp(second, zone).utcoffset()
