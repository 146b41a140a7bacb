"""What another floor or another price would have brought, from the record of bids and sales: a range, never a promise.

A floor in a first-price auction earns nothing by itself: bids under it are lost, unless their buyers bid more. How many
would is not known, so a raise is told as a range from nobody to everybody, with its middle; that is an estimate until a
hold-out has shown it. A lower floor sells what was unsold under the old one: at its bids, or, when everybody bids just
what must be, at the floor, and what was sold at the old floor for less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from exchange.stages.quality.rates import Rate

_CENT = 100  # money units
_STEP = 50 * _CENT  # floors are tried in steps of half a unit of money
_STRETCH_PERCENT = 70  # a buyer that bid less than this of a new floor does not follow it
_AT_FLOOR_PERCENT = 102  # bids up to this of the floor are bids of just the floor
_ROUNDS, _CHANGED = 40, 8
_LEAST_GAIN_PERCENT = 2
_WEEK_DAYS = 7


class Round(NamedTuple):
    """One lead: its best bid in money units (0 without one), and what it brought."""

    lead_id: str
    state: str
    best: int
    brought: int


class FloorIdea(NamedTuple):
    """Another floor for one state. `low`, `middle` and `high` are what it changes in a week, in money units.

    `rounds` leads stand behind it, of which `changed` would have gone otherwise: `lead_ids` are some of those.
    """

    state: str
    floor: int
    before: int
    low: int
    middle: int
    high: int
    rounds: int
    changed: int
    lead_ids: tuple[str, ...]

    @property
    def raises(self) -> bool:
        return self.floor > self.before


def floor_ideas(rounds: Iterable[Round], floors: Mapping[str, int], usual: int, days: float) -> list[FloorIdea]:
    """The best other floor of each state, those that bring most first. `floors` are those in force, else `usual`."""
    by_state: dict[str, list[Round]] = {}
    for each in rounds:
        by_state.setdefault(each.state, []).append(each)
    found = []
    for state, own in sorted(by_state.items()):
        if state and len(own) >= _ROUNDS:
            before = floors.get(state, usual)
            ideas = [_idea(state, own, floor, before, days) for floor in _candidates(own, before)]
            worth = [idea for idea in ideas if idea is not None]
            if worth:
                found.append(max(worth, key=lambda idea: (idea.middle, -abs(idea.floor - before))))
    return sorted(found, key=lambda idea: -idea.middle)


def _candidates(rounds: Sequence[Round], before: int) -> list[int]:
    best = sorted(each.best for each in rounds if each.best)
    if not best:
        return []
    low, high = best[0] // _STEP * _STEP, best[len(best) // 2] // _STEP * _STEP
    step = max((high - low) // 40 // _STEP * _STEP, _STEP)
    return [floor for floor in range(max(low, 0), high + 1, step) if floor != before]


def _idea(state: str, rounds: Sequence[Round], floor: int, before: int, days: float) -> FloorIdea | None:
    now = sum(each.brought for each in rounds)
    if floor > before:
        hit = [each for each in rounds if each.brought and each.best < floor]
        low = -sum(each.brought for each in hit)
        follow = [each for each in hit if each.best * 100 >= floor * _STRETCH_PERCENT]
        high = sum(floor - each.brought for each in follow) - sum(each.brought for each in hit if each not in follow)
    else:
        hit = [each for each in rounds if not each.brought and floor <= each.best < before]
        high = sum(each.best for each in hit)
        at_floor = [each for each in rounds if each.brought and each.best * 100 <= before * _AT_FLOOR_PERCENT]
        saved = sum(each.brought - floor for each in at_floor if each.brought > floor)
        low = floor * len(hit) - saved  # everybody bids just what must be
    middle = (low + high) // 2
    if len(hit) < _CHANGED or middle * 100 < max(now, 1) * _LEAST_GAIN_PERCENT:
        return None
    low, middle, high = (_weekly(amount, days) for amount in (low, middle, high))
    some = tuple(each.lead_id for each in hit[:5])
    return FloorIdea(state, floor, before, low, middle, high, len(rounds), len(hit), some)


def _weekly(units: int, days: float) -> int:
    """In a week, to whole cents; `days` is how long the record is."""
    weeks = max(int(days * 24), 24)
    return units * _WEEK_DAYS * 24 // weeks // _CENT * _CENT


class PriceIdea(NamedTuple):
    """Another price of a contract for the leads of one band, so that a conversion costs it what it does on average.

    `low`, `middle` and `high` are what the buyer would pay more (less: negative) in a week, in money units.
    """

    contract_id: str
    band: str
    price: int
    before: int
    low: int
    middle: int
    high: int
    sold: int
    rate: Rate


_APART = 0.9  # so sure the band must convert otherwise
_LEADS = 40
_MOST_CHANGE_PERCENT = 40


def price_idea(
    contract_id: str, band: str, before: int, sold: int, rate: Rate, overall: float, days: float
) -> PriceIdea | None:
    """What `sold` leads of a band are worth to a contract that pays `before` for them, beside its `overall` rate."""
    if sold < _LEADS or overall <= 0.0:
        return None
    above = rate.above(overall)
    if 1.0 - _APART < above < _APART:
        return None
    low_rate, high_rate = rate.bounds
    prices = [_fair(before, value, overall) for value in (low_rate, rate.value, high_rate)]
    low, middle, high = sorted(_weekly((price - before) * sold, days) for price in prices)
    if prices[1] == before:
        return None
    return PriceIdea(contract_id, band, prices[1], before, low, middle, high, sold, rate)


def _fair(before: int, rate: float, overall: float) -> int:
    """The price at which a conversion costs the same, within bounds, to half a unit of money."""
    thousandths = round(rate / overall * 1000)
    least, most = 1000 - _MOST_CHANGE_PERCENT * 10, 1000 + _MOST_CHANGE_PERCENT * 10
    return before * min(max(thousandths, least), most) // 1000 // _STEP * _STEP
