"""How long each step of a request lasted, and how much of that it added: steps beside each other add up to no sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_SHOWN_MS = 0.5
_BESIDE_MS = 5.0


class Lasted(NamedTuple):
    """`added` is the part of it in which no step before was still going on, in ms."""

    own: float
    added: float

    @property
    def beside(self) -> float:
        """How much of it ran beside a step before; a few milliseconds are only the order in which tasks begin."""
        return self.own - self.added if self.own - self.added >= _BESIDE_MS else 0.0


NOTHING = Lasted(0.0, 0.0)


def lasting(steps: Sequence[Mapping[str, Any]], took_ms: float) -> list[Lasted]:
    """One for each step, which stand in the order they ended in. What was added comes to `took_ms`: the last step, the
    answer, is given what lay between the steps (the exchange was storing what it had decided)."""
    found: list[Lasted] = []
    until = 0.0
    for step in steps:
        began, ended = step["at"], step["at"] + step["took"]
        found.append(Lasted(step["took"], max(ended - max(began, until), 0.0)))
        until = max(until, ended)
    if found:
        rest = took_ms - sum(each.added for each in found)
        found[-1] = Lasted(found[-1].own + max(rest, 0.0), found[-1].added + max(rest, 0.0))
    return found


def is_told(ms: float) -> bool:
    """Less than half a millisecond is nothing that people read."""
    return ms >= _SHOWN_MS
