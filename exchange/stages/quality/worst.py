"""Which source does worst: how much more of it is bad than of the others, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeVar

from exchange.stages.quality.beta import NORMAL

Key = TypeVar("Key")
LEAST = 10  # posts: of a source with fewer nothing is said
_BY_LUCK = 0.05  # the chance that luck alone makes any source stand out
_SO_FAR = 1.0  # standard deviations, for the one that does least well without standing out


class Part(NamedTuple):
    """So many bad ones of how many."""

    bad: int
    of: int


class Excess(NamedTuple):
    """What is bad of a source beyond luck: by the name of each share, what it and the others have."""

    parts: Mapping[str, tuple[Part, Part]]
    sure: bool


def worst(sources: Mapping[Key, Mapping[str, Part]], able: Sequence[Key]) -> tuple[Key, Excess] | None:
    """The one of `able` with the greatest excess of bad shares over all others together; None: none has any.

    `sure` says that hardly luck made it: the more shares are looked at, the more it takes.
    """
    names = sorted({name for parts in sources.values() for name in parts})
    if not names or len(sources) < 2:
        return None
    whole = {name: _sum([parts[name] for parts in sources.values() if name in parts]) for name in names}
    bar = NORMAL.inv_cdf(1.0 - _BY_LUCK / (len(sources) * len(names)))
    for sigmas in (bar, _SO_FAR):
        found = {key: _excess(sources[key], whole, sigmas) for key in able}
        key = max(found, key=lambda each: sum(found[each].values()), default=None)
        if key is not None and found[key]:
            parts = {name: (sources[key][name], _rest(whole[name], sources[key][name])) for name in found[key]}
            return key, Excess(parts, sigmas == bar)
    return None


def _excess(parts: Mapping[str, Part], whole: Mapping[str, Part], sigmas: float) -> dict[str, float]:
    """By name, by how much a share lies above that of the others at least; those alone that do."""
    told = {name: _above(part, _rest(whole[name], part), sigmas) for name, part in parts.items()}
    return {name: above for name, above in told.items() if above > 0.0}


def _above(part: Part, others: Part, sigmas: float) -> float:
    if part.of <= 0 or others.of <= 0:
        return 0.0
    both = (part.bad + others.bad + 1.0) / (part.of + others.of + 2.0)
    spread = math.sqrt(both * (1.0 - both) * (1.0 / part.of + 1.0 / others.of))
    return (part.bad - 0.5) / part.of - others.bad / others.of - sigmas * spread


def _sum(parts: Sequence[Part]) -> Part:
    return Part(sum(part.bad for part in parts), sum(part.of for part in parts))


def _rest(whole: Part, part: Part) -> Part:
    return Part(whole.bad - part.bad, whole.of - part.of)
