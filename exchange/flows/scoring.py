"""The conversion score as this process knows it: it learns for itself from the log that all nodes share."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import orjson

from exchange.log import logger
from exchange.model.lead import Lead
from exchange.model.vertical import Vertical
from exchange.stages.score.calibration import Verdict
from exchange.stages.score.features import Features, Recipe, features, recipe
from exchange.stages.score.learner import Arrived, Learner, Reopened, Reported
from exchange.stages.score.points import Told, tell
from exchange.stages.score.sources import Source
from exchange.stages.score.weights import places
from exchange.storage.database import Db, Row
from exchange.storage.score import reports, sold_features

_LOG = logger(__name__)
_DAY_MS = 86_400_000
_BACK_MS = 180 * _DAY_MS  # what is older teaches nothing that still holds
_LATE_MS = 5_000  # by then a unit of work is committed, on whichever node
_AT_ONCE = 2_000
RETURNED = "returned"  # how the log calls a return that was granted: after it there is no conversion
REOPENED = "reopened"  # and one that was taken back
_BREATH = 200  # events between two chances for requests to go on


class Scored(NamedTuple):
    """A lead's chance to convert and where it comes from. `by_model` is False while the model is not to be believed.

    `source` is what is known of the lead's sub id; `usual` the chance of the vertical's usual lead.
    """

    chance: float
    by_model: bool
    verdict: Verdict
    source: Source
    features: Features
    weights: tuple[float, ...]
    usual_weights: Mapping[str, float]

    @property
    def told(self) -> Told:
        """The points of its parts, made when somebody asks: of a model that has no say nobody does."""
        return tell(self.features.texts, self.weights, self.usual_weights)


class Scorer:
    """Holds the model. `take_up` feeds it what has happened since; until it has caught up, `ready` is False."""

    def __init__(self) -> None:
        self.learner = Learner()
        self.ready = False
        self._seen = 0
        self._recipes: dict[tuple[str, str], Recipe] = {}
        self._verdicts: dict[str, Verdict] = {}

    def recipe(self, vertical: Vertical) -> Recipe:
        """What is looked at in leads of a vertical."""
        key = (vertical.name, vertical.version)
        made = self._recipes.get(key)
        if made is None:
            made = self._recipes[key] = recipe(vertical)
        return made

    def score(self, lead: Lead, vertical: Vertical) -> Scored:
        """The chance that a lead converts. Takes some tens of microseconds and waits for nothing."""
        learner, found = self.learner, features(lead, self.recipe(vertical))
        where = places(found.texts)
        verdict = self.verdict(vertical.name)
        by_model = self.ready and verdict.sound
        chance = learner.weights.chance(where) if by_model else learner.rates.rate(found.source)
        source, usual = learner.rates.source(found.source[-1]), learner.usual_of(vertical.name)
        return Scored(chance, by_model, verdict, source, found, learner.weights.of(where), usual)

    def verdict(self, vertical: str) -> Verdict:
        """How well the predictions for a vertical came true, as of the last events."""
        known = self._verdicts.get(vertical)
        if known is None:
            known = self._verdicts[vertical] = self.learner.calibration.verdict(vertical)
        return known

    async def take_up(self, db: Db, verticals: Mapping[str, Vertical], now: int) -> int:
        """Learn what happened since the last time. Returns how many events there were."""
        until, count = now - _LATE_MS, 0
        self._seen = max(self._seen, now - _BACK_MS - _LATE_MS)
        while self._seen < until:
            sold = await db.read(sold_features, self._seen, until, _AT_ONCE)
            horizon = until if len(sold) < _AT_ONCE else max(sold[-1]["at"] - 1, self._seen + 1)
            told = await db.read(reports, self._seen, horizon)
            events: list[Arrived | Reported | Reopened] = [*_arrivals(sold, horizon), *_reports(told, verticals)]
            events.sort(key=lambda event: event[:2])  # a stable sort: of one moment and lead the sale comes first
            for number, event in enumerate(events):
                self.learner.feed(event)
                if number % _BREATH == _BREATH - 1:
                    await asyncio.sleep(0)
            self._seen, count = horizon, count + len(events)
        self.learner.pass_time(until)
        self._verdicts.clear()
        if not self.ready:
            _LOG.info("The conversion score has learned", count=self.learner.arrived)
        self.ready = True
        return count


def _arrivals(rows: list[Row], horizon: int) -> list[Arrived]:
    return [Arrived(row["at"], row["lead_id"], unpack(row["features"])) for row in rows if row["at"] <= horizon]


def _reports(rows: list[Row], verticals: Mapping[str, Vertical]) -> list[Reported | Reopened]:
    """Those of the reports that settle whether a lead converts, or no longer do."""
    found: list[Reported | Reopened] = []
    for row in rows:
        vertical = verticals.get(row["vertical"])
        if vertical is not None and row["kind"] == REOPENED:
            found.append(Reopened(row["at"], row["lead_id"]))
        elif vertical is not None and row["kind"] in vertical.score.converted:
            found.append(Reported(row["at"], row["lead_id"], True))
        elif vertical is not None and (row["kind"] == RETURNED or row["kind"] in vertical.score.lost):
            found.append(Reported(row["at"], row["lead_id"], False))
    return found


def pack(found: Features) -> str:
    """The features as they are kept with the lead."""
    return orjson.dumps((found.texts, found.source)).decode()


def unpack(kept: str) -> Features:
    texts, source = orjson.loads(kept)
    return Features(tuple(texts), tuple(source))
