"""The grade of a lead, A to F, from its points: fixed bands of odds, so that a grade keeps its price.

A lead as good as the vertical's `par` chance has 50 points; twenty more are twice the odds. What checks held against
it takes points away, each by its own line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from zlib import crc32

from exchange.model.finding import Finding, Outcome
from exchange.stages.score.points import points_of

GRADES = ("A", "B", "C", "D", "E", "F")
LEAST_POINTS = (75, 60, 40, 20, 0)
"""What A to E begin at; F lies under them."""
PAR_POINTS = 50
_FLAG = 5  # points for each thing found against a lead
_FLAGS_MOST = 20
_HELD_OUT = 50  # one lead of so many
_OF_FRAUD = 0.5  # points for each point of the fraud screen


class Grade(NamedTuple):
    """`letter` and the points it comes from; `lines` say what made them: a sentence and its points, all of them."""

    letter: str
    points: int
    lines: tuple[tuple[str, int], ...]


def grade(
    chance: float, par: float, fraud: int | None, findings: Sequence[Finding], source: tuple[str, int] | None = None
) -> Grade:
    """Grade a lead that will convert with this chance. `source` is what its source's record adds or takes, in words."""
    lines = [("A lead at par", PAR_POINTS)]
    worth = round(points_of(chance) - points_of(par))
    lines.append((f"Expected to convert: {chance:.1%} (par {par:.1%})", worth))
    flags = sum(finding.outcome is Outcome.FLAGGED for finding in findings)
    if flags:
        lines.append((f"{flags} thing{'s' if flags > 1 else ''} found against it", -min(_FLAG * flags, _FLAGS_MOST)))
    if fraud:
        lines.append((f"Fraud screen: {fraud} of 100", -round(fraud * _OF_FRAUD)))
    if source is not None:
        lines.append(source)
    points = sum(points for _, points in lines)
    return Grade(letter(points), points, tuple(lines))


def held_out(lead_id: str) -> bool:
    """Whether a lead is graded as if it were at par, so that the use of the score can be measured."""
    return crc32(lead_id.encode()) % _HELD_OUT == 0


def at_other_par(points: int, chance: float, par: float, other: float) -> int:
    """The points a lead that has so many would have if par were another one."""
    worth = points_of(chance)
    return points - round(worth - points_of(par)) + round(worth - points_of(other))


def letter(points: int) -> str:
    """The grade that so many points are."""
    return next((name for name, least in zip(GRADES, LEAST_POINTS, strict=False) if points >= least), GRADES[-1])
