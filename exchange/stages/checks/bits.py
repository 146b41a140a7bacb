"""Sets of contracts as the bits of one integer: a contract's place in the book is its bit."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
_FEW = 8


def mask_of(places: Collection[int]) -> int:
    """The integer whose set bits are `places`."""
    if len(places) < _FEW:
        return sum(1 << place for place in set(places))
    room = bytearray(max(places) // 8 + 1)
    for place in places:
        room[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(room, "little")


def places_of(mask: int) -> Iterator[int]:
    """The set bits, lowest first."""
    digits = bin(mask)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)


def grouped(keys: Iterable[Key | None]) -> dict[Key, int]:
    """The mask of every key, where `keys` gives one for each place; None belongs to no group."""
    groups: dict[Key, list[int]] = {}
    for place, key in enumerate(keys):
        if key is not None:
            groups.setdefault(key, []).append(place)
    return {key: mask_of(places) for key, places in groups.items()}


@dataclass(frozen=True, slots=True)
class Index:
    """From a value to the contracts that name it. `using` are those that name any.

    An entry is a mask where many contracts share a value, else their places: ten thousand lists of ZIPs stay small.
    """

    using: int
    _entries: Mapping[str, int | tuple[int, ...]]

    def naming(self, value: str) -> int:
        entry = self._entries.get(value, 0)
        return entry if isinstance(entry, int) else mask_of(entry)

    def missing(self, value: str | None) -> int:
        """The contracts that name values, but not this one."""
        if not self.using or value is None:
            return self.using
        return self.using & ~self.naming(value)


def index_of(wanted: Iterable[Collection[str]]) -> Index:
    """`wanted` gives the values that each place names; an empty collection names none."""
    naming: dict[frozenset[str], list[int]] = {}
    count = 0
    for place, values in enumerate(wanted):
        count = place + 1
        if values:
            naming.setdefault(frozenset(values), []).append(place)
    places: dict[str, list[int]] = {}
    for names, mine in naming.items():
        for value in names:
            found = places.get(value)
            if found is None:
                places[value] = mine.copy()
            else:
                found += mine
    dense = count // 64
    entries = {value: mask_of(found) if len(found) > dense else tuple(found) for value, found in places.items()}
    return Index(mask_of([place for mine in naming.values() for place in mine]), entries)
