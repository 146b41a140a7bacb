"""What is bad and what is chance: the statistics of alerts, pure.

Whoever looks all day sees every rare thing sooner or later. So a rule that compares rates asks for a number of leads
below which it says nothing, for a fall that chance brings less than once in a thousand looks, and, where the days
differ among themselves, for one beyond what these differ by. An alert ends at a milder point than it began at.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import comb, sqrt
from statistics import median

CHANCE = 0.001
ENDS_AT = 0.6
"""An alert that is open ends when the figure is under so much of its threshold."""
HOURS_LEAST = 7
LEADS_LEAST = 50
_LEADS_OF_AN_HOUR = 20
_SIGMAS = 3.0
_MAD = 1.4826  # times the median absolute deviation is a standard deviation, where the spread is normal
_EXPECTED_LEAST = 7.0


def at_most(successes: int, of: int, rate: float) -> float:
    """How likely so few are by chance, each with this rate."""
    return sum(comb(of, each) * rate**each * (1 - rate) ** (of - each) for each in range(successes + 1))


def over(hits: int, of: int, percent: int, *, is_open: bool) -> bool:
    """Whether a share is over a threshold; of an alert that is open, over the milder one."""
    return of > 0 and 100 * hits > percent * of * (ENDS_AT if is_open else 1.0)


def collapsed(taken: int, posts: int, usual_taken: int, usual_posts: int, least: int, *, is_open: bool) -> bool:
    """Whether a buyer takes fewer posts than it is like it, by more than chance.

    It falls by half at least. Its usual rate is told from fifty posts on. One that is open ends when the newest posts
    are again taken at more than half that rate.
    """
    if posts < least or usual_posts < LEADS_LEAST:
        return False
    usual = usual_taken / usual_posts
    if taken * 2 >= usual * posts:
        return False
    return is_open or at_most(taken, posts, min(usual, 0.999)) <= CHANCE


def fell(sold: int, leads: int, hours: Sequence[tuple[int, int]], percent: int, *, is_open: bool) -> float | None:
    """The usual share, when the hour's is that much below it; None when it is not, or not more than chance.

    `hours` are (sold, leads) of the same hour of earlier days: the median of at least seven counts. The fall is beyond
    three standard errors of so few leads and beyond three robust deviations of the days themselves.
    """
    shares = [s / n for s, n in hours if n >= _LEADS_OF_AN_HOUR]
    if leads < LEADS_LEAST or len(shares) < HOURS_LEAST:
        return None
    usual = median(shares)
    share = sold / leads
    if share >= usual * (1 - percent / 100 * (ENDS_AT if is_open else 1.0)):
        return None
    if is_open:
        return usual
    error = sqrt(usual * (1 - usual) / leads)
    spread = _MAD * median(abs(each - usual) for each in shares)
    return usual if share < usual - _SIGMAS * sqrt(error**2 + spread**2) else None


def usual_gap(moments: Sequence[int]) -> int | None:
    """The gap below which nineteen of twenty lie, of the newest moments in falling order; None of fewer than 30."""
    gaps = sorted(newer - older for newer, older in pairwise(moments))
    return gaps[len(gaps) * 95 // 100] if len(gaps) >= LEADS_LEAST - 20 else None


def missed(before: Sequence[int]) -> bool:
    """Whether nothing in a span means something: `before` is what came in the same span of earlier weeks (or days).

    So nights and weekends are no silence. Seven expected leads stay away by chance less than once in a thousand times.
    """
    return len(before) >= 2 and sum(before) / len(before) >= _EXPECTED_LEAST and min(before) > 0
