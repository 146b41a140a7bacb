"""What the columns of a small file mean: guessed by their names, or said by a person. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from exchange.stages.field_names import fold


class BadColumns(ValueError):
    """What was said of the columns cannot be; the sentence says why."""


def guess_columns(columns: Sequence[str], names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What each column means by its name, given the folded `names` of each meaning; one that is none of them is left
    out. Nothing is guessed twice."""
    found: dict[str, str] = {}
    for meaning, known in names.items():
        places = {fold(column): column for column in reversed(columns) if column not in found}
        column = next((places[name] for name in known if name in places), None)
        if column is not None:
            found[column] = meaning
    return found


def said_columns(columns: Mapping[str, str], meanings: Mapping[str, str]) -> dict[str, str]:
    """What was said of each column; an empty meaning leaves one out. `meanings` are all there are, in words.

    Raises `BadColumns`.
    """
    said = {column: meaning for column, meaning in columns.items() if meaning}
    for meaning, count in Counter(said.values()).items():
        if meaning not in meanings:
            raise BadColumns(f"No column can be {meaning[:40]}.")
        if count > 1:
            raise BadColumns(f"Two columns cannot both be: {meanings[meaning]}.")
    return said
