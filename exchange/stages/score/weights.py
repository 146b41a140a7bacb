"""A logistic model with hashed features: one weight a feature, learned step by step (AdaGrad), in plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache
from zlib import crc32

BITS = 16
_MASK = (1 << BITS) - 1
_STEP = 0.15
_USUAL_FEATURES = 18  # with more of them each moves less, or what all leads share would be learned too fast
_START = 3.0  # of each sum of squared gradients: at .01 the first weeks would be far too sure of themselves
PRIOR = 0.12  # the chance of a lead of which nothing is known
_PRIOR_MARGIN = math.log(PRIOR / (1 - PRIOR))
_FAR = 30.0


@lru_cache(maxsize=16_384)  # the same features come again and again
def place(feature: str) -> int:
    """Where a feature's weight lies. Two features may share one: with some thousand in use they rarely do."""
    return crc32(feature.encode()) & _MASK


def places(features: Iterable[str]) -> tuple[int, ...]:
    return tuple([place(feature) for feature in features])


def chance(margin: float) -> float:
    """The chance behind log-odds."""
    return 1.0 / (1.0 + math.exp(-max(-_FAR, min(_FAR, margin))))


class Weights:
    """The model's state. The same steps in the same order give the same numbers, to the bit."""

    def __init__(self) -> None:
        self._weights = [0.0] * (1 << BITS)
        self._squares = [_START] * (1 << BITS)

    def of(self, at: Sequence[int]) -> tuple[float, ...]:
        """The weights at these places."""
        weights = self._weights
        return tuple([weights[each] for each in at])

    def margin(self, at: Sequence[int]) -> float:
        """The log-odds of a lead with its features at these places."""
        weights = self._weights
        total = _PRIOR_MARGIN
        for each in at:
            total += weights[each]
        return total

    def chance(self, at: Sequence[int]) -> float:
        return chance(self.margin(at))

    def learn(self, at: Sequence[int], gradient: float) -> None:
        """One step against `gradient`: what was taught less what is now known, between -1 and 1."""
        weights, squares, square = self._weights, self._squares, gradient * gradient
        step = _STEP * gradient * min(1.0, _USUAL_FEATURES / max(len(at), 1))
        for each in at:
            squares[each] += square
            weights[each] -= step / math.sqrt(squares[each])
