"""How much processor time work needs at the least: what the garbage collector does meanwhile counts for nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

TRIES = 3


def least_seconds(work: Callable[[], object], enough: float) -> float:
    """The shortest of a few tries; the first that needs less than `enough` ends them."""
    least = float("inf")
    for _ in range(TRIES):
        started = time.process_time()
        work()
        least = min(least, time.process_time() - started)
        if least < enough:
            break
    return least
