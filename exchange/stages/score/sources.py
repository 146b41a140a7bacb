"""What each source of leads has brought: a conversion rate that says little where little is known.

A source's rate is drawn towards that of the level above it (sub id to seller to vertical), and a young lead counts
only for the share of conversions that would have been reported by its age. Old leads fade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from exchange.stages.score.weights import PRIOR

_SHRINK = 30.0  # leads that the level above counts for
_HALF_LIFE_DAYS = 90.0
_KEPT = 0.5 ** (1 / _HALF_LIFE_DAYS)  # of a day
_FORGOTTEN_DAYS = 180  # after its last lead


class Source(NamedTuple):
    """`leads` counts all; `exposed` counts each for the share that would have shown. All but `leads` fade."""

    leads: int = 0
    exposed: float = 0.0
    converted: float = 0.0


@dataclass(slots=True)
class _Count:
    leads: int = 0
    exposed: float = 0.0
    converted: float = 0.0
    day: int = 0  # of its last lead


class SourceRates:
    def __init__(self) -> None:
        self._sources: dict[str, _Count] = {}

    def arrive(self, path: tuple[str, ...], day: int) -> None:
        for name in path:
            known = self._sources.setdefault(name, _Count())
            known.leads += 1
            known.day = day

    def __contains__(self, name: str) -> bool:
        return name in self._sources

    def expose(self, path: tuple[str, ...], share: float) -> None:
        for name in path:
            self._sources.setdefault(name, _Count()).exposed += share

    def convert(self, path: tuple[str, ...]) -> None:
        for name in path:
            self._sources.setdefault(name, _Count()).converted += 1.0

    def leads(self, name: str) -> int:
        known = self._sources.get(name)
        return known.leads if known is not None else 0

    def source(self, name: str) -> Source:
        """What is known of one level: a vertical, `vertical/seller` or `vertical/seller/sub id's code`."""
        known = self._sources.get(name) or _Count()
        return Source(known.leads, known.exposed, known.converted)

    def rate(self, path: tuple[str, ...]) -> float:
        """The chance that a lead of this source converts, as far as anything is known of it."""
        rate = PRIOR
        for name in path:
            known = self._sources.get(name)
            if known is not None:
                rate = (known.converted + _SHRINK * rate) / (max(known.exposed, known.converted) + _SHRINK)
        return rate

    def fade(self, day: int) -> None:
        """A new day begins; what sent nothing for long is forgotten, or made-up sub ids would fill the memory."""
        for name, known in list(self._sources.items()):
            known.exposed *= _KEPT
            known.converted *= _KEPT
            if day - known.day > _FORGOTTEN_DAYS:
                del self._sources[name]
