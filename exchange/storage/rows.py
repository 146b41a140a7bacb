"""Lists inside portable SQL: `IN (…)` and `VALUES (…), (…)` written out with named parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def listed(name: str, values: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """`(:name_0, :name_1)` and its parameters, for `column IN …`.

    Filled up with the last value to a power of two, so that few different statements exist. `values` is not empty.
    """
    assert values, "an empty list has no SQL"
    size = 1 << (len(values) - 1).bit_length()
    filled = [*values, *[values[-1]] * (size - len(values))]
    names = ", ".join(f":{name}_{index}" for index in range(size))
    return f"({names})", {f"{name}_{index}": value for index, value in enumerate(filled)}


def values_of(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """`VALUES (:a_0, :b_0), (:a_1, :b_1)` and its parameters, for inserts and CTEs. `rows` is not empty."""
    assert rows, "an empty list has no SQL"
    lines = ", ".join("(" + ", ".join(f":{name}_{index}" for name in names) + ")" for index in range(len(rows)))
    params = {f"{name}_{index}": row[name] for index, row in enumerate(rows) for name in names}
    return f"VALUES {lines}", params
