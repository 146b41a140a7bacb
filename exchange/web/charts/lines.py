"""Lines over time: one for each series, in tones that differ in lightness too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.web.charts.axes import Plane, round_up
from exchange.web.charts.chart import Chart, Twin, thin
from exchange.web.charts.svg import drawing, label, points, tag

_WIDTH, _HEIGHT = 860.0, 230.0
_POINTS_MOST = 300
_LABELS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """Values at each name of the axis. `tone` is a class of the stylesheet; `dashed` says that it is compared with."""

    name: str
    values: tuple[float, ...]
    tone: str = "one"
    dashed: bool = False


def lines(
    names: Sequence[str], series: Sequence[Line], summary: str, *, sign: str = "", unit: str = "", decimals: int = 2
) -> Chart:
    """All series over the same axis. Each ends where its values do. `decimals` are those of the table."""
    top = round_up(max([max(each.values, default=0.0) for each in series], default=0.0))
    plane = Plane(top, right=_WIDTH - 10, lower=_HEIGHT - 30)
    parts = plane.grid(sign, unit)
    last = max(len(names) - 1, 1)
    every = max(-(-len(names) // _LABELS), 1)
    parts += [
        label(plane.x(index / last), _HEIGHT - 12, name, "ax", "end" if 0 < index == last else "middle")
        for index, name in enumerate(names)
        if index % every == 0
    ]
    for each in series:
        values = thin(each.values, _POINTS_MOST)
        reach = (len(each.values) - 1) / last / max(len(values) - 1, 1)
        places = [(plane.x(min(index * reach, 1.0)), plane.y(value)) for index, value in enumerate(values)]
        shape = tag("polyline", points=points(places), class_="c-before" if each.dashed else f"t-{each.tone} c-line")
        parts.append(tag("g", tag("title", each.name), shape))
    rows = tuple(
        (name, *(f"{each.values[index]:,.{decimals}f}" if index < len(each.values) else "" for each in series))
        for index, name in enumerate(names)
    )
    picture = drawing(_WIDTH, _HEIGHT, summary, parts, class_="chart")
    return Chart(picture, summary, Twin(("", *(each.name for each in series)), rows))
