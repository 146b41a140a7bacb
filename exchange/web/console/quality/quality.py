"""How well the conversion score foretells what buyers report, what it looks at, and what each seller's leads bring."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from aiohttp import web

from exchange.flows.market import Market
from exchange.model.vertical import Vertical
from exchange.stages.score.calibration import BANDS, Band, Verdict
from exchange.stages.score.features import Recipe
from exchange.web.charts.pairs import Pair, pairs
from exchange.web.figures.quality import offered
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import notice, page
from exchange.web.words import utc

_HOME = "/console/quality"
_EDGES = (0.0, *BANDS, 1.0)


@dataclass(frozen=True, slots=True)
class Line:
    """One band of chance: its bounds in words, how many leads, and what share was foretold and what came."""

    name: str
    leads: int
    foretold: float
    reported: int

    @property
    def expected(self) -> float:
        return self.foretold / self.leads if self.leads else 0.0

    @property
    def came(self) -> float:
        return self.reported / self.leads if self.leads else 0.0


@dataclass(frozen=True, slots=True)
class SellerLine:
    """A seller's record in the vertical; `rate` is its share, drawn towards that of all where it sent few."""

    name: str
    leads: int
    exposed: float
    converted: float
    rate: float


@dataclass(frozen=True, slots=True)
class Quality:
    """Everything the page tells of one vertical."""

    vertical: Vertical
    verdict: Verdict
    recipe: Recipe
    lines: tuple[Line, ...]
    weeks: tuple[tuple[int, Band], ...]
    sellers: tuple[SellerLine, ...]
    learned_to: int
    arrived: int
    ready: bool

    @property
    def state(self) -> str:
        """Whether the model is used, and why not."""
        if not self.vertical.score.converted:
            return "Not scored: no disposition of this vertical counts as a conversion."
        if not self.ready:
            return "The log is being read again after a start; leads are graded by the record of their sources."
        if self.verdict.sound:
            return "The model is used."
        if not self.verdict.enough:
            return "Too few leads have reached ten days of age; leads are graded by the record of their sources."
        return "Its predictions did not come true; leads are graded by the record of their sources."


def pages() -> tuple[Page, ...]:
    return (Page("GET", _HOME, show), Page("GET", f"{_HOME}.json", as_json))


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    vertical = _chosen(request, market)
    if vertical is None:
        return await notice(request, "There is no such vertical", "Choose one of the list.", http_status=404)
    told = quality(market, vertical)
    chart = pairs(
        [Pair(each.name, each.expected, each.came, _words(each)) for each in told.lines if each.leads],
        "Conversions foretold and reported by ten days of age, for each band of chance",
    )
    return await page(
        request,
        "console/quality/quality.html",
        title="Lead quality",
        here="quality",
        told=told,
        chart=chart,
        verticals=offered(market),
        labels={spec.name: spec.label for spec in vertical.fields},
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    vertical = _chosen(request, market)
    if vertical is None:
        return json_response({"error": "There is no such vertical."}, http_status=404)
    return json_response(_fields(quality(market, vertical)))


def quality(market: Market, vertical: Vertical) -> Quality:
    """What this node knows of a vertical's score."""
    scorer, verdict = market.live.scorer, market.live.scorer.verdict(vertical.name)
    learner = scorer.learner
    lines = tuple(
        Line(_band(low, high), band.leads, band.foretold, band.reported)
        for (low, high), band in zip(pairwise(_EDGES), verdict.bands, strict=True)
    )
    known = ((seller, learner.rates.source(f"{vertical.name}/{seller.id}")) for seller in market.deals.sellers.values())
    sellers = [
        SellerLine(
            seller.name,
            source.leads,
            source.exposed,
            source.converted,
            learner.rates.rate((vertical.name, f"{vertical.name}/{seller.id}")),
        )
        for seller, source in known
        if source.leads
    ]
    return Quality(
        vertical,
        verdict,
        scorer.recipe(vertical),
        lines,
        learner.calibration.by_week(vertical.name),
        tuple(sorted(sellers, key=lambda each: (-each.leads, each.name))),
        learner.learned_to,
        learner.arrived,
        scorer.ready,
    )


def _chosen(request: web.Request, market: Market) -> Vertical | None:
    name = request.query.get("vertical")
    if name is not None:
        return market.verticals.get(name)
    most = market.live.scorer.learner.rates
    return max(offered(market), key=lambda each: most.leads(each.name), default=None)


def _band(low: float, high: float) -> str:
    return f"{low * 100:.0f}–{high * 100:.0f}" if high < 1 else f"{low * 100:.0f}+"


def _words(line: Line) -> str:
    return f"{line.leads} leads, foretold {line.expected:.1%}, came {line.came:.1%}"


def _fields(told: Quality) -> dict[str, Any]:
    verdict = told.verdict
    return {
        "vertical": told.vertical.name,
        "state": told.state,
        "model_used": verdict.sound and told.ready,
        "learned_to": utc(told.learned_to) if told.learned_to else None,
        "judged_leads": verdict.leads,
        "foretold": round(verdict.foretold, 2),
        "reported": verdict.reported,
        "foretold_for_each_reported": round(verdict.ratio, 3) if verdict.ratio is not None else None,
        "log_loss": round(verdict.loss, 5),
        "log_loss_of_sources": round(verdict.source_loss, 5),
        "log_loss_of_base_rate": round(verdict.base_loss, 5),
        "bands": [
            {"percent": each.name, "leads": each.leads, "foretold": round(each.foretold, 2), "reported": each.reported}
            for each in told.lines
        ],
        "weeks": [
            {"from": utc(at), "leads": band.leads, "foretold": round(band.foretold, 2), "reported": band.reported}
            for at, band in told.weeks
        ],
        "features": list(told.recipe.fields()),
        "left_out": dict(told.recipe.left_out),
        "sellers": [
            {"name": each.name, "leads": each.leads, "converted": round(each.converted, 2), "rate": round(each.rate, 4)}
            for each in told.sellers
        ],
    }
