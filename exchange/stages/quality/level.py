"""How well a whole vertical converted from day to day: what it brings now is told apart from who brings it.

A buyer's campaign, a season or a new offer moves all sources at once. A lead of a day on which everybody converted at
half of today's rate counts as half a lead, so that sources are told at today's level. The mix of sources is taken out:
a day's conversions stand beside those that its own sources would have brought. The level is one of steps: all ways to
cut the days into pieces of one level each are weighed by how well they explain what came (a product partition), and no
step at all is believed first.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

Row = Mapping[str, Any]
Day = dict[int, float]
_STEP = 1.0 / 30.0  # the chance that it moves on a day, where it moves at all
_ODDS = 4.0  # that must speak for it (as a log) before any step is believed as much as none
_LEAST = 10  # conversions, before anything is said
_PRIOR = 3.0  # conversions that count for a level as usual
_SOURCE_PRIOR = 30.0  # leads
_ROUNDS = 2
_DAILY, _WEEK = 42, 7  # so many days may each begin a piece, before them weeks
_SMALL = -16.0  # the log of a weight that is none


class _Span(NamedTuple):
    """Days from `first` up to `end`, what came of them, and what their sources would have brought."""

    first: int
    end: int
    came: float
    of: float


def levels(rows: Iterable[Row], share: Callable[[int], float], today: int) -> dict[int, float]:
    """By day, the level beside that of today; empty while too little is known.

    `rows` hold `day`, a source's `seller_id` and `sub_id`, and its `sold` and `converted` of that day; `share` is how
    much of a day's conversions is reported by now.
    """
    cells = [
        (row["day"], (row["seller_id"], row["sub_id"]), row["converted"], row["sold"] * share(row["day"]))
        for row in rows
    ]
    hits = sum(converted for _, _, converted, _ in cells)
    if hits < _LEAST:
        return {}
    base = hits / max(sum(of for *_, of in cells), hits)
    came: Day = defaultdict(float)
    for day, _, converted, _ in cells:
        came[day] += converted
    found: dict[int, float] = {}
    for _ in range(_ROUNDS):
        found = _smoothed(_spans(came, _expected(cells, base, found), share, today))
    now = found[today]
    return {day: level / now for day, level in found.items()}


def _expected(cells: Iterable[tuple[int, object, int, float]], base: float, level: Mapping[int, float]) -> Day:
    """What each day's own sources would have brought at their usual rates."""
    cells = list(cells)
    known: dict[object, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for day, source, converted, of in cells:
        known[source][0] += converted
        known[source][1] += of * level.get(day, 1.0)
    rates = {source: (hits + _SOURCE_PRIOR * base) / (of + _SOURCE_PRIOR) for source, (hits, of) in known.items()}
    found: Day = defaultdict(float)
    for day, source, _, of in cells:
        found[day] += of * rates[source]
    return found


def _spans(came: Day, expected: Day, share: Callable[[int], float], today: int) -> list[_Span]:
    """The oldest first, the last one today. What a young day shows hangs on how late reports are, which is not known
    exactly: it speaks the less, the less of it is told.
    """
    first, daily = min(expected), today - _DAILY + 1
    edges = [*range(first, daily, _WEEK), *range(max(first, daily), today + 1)]
    found = []
    for begin, end in zip(edges, [*edges[1:], today + 1], strict=True):
        trust = [(day, math.sqrt(share(day))) for day in range(begin, end) if day in expected]
        of = sum(expected[day] * part for day, part in trust)
        found.append(_Span(begin, end, sum(came[day] * part for day, part in trust), of))
    return found


def _smoothed(spans: Sequence[_Span]) -> dict[int, float]:
    """The mean level of each day, over all ways to cut the days into pieces."""
    count, came, of = len(spans), [0.0], [0.0]
    for span in spans:
        came.append(came[-1] + span.came)
        of.append(of[-1] + span.of)
    pieces = [
        [_piece(spans[at:end], came[end] - came[at], of[end] - of[at], at) for end in range(at + 1, count + 1)]
        for at in range(count)
    ]
    before, after = [0.0], [0.0] * (count + 1)
    for end in range(1, count + 1):
        before.append(_sum(before[at] + pieces[at][end - at - 1] for at in range(end)))
    for at in range(count - 1, -1, -1):
        after[at] = _sum(piece + after[at + 1 + more] for more, piece in enumerate(pieces[at]))
    moving = 1.0 / (1.0 + math.exp(min(_explains(came[-1], of[-1]) + _ODDS - before[-1], 700.0)))
    steady = (1.0 - moving) * _level(came[-1], of[-1])
    steps = [0.0] * (count + 1)  # by how much the mean rises where a piece begins, and falls where it ends
    for at in range(count):
        for end in range(at + 1, count + 1):
            weight = before[at] + pieces[at][end - at - 1] + after[end] - before[-1]
            if weight > _SMALL:
                mean = math.exp(weight) * _level(came[end] - came[at], of[end] - of[at])
                steps[at] += mean
                steps[end] -= mean
    found, level = {}, 0.0
    for span, step in zip(spans, steps, strict=False):
        level += step
        found.update(dict.fromkeys(range(span.first, span.end), steady + moving * level))
    return found


def _piece(spans: Sequence[_Span], came: float, of: float, at: int) -> float:
    """The log of the chance that a piece is just these, and of what came of them; the first needs no step."""
    days = spans[-1].first - spans[0].first
    step = math.log(_STEP) if at else 0.0
    return step + days * math.log1p(-_STEP) + _explains(came, of)


def _explains(came: float, of: float) -> float:
    """The log of the chance of what came at one level, whatever that is, but for what is the same of all ways."""
    hits = _PRIOR + came
    return math.lgamma(hits) - math.lgamma(_PRIOR) + _PRIOR * math.log(_PRIOR) - hits * math.log(_PRIOR + of)


def _level(came: float, of: float) -> float:
    return (_PRIOR + came) / (_PRIOR + of)


def _sum(logs: Iterable[float]) -> float:
    """The log of the sum of what these are the logs of."""
    told = list(logs)
    most = max(told)
    return most + math.log(sum(math.exp(each - most) for each in told))
