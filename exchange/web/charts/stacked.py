"""Stacked bars over time or groups, with what is compared with as a dashed line that ends where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from exchange.web.charts.axes import Plane, round_up
from exchange.web.charts.chart import Chart, Twin, together
from exchange.web.charts.svg import drawing, label, line, linked, points, rect, tag

_HEIGHT = 214.0
_GROUPS_MOST = 200
_LABELS = 6


@dataclass(frozen=True, slots=True)
class Series:
    """What one colour stands for. `tone` is a class of the stylesheet: `payout`, `margin`, `sale`."""

    name: str
    tone: str


@dataclass(frozen=True, slots=True)
class Group:
    """One bar: a value for each series, what it is compared with (None: not yet), and whether it is now."""

    name: str
    values: tuple[float, ...]
    before: float | None = None
    now: bool = False
    href: str = ""

    @property
    def sum(self) -> float:
        return sum(max(value, 0.0) for value in self.values)


def stacked(
    groups: Sequence[Group],
    series: Sequence[Series],
    summary: str,
    *,
    sign: str = "",
    before: str = "",
    decimals: int = 2,
    sums: Sequence[str] = (),
) -> Chart:
    """The first series stands at the foot. `before` names the line, `sign` is the currency's; `sums` are those of the
    series, where they are known more exactly than the bars.
    """
    drawn = _merged(groups)
    plane = Plane(round_up(max([max(each.sum, each.before or 0.0) for each in drawn], default=0.0)))
    step = 1 / max(len(drawn), 1)
    parts = plane.grid(sign)
    every = max(-(-len(drawn) // _LABELS), 1)
    for index, each in enumerate(drawn):
        parts.append(_bar(plane, each, series, index * step, step, f"{sign}{{:,.{decimals}f}}"))
        if index % every == 0:
            parts.append(label(plane.x((index + 0.5) * step), _HEIGHT - 5, each.name, "ax", "middle"))
        if each.now:
            x = plane.x((index + 0.5) * step)
            parts.append(line(x, plane.upper, x, plane.lower, "c-now"))
            late = x > plane.right - 30
            parts.append(
                label(x - 4 if late else x + 4, plane.upper + 4, "now", "ax c-nowt", "end" if late else "start")
            )
    if any(each.before for each in drawn):
        places = [
            (plane.x((index + 0.5) * step), plane.y(each.before))
            for index, each in enumerate(drawn)
            if each.before is not None
        ]
        parts.append(tag("polyline", points=points(places), class_="c-before"))
    return Chart(
        drawing(plane.right, _HEIGHT, summary, parts, class_="chart"),
        summary,
        _twin(groups, series, before, decimals, sums),
    )


def _bar(plane: Plane, group: Group, series: Sequence[Series], at: float, step: float, form: str) -> Markup:
    x, width = plane.x(at + step * 0.14), (plane.right - plane.left) * step * 0.72
    told = ", ".join(
        f"{each.name.lower()} {form.format(value)}" for each, value in zip(series, group.values, strict=True)
    )
    inside, low = [tag("title", f"{group.name}: {told}")], 0.0
    for each, value in zip(series, group.values, strict=True):
        high = low + max(value, 0.0)
        inside.append(rect(x, plane.y(high), width, plane.y(low) - plane.y(high), f"c-{each.tone}", 1.5))
        low = high
    bar = tag("g", *inside, class_="now" if group.now else None)
    return linked(bar, group.href)


def _merged(groups: Sequence[Group]) -> list[Group]:
    """Neighbours together, where there are too many to be seen."""
    size = together(len(groups), _GROUPS_MOST)
    if size == 1:
        return list(groups)
    return [_sum(groups[at : at + size]) for at in range(0, len(groups), size)]


def _sum(part: Sequence[Group]) -> Group:
    known = [each.before for each in part if each.before is not None]
    values = tuple(sum(column) for column in zip(*(each.values for each in part), strict=True))
    return Group(part[0].name, values, sum(known) if known else None, any(each.now for each in part))


def _twin(groups: Sequence[Group], series: Sequence[Series], before: str, decimals: int, known: Sequence[str]) -> Twin:
    form = f"{{:,.{decimals}f}}"
    head = ("", *(each.name for each in series), *((before,) if before else ()))
    rows = [
        (
            each.name,
            *(form.format(value) for value in each.values),
            *(("" if each.before is None else form.format(each.before),) if before else ()),
        )
        for each in groups
        if any(each.values) or each.before
    ]
    sums = known or [form.format(sum(each.values[at] for each in groups)) for at in range(len(series))]
    return Twin(head, tuple(rows), ("Sum", *sums, *(("",) if before else ())))
