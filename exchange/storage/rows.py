"""Lists inside portable SQL: `IN (…)` and `VALUES (…), (…)` written out with named parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any


def listed(name: str, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """`(:name_0, :name_1)` and its parameters, for `column IN …`.

    Filled up with the last value to a power of two, so that few different statements exist. `values` is not empty.
    """
    assert values, "an empty list has no SQL"
    size = 1 << (len(values) - 1).bit_length()
    filled = [*values, *[values[-1]] * (size - len(values))]
    text, names = _in_list(name, size)
    return text, dict(zip(names, filled, strict=True))


def values_of(names: tuple[str, ...], rows: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """`VALUES (:a_0, :b_0), (:a_1, :b_1)` and its parameters, for inserts and CTEs. `rows` is not empty."""
    assert rows, "an empty list has no SQL"
    text, params = _written(names, len(rows))
    return text, dict(zip(params, [row[name] for row in rows for name in names], strict=True))


def inserted(
    table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]], after: str = ""
) -> tuple[str, dict[str, Any]]:
    """An INSERT of `rows`, in the order of the columns, and its parameters. `after` is what follows the values."""
    assert rows, "an empty list has no SQL"
    text, params = _insert(table, columns, len(rows), after)
    return text, dict(zip(params, chain.from_iterable(rows), strict=True))


@lru_cache(maxsize=512)
def _insert(table: str, columns: tuple[str, ...], count: int, after: str) -> tuple[str, tuple[str, ...]]:
    values, params = _written(columns, count)
    return f"INSERT INTO {table} ({', '.join(columns)}) {values} {after}".rstrip(), params


@lru_cache(maxsize=512)
def _written(names: tuple[str, ...], count: int) -> tuple[str, tuple[str, ...]]:
    """The text for `count` rows and the names of its parameters in order; hot units ask for the same few."""
    params = [[f"{name}_{index}" for name in names] for index in range(count)]
    text = ", ".join("(" + ", ".join(f":{param}" for param in row) + ")" for row in params)
    return f"VALUES {text}", tuple(param for row in params for param in row)


@lru_cache(maxsize=512)
def _in_list(name: str, count: int) -> tuple[str, tuple[str, ...]]:
    names = tuple(f"{name}_{index}" for index in range(count))
    return "(" + ", ".join(f":{each}" for each in names) + ")", names


def as_written(text: str) -> str:
    """For `LIKE … ESCAPE '!'`: a text in which it finds nothing but itself."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
