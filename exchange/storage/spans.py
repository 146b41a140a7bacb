"""A stretch of an ordered list: which row it begins after, how it is ordered, and how many rows it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """`sort` is the name of an order, empty for the list's own. `after` is what the last row seen has there, and its
    id; `newer` asks for what stands before that row instead. The row's place never moves: no page is skipped.
    """

    sort: str = ""
    falling: bool = True
    after: tuple[int | str, str] | None = None
    newer: tuple[int | str, str] | None = None
    limit: int = 50


TOP = Span()
"""The first page of a list in its own order, the newest first."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """The same as SQL: conditions, their parameters, and the order."""

    where: tuple[str, ...]
    params: Mapping[str, object]
    order: str


def stretch_of(span: Span, columns: Mapping[str, str], id_column: str) -> Stretch:
    """`columns` are the orders of a list by name, the first its own; each is an expression that is never null."""
    column = columns.get(span.sort) or next(iter(columns.values()))
    further, back, way = ("<", ">", "DESC") if span.falling else (">", "<", "ASC")
    where: list[str] = []
    params: dict[str, object] = {}
    for name, mark, sign in (("after", span.after, further), ("newer", span.newer, back)):
        if mark is not None:
            where.append(f"({column}, {id_column}) {sign} (:{name}_value, :{name}_id)")
            params |= {f"{name}_value": mark[0], f"{name}_id": mark[1]}
    return Stretch(tuple(where), params, f"{column} {way}, {id_column} {way}")
