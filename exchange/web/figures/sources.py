"""A seller's sub ids over time, and what became of its leads step by step: counted by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.model.quality import DAY_MS
from exchange.web.charts.chart import Chart
from exchange.web.charts.funnel import Step, funnel
from exchange.web.charts.heat import HeatCell, HeatColumn, Shaded, heat
from exchange.web.words import FEW, count, rate

WEEKS = 4
DAYS = 7 * WEEKS
_LISTED = 50
_FEW = FEW // 3  # a week's posts of one sub id that a share says something of

SourceDayRow = tuple[int, str, int, int, int, int]
"""Day since the epoch, sub id, posts, sold, refused, fraud."""


@dataclass(frozen=True, slots=True)
class SubId:
    """One sub id over all days that were looked at. `cap` is posts a day, 0 without one; `weeks` are the shares sold in
    each week, the oldest first."""

    sub_id: str
    leads: int
    sold: int
    refused: int
    fraud: int
    blocked: bool
    cap: int
    weeks: Sequence[Shaded] = ()


def sub_ids(rows: Sequence[SourceDayRow], today: int, blocked: frozenset[str], caps: Mapping[str, int]) -> list[SubId]:
    """Those with most posts first; of those with none only the blocked and capped ones. `today` is a day."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    weeks: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0])
    for day, sub_id, *counts in rows:
        for place, number in enumerate(counts):
            sums[sub_id][place] += number
        week = weeks[sub_id, (today - day) // 7]
        week[0] += counts[0]
        week[1] += counts[1]
    for sub_id in (*blocked, *caps):  # shown, though it may send nothing any more
        sums.setdefault(sub_id, [0, 0, 0, 0])
    names = sorted(sums, key=lambda name: (-sums[name][0], name))[:_LISTED]
    shades = heat(
        [HeatColumn("", 1)] * WEEKS,
        [[_cell(*weeks[name, ago]) for ago in reversed(range(WEEKS))] for name in names],
    )
    return [
        SubId(name, *_four(sums[name]), name in blocked, caps.get(name, 0), shaded)
        for name, shaded in zip(names, shades, strict=True)
    ]


def _four(counts: Sequence[int]) -> tuple[int, int, int, int]:
    leads, sold, refused, fraud = counts
    return leads, sold, refused, fraud


def _cell(leads: int, sold: int) -> HeatCell:
    if not leads:
        return HeatCell("")
    return HeatCell(rate(sold, leads), sold / leads if leads >= _FEW else None)


def steps_of(leads: int, passed: int, sold: int) -> Chart:
    """Posts, those that passed the checks, and those that were sold."""
    steps = (Step("Posts", leads, "one"), Step("Passed the checks", passed, "one"), Step("Sold", sold, "sale"))
    return funnel(steps, f"{count(leads)} posts, {count(passed)} passed the checks, {count(sold)} sold")


def first_day(now: int) -> int:
    return now // DAY_MS - DAYS + 1
