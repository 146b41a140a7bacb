"""Their names for fields become ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """A message's fields under our names; None when that cannot be, and `problems` say why."""

    fields: Mapping[str, str] | None
    problems: tuple[str, ...] = ()


def rename(fields: Mapping[str, str], columns: Mapping[str, str], constants: Mapping[str, str]) -> Named:
    """Give fields our names. A name of theirs is looked up as it is: `1.3` is a name and no path.

    An empty name of ours leaves the field out; what `columns` does not name keeps its own. Where `columns` gives one
    of ours to several of theirs, the first of them that was filled in counts, and the others keep their own names.
    Otherwise two of theirs may mean one of ours when they say the same, or when one of them is empty. `constants` fill
    in what was not sent.
    """
    found: dict[str, str] = {}
    origin: dict[str, str] = {}
    problems: list[str] = []
    chosen: dict[str, str] = {}
    for theirs, ours in columns.items():
        if fields.get(theirs):
            chosen.setdefault(ours, theirs)
    for theirs, value in fields.items():
        ours = columns.get(theirs, theirs)
        if ours and theirs in columns and value and chosen[ours] != theirs and fields[chosen[ours]] != value:
            ours = theirs
        if not ours:
            continue
        earlier = found.get(ours, "")
        if earlier and value and earlier != value:
            problems.append(f"{ours} came twice with different values, as {origin[ours]} and as {theirs}")
        elif value or ours not in found:
            found[ours], origin[ours] = value, theirs
    for ours, value in constants.items():
        if not found.get(ours):
            found[ours] = value
    return Named(None, tuple(problems)) if problems else Named(found)
