"""One line of a timeline, and the sections they stand in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.web.story.wire import Exchange


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `at` is epoch ms; `offset_ms` counts from the first request, None once it was answered. `added_ms` is
    how much later its request was answered because of it.
    """

    at: int
    offset_ms: float | None
    icon: str
    tone: str
    title: str
    facts: str = ""
    took: str = ""
    big: bool = False
    skipped: bool = False
    exchanges: tuple[Exchange, ...] = ()
    mono: bool = False
    added_ms: float = 0.0

    def fields(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "offset_ms": round(self.offset_ms, 1) if self.offset_ms is not None else None,
            "title": self.title,
            "facts": self.facts,
            "took": self.took,
            "added_ms": round(self.added_ms, 1),
            "skipped": self.skipped,
            "exchanges": [each.fields() for each in self.exchanges],
        }


@dataclass(frozen=True, slots=True)
class Section:
    """`first` is the one whose first line tells the time of day; all others count from it."""

    id: str
    name: str
    about: str
    lines: tuple[Line, ...]
    first: bool = False
