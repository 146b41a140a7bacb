"""The chart of an answer: lines over time, bars over anything else; never without its table."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from exchange.model.analysis import Unit
from exchange.stages.reasons import currency_sign
from exchange.web.analytics.answer import Answer
from exchange.web.analytics.values import OTHERS, dimension_name, figure, value_name
from exchange.web.charts.across import Across, across
from exchange.web.charts.chart import Chart
from exchange.web.charts.lines import Line, lines
from exchange.web.charts.stacked import Group, Series, stacked

BARS = 15
_STACKS, _LETTERS = 6, 11  # side by side, each with its name beneath
_TONES = ("one", "good", "warn", "bad", "five")
_STACKED = ("one", "sale", "warn", "bad", "five", "own")


class Drawn(NamedTuple):
    """`legend` names the colours: a class and its words; with one series there is none."""

    chart: Chart
    legend: tuple[tuple[str, str], ...] = ()


def drawn(made: Answer) -> Drawn | None:
    """None where there is nothing to draw."""
    if not made.found.rows or not made.asked.groups:
        return None
    if made.asked.timed:
        return _over_time(made)
    if len(made.asked.groups) == 2 and made.shown.unit in (Unit.COUNT, Unit.MONEY):
        return _side_by_side(made)
    return _bars(made)


def _over_time(made: Answer) -> Drawn:
    axis = made.axis()
    names = [value_name(made.market, made.times, made.asked.groups[0], at) for at in axis]
    if len(made.asked.groups) == 1:
        series = [Line(made.shown.title, tuple(_value(made, (at,)) for at in axis))]
        legend: list[tuple[str, str]] = []
        if made.old is not None:
            before = tuple(made.figure(made.shown, (at,), made.old).value or 0.0 for at in axis)
            series.append(Line(_before(made), before, dashed=True))
            legend = [("k-one", made.shown.title), ("ln", _before(made))]
    else:
        values = made.ranked(1)[: len(_TONES)]
        called = [value_name(made.market, made.times, made.asked.groups[1], value) for value in values]
        series = [
            Line(name, tuple(_value(made, (at, value)) for at in axis), tone)
            for name, value, tone in zip(called, values, _TONES, strict=False)
        ]
        legend = [(f"k-{tone}", name) for name, tone in zip(called, _TONES, strict=False)]
    sign, unit, decimals = _scale(made)
    return Drawn(lines(names, series, _summary(made), sign=sign, unit=unit, decimals=decimals), tuple(legend))


def _before(made: Answer) -> str:
    told = made.asked.period.compared
    return told[:1].upper() + told[1:]


def _value(made: Answer, key: tuple[str, ...]) -> float:
    return max(made.figure(made.shown, key).value or 0.0, 0.0)


def _side_by_side(made: Answer) -> Drawn:
    """Each bar one value of the first group, its parts the largest of the second."""
    rows, columns = made.ranked(0)[:_STACKS], made.ranked(1)
    shown = columns[: len(_STACKED) - 1] if len(columns) > len(_STACKED) else columns
    kept = [*shown, *([OTHERS] if len(shown) < len(columns) else [])]
    sums: dict[tuple[str, str], Counter[str]] = {}
    for (first, second), each in made.found.rows.items():
        sums.setdefault((first, second if second in shown else OTHERS), Counter()).update(each)
    groups = [
        Group(_short(_name(made, 0, row)), tuple(_of(made, sums.get((row, column), Counter())) for column in kept))
        for row in rows
    ]
    series = [Series(_name(made, 1, column), tone) for column, tone in zip(kept, _STACKED, strict=False)]
    sign, _, decimals = _scale(made)
    legend = tuple((f"k-{each.tone}", each.name) for each in series)
    return Drawn(stacked(groups, series, _summary(made), sign=sign, decimals=decimals), legend)


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else f"{name[: _LETTERS - 1].rstrip()}…"


def _name(made: Answer, place: int, value: str) -> str:
    return value_name(made.market, made.times, made.asked.groups[place], value)


def _of(made: Answer, sums: Counter[str]) -> float:
    return figure(made.shown, sums, made.asked.currency, placed=made.placed).value or 0.0


def _bars(made: Answer) -> Drawn:
    rows = [
        Across(" · ".join(made.names(key)), max(told.figure.value or 0.0, 0.0), told.figure.told, href=told.href)
        for key in made.keys[:BARS]
        for told in [made.cell(made.shown, key)]
    ]
    head = (" and ".join(dimension_name(name) for name in made.asked.groups), made.shown.title)
    return Drawn(across(rows, _summary(made), head))


def _summary(made: Answer) -> str:
    by = " and ".join(_small(dimension_name(name)) for name in made.asked.groups)
    return f"{made.shown.title} by {by}, {made.asked.period.told}: {made.total_figure(made.shown).told} in all"


def _small(name: str) -> str:
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


def _scale(made: Answer) -> tuple[str, str, int]:
    """Sign, unit and decimals of the axis and the table."""
    unit = made.shown.unit
    if unit in (Unit.MONEY, Unit.EACH):
        return currency_sign(made.asked.currency), "", 2
    if unit is Unit.SHARE:
        return "", "%", 1
    return ("", " ms", 0) if unit is Unit.MS else ("", "", 0)
