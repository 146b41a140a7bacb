"""What each source, campaign, creative or sub id brought: in the week its leads came, and in the week money moved.

Both are made of the same cells, one for each week of arrival and week of booking, so they sum to the same unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from exchange.model.attribution import CostRow, Touch
from exchange.stages.attribution.models import MODELS, RULES, Path, credit, linear, removal_effects, shared

NOBODY = "(not named)"
_QUARTER_MS = 900_000
_WHOLE = 1_000_000_000_000


class Journey(NamedTuple):
    """A lead's path, whether it stands sold, and what it brought: (moment, units) as booked."""

    arrived_at: int
    path: tuple[Touch, ...]
    sold: bool
    booked: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One channel. `leads` came by it last; `by_model` holds conversions in millionths and units."""

    name: str
    leads: int
    by_model: Mapping[str, tuple[int, int]]
    cost: int
    clicks: int

    def profit(self, model: str) -> int:
        return self.by_model[model][1] - self.cost


class Week(NamedTuple):
    """The Monday of a week (`2026-11-16`), what leads that came in it brought, and what was booked in it."""

    monday: str
    cohort: int
    cash: int


@dataclass(frozen=True, slots=True)
class Report:
    lines: tuple[Line, ...]
    weeks: tuple[Week, ...]
    leads: int
    conversions: int
    units: int
    cost: int


def report(journeys: Sequence[Journey], costs: Sequence[CostRow], by: str, zone: str) -> Report:
    """Every model side by side. The sums of each are those of the books, to the last unit."""
    place = ZoneInfo(zone)
    named = [(each, tuple(touch.named(by) or NOBODY for touch in each.path)) for each in journeys]
    paths = [_path(journey, channels) for journey, channels in named]
    by_model = {model: _shares(model, named, paths, place) for model in MODELS}
    spent: dict[str, int] = defaultdict(int)
    clicks: dict[str, int] = defaultdict(int)
    for cost in costs:
        name = (getattr(cost, by, "") if by != "sub_id" else "") or NOBODY
        spent[name] += cost.units
        clicks[name] += cost.clicks
    last: dict[str, int] = defaultdict(int)
    for _, channels in named:
        last[channels[-1]] += 1
    names = sorted({*last, *spent, *(name for shares in by_model.values() for name in shares)})
    lines = [
        Line(
            name, last[name], {model: by_model[model].get(name, (0, 0)) for model in MODELS}, spent[name], clicks[name]
        )
        for name in names
    ]
    lines.sort(key=lambda line: (-line.by_model["linear"][1], -line.leads, line.name))
    booked = sum(units for each in journeys for _, units in each.booked)
    sold = sum(each.sold for each in journeys)
    return Report(tuple(lines), _weeks(journeys, place), len(journeys), sold, booked, sum(spent.values()))


def _shares(
    model: str, named: Sequence[tuple[Journey, tuple[str, ...]]], paths: Sequence[Path], place: ZoneInfo
) -> dict[str, tuple[int, int]]:
    """Conversions and units by channel. Money is shared booking by booking: a return takes back what the sale gave."""
    counts = {name: each.conversions_millionths for name, each in credit(model, paths).items()}
    units: dict[str, int] = defaultdict(int)
    if model in RULES:
        for path, (journey, channels) in zip(paths, named, strict=True):
            if journey.booked:
                _give(units, channels, RULES[model](path), [amount for _, amount in journey.booked])
        return {name: (counts.get(name, 0), units[name]) for name in {*counts, *units}}
    effects = removal_effects(paths)
    if not any(effects.values()):  # nobody converted: what was booked all the same is shared evenly
        for path, (journey, channels) in zip(paths, named, strict=True):
            _give(units, channels, linear(path), [amount for _, amount in journey.booked])
        return {name: (0, units[name]) for name in units}
    names = sorted(effects)
    weights = [round(effects[name] * _WHOLE) for name in names]
    _give(units, names, weights, _cells(named, place).values())
    return {name: (counts.get(name, 0), units[name]) for name in names}


def _path(journey: Journey, channels: tuple[str, ...]) -> Path:
    at = tuple(touch.at for touch in journey.path)
    return Path(channels, int(journey.sold), 0, int(not journey.sold), at, journey.arrived_at)


def _give(units: dict[str, int], names: Sequence[str], weights: Sequence[int], amounts: Iterable[int]) -> None:
    for amount in amounts:
        for name, part in zip(names, shared(amount, weights), strict=True):
            units[name] += part


def _cells(named: Iterable[tuple[Journey, object]], place: ZoneInfo) -> dict[tuple[str, str], int]:
    """Units by week of arrival and week of booking."""
    cells: dict[tuple[str, str], int] = defaultdict(int)
    for journey, _ in named:
        for at, amount in journey.booked:
            cells[monday(journey.arrived_at, place), monday(at, place)] += amount
    return cells


def _weeks(journeys: Sequence[Journey], place: ZoneInfo) -> tuple[Week, ...]:
    cohort: dict[str, int] = defaultdict(int)
    cash: dict[str, int] = defaultdict(int)
    for (arrived, booked), amount in _cells(((each, None) for each in journeys), place).items():
        cohort[arrived] += amount
        cash[booked] += amount
    return tuple(Week(week, cohort[week], cash[week]) for week in sorted({*cohort, *cash}))


def monday(at: int, place: ZoneInfo) -> str:
    """The Monday of the week of an instant, as its zone has it."""
    return _monday(at // _QUARTER_MS, place)


@lru_cache(maxsize=65_536)  # no zone changes its clocks but at a quarter of an hour
def _monday(quarter: int, place: ZoneInfo) -> str:
    day: date = datetime.fromtimestamp(quarter * _QUARTER_MS // 1000, place).date()
    return (day - timedelta(days=day.weekday())).isoformat()
