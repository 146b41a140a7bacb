"""Whether predictions come true: what was foretold beside what was reported, by band of chance and by week.

A prediction is judged when its lead is ten days old: by then the share F of conversions would have been reported, so a
foretold chance p should show as p times F. That needs no waiting for the last report and favors no model.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import NamedTuple

BANDS = (0.02, 0.04, 0.06, 0.08, 0.10, 0.13, 0.17, 0.22, 0.30, 0.45)
"""Upper ends of the bands of chance; the last band has none."""
WEEK_MS = 7 * 86_400_000
_TO_MONDAY_MS = 3 * 86_400_000  # from the Monday before the epoch, which was a Thursday
_WEEKS = 9  # that count
_LEAST_LEADS, _LEAST_CONVERTED = 200, 10
_WORSE = 1.05  # chance alone makes smaller differences among so few leads
_TINY = 1e-9


class Band(NamedTuple):
    """Leads of one band: how many, how many conversions were foretold and how many reported, by ten days of age."""

    leads: int = 0
    foretold: float = 0.0
    reported: int = 0

    def plus(self, other: Band) -> Band:
        return Band(self.leads + other.leads, self.foretold + other.foretold, self.reported + other.reported)


class Verdict(NamedTuple):
    """How well a vertical's predictions hold. Log losses are means a lead: `loss` of the model, `source_loss` of the
    rates of the sources alone, `base_loss` of one rate for all, the true one.
    """

    bands: tuple[Band, ...]
    leads: int
    foretold: float
    reported: int
    loss: float
    source_loss: float
    base_loss: float

    @property
    def ratio(self) -> float | None:
        """Conversions foretold for each reported; None without any."""
        return self.foretold / self.reported if self.reported else None

    @property
    def enough(self) -> bool:
        """Whether there are enough leads and conversions to judge by."""
        return self.leads >= _LEAST_LEADS and self.reported >= _LEAST_CONVERTED

    @property
    def sound(self) -> bool:
        """Whether the model may be believed: enough is known, and it does not foretell worse than the sources alone."""
        return self.enough and self.loss <= self.source_loss * _WORSE


class _Week:
    def __init__(self) -> None:
        self.bands = [Band()] * (len(BANDS) + 1)
        self.loss = 0.0
        self.source_loss = 0.0


class Calibration:
    def __init__(self) -> None:
        self._weeks: dict[str, dict[int, _Week]] = {}

    def judge(
        self, vertical: str, arrived_at: int, chance: float, by_source: float, share: float, reported: bool
    ) -> None:
        """Take up one lead at its age of ten days: `share` of conversions would have been reported by now.

        `chance` is what the model foretold, `by_source` what the rate of its source did.
        """
        weeks = self._weeks.setdefault(vertical, {})
        number = (arrived_at + _TO_MONDAY_MS) // WEEK_MS
        week = weeks.get(number)
        if week is None:
            week = weeks[number] = _Week()
            for old in [each for each in weeks if each <= number - _WEEKS]:
                del weeks[old]
        foretold = chance * share
        place = bisect_right(BANDS, chance)
        week.bands[place] = week.bands[place].plus(Band(1, foretold, int(reported)))
        week.loss += _surprise(foretold, reported)
        week.source_loss += _surprise(by_source * share, reported)

    def verdict(self, vertical: str) -> Verdict:
        """The last weeks together."""
        weeks = self._weeks.get(vertical, {}).values()
        bands = [Band()] * (len(BANDS) + 1)
        for week in weeks:
            bands = [one.plus(other) for one, other in zip(bands, week.bands, strict=True)]
        total = Band()
        for band in bands:
            total = total.plus(band)
        leads = max(total.leads, 1)
        loss = sum(week.loss for week in weeks) / leads
        source_loss = sum(week.source_loss for week in weeks) / leads
        base_loss = _entropy(total.reported / leads)
        return Verdict(tuple(bands), total.leads, total.foretold, total.reported, loss, source_loss, base_loss)

    def by_week(self, vertical: str) -> tuple[tuple[int, Band], ...]:
        """Each week's sum, the oldest first; a week is told by its Monday, 00:00 UTC."""
        made = []
        for number, week in sorted(self._weeks.get(vertical, {}).items()):
            total = Band()
            for band in week.bands:
                total = total.plus(band)
            made.append((number * WEEK_MS - _TO_MONDAY_MS, total))
        return tuple(made)


def _surprise(foretold: float, reported: bool) -> float:
    return -math.log(max(foretold if reported else 1.0 - foretold, _TINY))


def _entropy(rate: float) -> float:
    """The log loss of foretelling the true rate for every lead."""
    return sum(-part * math.log(part) for part in (rate, 1.0 - rate) if 0.0 < part < 1.0)
