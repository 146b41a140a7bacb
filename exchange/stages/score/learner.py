"""How the conversion score learns from reports that come late.

A lead that is silent at an age is no "no": by the share of conversions that would have been reported by then, its
chance has fallen from p to p(1 - F) / (1 - pF). At set ages the model is taught the difference; a conversion or an end
(not qualified, wrong number, returned) teaches the rest. What is learned depends on nothing but the events in their
order, so the same log gives the same weights, to the bit, on every node.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from exchange.stages.score.calibration import Calibration
from exchange.stages.score.exposure import DAY_MS, Exposure, estimate
from exchange.stages.score.features import Features, name_of
from exchange.stages.score.sources import SourceRates
from exchange.stages.score.weights import Weights, places

_AGES = (1, 2, 3, 5, 7, 10, 14, 21, 30)  # days
JUDGED_AT = 10  # the age at which a prediction is compared with what was reported
_KEPT_DAYS = 180  # conversions older than this teach no more
_SILENT_DAYS = 90  # so long a lead is remembered, should it convert late
_MEAN_OVER = 500  # leads that a feature's usual contribution is taken over


_NEVER = (1 << 62, 0)
_NOTHING: Mapping[str, float] = MappingProxyType({})


class Arrived(NamedTuple):
    """A lead was sold. `at` in epoch milliseconds."""

    at: int
    lead_id: str
    features: Features


class Reported(NamedTuple):
    """What is known of a sold lead for good: it `converted`, or it never will."""

    at: int
    lead_id: str
    converted: bool


class Reopened(NamedTuple):
    """It is not known any more that a sold lead never converts: the return that said so was taken back."""

    at: int
    lead_id: str


@dataclass(slots=True)
class _Open:
    """A lead that is still learned from. `taught` is the share of conversions it was taught up to."""

    at: int
    vertical: str
    places: array[int]
    source: tuple[str, ...]
    chance: float
    by_source: float
    taught: float = 0.0
    outcome: bool | None = None
    reported_at: int = 0


class Learner:
    """The model and all it learns from. Feed it events in the order of their times, then ask it for chances."""

    def __init__(self) -> None:
        self.weights = Weights()
        self.rates = SourceRates()
        self.calibration = Calibration()
        self.exposure: dict[str, Exposure] = {}
        self.usual: dict[str, dict[str, float]] = {}  # by vertical, each feature's usual part of the log-odds
        self.arrived = 0
        self.learned_to = 0
        self._open: dict[str, _Open] = {}  # the oldest first
        self._paths: dict[str, tuple[str, ...]] = {}
        self._reviews: tuple[deque[tuple[int, str]], ...] = tuple(deque() for _ in _AGES)
        self._conversions: dict[str, deque[tuple[int, int]]] = {}  # by vertical: reported at, lag
        self._midnight = 0

    def usual_of(self, vertical: str) -> Mapping[str, float]:
        """By feature's name, its usual part of the log-odds in a vertical."""
        return self.usual.get(vertical, _NOTHING)

    def feed(self, event: Arrived | Reported | Reopened) -> None:
        self.pass_time(event.at)
        if isinstance(event, Arrived):
            self._arrive(event)
        elif isinstance(event, Reported):
            self._report(event)
        else:
            self._reopen(event)

    def pass_time(self, at: int) -> None:
        """Do all reviews that are due by this moment, the earliest first, and what each midnight brings before them."""
        if not self.learned_to:
            self._midnight = at - at % DAY_MS + DAY_MS
        while True:
            due, step = min((queue[0][0], step) if queue else _NEVER for step, queue in enumerate(self._reviews))
            if self._midnight <= min(due, at):
                self._begin_day(self._midnight)
                self._midnight += DAY_MS
            elif due <= at:
                self._review(due, step)
            else:
                break
        self.learned_to = max(self.learned_to, at)

    def _arrive(self, event: Arrived) -> None:
        if event.lead_id in self._open:  # sold once more
            return
        texts, source = event.features
        source = self._paths.setdefault(source[-1], source)  # one for all its leads
        vertical, where = source[0], places(texts)
        usual = self.usual.setdefault(vertical, {})
        share = 1 / min(self.rates.leads(vertical) + 1, _MEAN_OVER)
        for text, weight in zip(texts, self.weights.of(where), strict=True):
            name = name_of(text)
            before = usual.get(name, 0.0)
            usual[name] = before + (weight - before) * share
        self._open[event.lead_id] = _Open(
            event.at, vertical, array("H", where), source, self.weights.chance(where), self.rates.rate(source)
        )
        self.rates.arrive(source, event.at // DAY_MS)
        self.arrived += 1
        self._reviews[0].append((event.at + _AGES[0] * DAY_MS, event.lead_id))

    def _review(self, due: int, step: int) -> None:
        lead_id = self._reviews[step].popleft()[1]
        lead = self._open[lead_id]
        share = self._exposure(lead.vertical).share((due - lead.at) / DAY_MS)
        self.rates.expose(lead.source, max(share - lead.taught, 0.0))
        if lead.outcome is None:
            chance = self.weights.chance(lead.places)
            before = _still(chance, lead.taught)
            self.weights.learn(lead.places, before - _still(chance, share))
        lead.taught = share
        if _AGES[step] == JUDGED_AT:
            in_time = bool(lead.outcome) and lead.reported_at <= due
            self.calibration.judge(lead.vertical, lead.at, lead.chance, lead.by_source, share, in_time)
        if step + 1 < len(_AGES):
            self._reviews[step + 1].append((lead.at + _AGES[step + 1] * DAY_MS, lead_id))
        elif lead.outcome is not None:
            del self._open[lead_id]

    def _report(self, event: Reported) -> None:
        lead = self._open.get(event.lead_id)
        if lead is None:
            return
        if event.converted and not lead.outcome:
            self._conversions.setdefault(lead.vertical, deque()).append((event.at, max(event.at - lead.at, 0)))
            self.rates.convert(lead.source)
        elif lead.outcome is not None:
            return
        before = float(lead.outcome) if lead.outcome is not None else None
        chance = self.weights.chance(lead.places)
        taught = before if before is not None else _still(chance, lead.taught)
        self.weights.learn(lead.places, taught - event.converted)
        lead.outcome, lead.reported_at = event.converted, event.at

    def _reopen(self, event: Reopened) -> None:
        lead = self._open.get(event.lead_id)
        if lead is None or lead.outcome is not False:
            return
        self.weights.learn(lead.places, -_still(self.weights.chance(lead.places), lead.taught))
        lead.outcome = None

    def _exposure(self, vertical: str) -> Exposure:
        return self.exposure.get(vertical) or Exposure()

    def _begin_day(self, at: int) -> None:
        """Once a day: how late conversions come, from those of half a year; and what is too old is forgotten."""
        for vertical, known in self._conversions.items():
            while known and known[0][0] < at - _KEPT_DAYS * DAY_MS:
                known.popleft()
            cases = ((lag / DAY_MS, (at - told + lag) / DAY_MS) for told, lag in known)
            self.exposure[vertical] = estimate(cases)
        self.rates.fade(at // DAY_MS)
        self._paths = {name: path for name, path in self._paths.items() if name in self.rates}
        while self._open:
            lead_id, lead = next(iter(self._open.items()))
            if lead.at >= at - _SILENT_DAYS * DAY_MS:
                break
            del self._open[lead_id]


def _still(chance: float, share: float) -> float:
    """The chance of a lead that has not converted yet, when `share` of conversions would have been reported."""
    return chance * (1.0 - share) / (1.0 - chance * share)
