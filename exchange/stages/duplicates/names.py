"""How two given or family names stand to each other: the same, a short form, a slip of the finger, or another name."""

from __future__ import annotations

from enum import Enum

from rapidfuzz.distance import OSA

from exchange.stages.duplicates.short_names import forms, initials

_LEAST_MISSPELT = 4  # letters: of shorter names one letter makes another name
_LEAST_CUT = 3  # letters of a name that is cut short
_OF_ANOTHER_SEX = ("a", "e", "y", "le", "la", "na", "ine", "ina", "ene", "ette", "elle", "ella", "ita")


class Names(Enum):
    """`NEAR` may be a slip or another name (Joan and John); `UNKNOWN` is said where one of them is missing."""

    SAME = "same"
    SHORT = "short"  # Becky for Rebecca
    INITIAL = "initial"
    PART = "part"  # Jones for Smith-Jones
    SLIP = "slip"
    NEAR = "near"
    OTHER = "other"
    UNKNOWN = "unknown"


def first_names(mine: tuple[str, ...], theirs: tuple[str, ...]) -> Names:
    """Of two given names, by their first word; a second one may be missing."""
    if not mine or not theirs:
        return Names.UNKNOWN
    one, other = sorted((mine[0], theirs[0]), key=len)
    if one == other or "".join(mine) == "".join(theirs):
        return Names.SAME
    if len(one) == 1:
        fits = one == other[0] or any(one in initials().get(full, ()) for full in forms().get(other, ()))
        return Names.INITIAL if fits else Names.OTHER
    ones, others = forms().get(one, frozenset()), forms().get(other, frozenset())
    if ones & others or _cut(one, other):
        return Names.SHORT
    if OSA.distance(one, other, score_cutoff=1) > 1:
        return Names.OTHER
    if sorted(one) == sorted(other):
        return Names.SLIP  # two neighbours swapped
    both_are_names = bool(ones) and bool(others)
    ends = one == other[:-1] or one[:-1] == other[:-1]  # Eric and Erica, Maria and Mario
    return Names.NEAR if both_are_names or ends or one[0] != other[0] or len(one) <= _LEAST_MISSPELT else Names.SLIP


def _cut(short: str, long: str) -> bool:
    """Jenn for Jennifer; not Paul for Pauline."""
    rest = long[len(short) :]
    return len(short) >= _LEAST_CUT and long.startswith(short) and rest not in _OF_ANOTHER_SEX


def last_names(mine: tuple[str, ...], theirs: tuple[str, ...]) -> Names:
    if not mine or not theirs:
        return Names.UNKNOWN
    one, other = sorted(("".join(mine), "".join(theirs)), key=len)
    if one == other:
        return Names.SAME
    if len(one) == 1:
        return Names.INITIAL if one == other[0] else Names.OTHER
    if len(one) >= _LEAST_MISSPELT and OSA.distance(one, other, score_cutoff=1) == 1:
        return Names.SLIP
    return Names.PART if any(len(word) >= 3 for word in set(mine) & set(theirs)) else Names.OTHER
