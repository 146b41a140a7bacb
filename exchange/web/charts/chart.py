"""What every chart is: a picture that says in one sentence what it shows, and a table that holds the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

NODES_MOST = 2_000
"""A picture of more nodes is slow to draw and shows no more: charts put neighbours together before."""


@dataclass(frozen=True, slots=True)
class Twin:
    """The same figures as a table. The first cell of a row names it; `foot` is the sum, if there is one."""

    head: tuple[str, ...]
    rows: tuple[tuple[str | Markup, ...], ...]
    foot: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """`summary` names the main figure: it is the picture's accessible name."""

    picture: Markup
    summary: str
    twin: Twin


def thin(values: Sequence[float], most: int) -> list[float]:
    """At most so many values, each the mean of its neighbours."""
    if len(values) <= most:
        return list(values)
    step = -(-len(values) // most)
    parts = [values[at : at + step] for at in range(0, len(values), step)]
    return [sum(part) / len(part) for part in parts]


def together(count: int, most: int) -> int:
    """How many neighbours go into one, so that at most so many are drawn."""
    return max(-(-count // most), 1)
