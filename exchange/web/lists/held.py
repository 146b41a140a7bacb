"""Lists whose rows are all at hand, as sellers are: ordered and cut here, as a query would."""

from __future__ import annotations

from collections.abc import Iterable

from exchange.storage.spans import Span
from exchange.web.lists.shape import Line, Shape


def held(lines: Iterable[Line], shape: Shape[Line], span: Span) -> list[Line]:
    """The stretch of them that is asked for."""
    column = shape.column(span.sort) or shape.order
    sorts = column.sorts
    assert sorts is not None, "a list is ordered by what it can be ordered by"
    placed = sorted((((sorts(line), shape.id_of(line)), line) for line in lines), key=lambda each: each[0])
    if span.falling:
        placed.reverse()
    for mark, beyond in ((span.after, span.falling), (span.newer, not span.falling)):
        if mark is not None:
            placed = [each for each in placed if (each[0] < mark if beyond else each[0] > mark)]
    return [line for _, line in placed[: span.limit]]
