"""The calls about media: what it cost, and what its leads brought."""

from __future__ import annotations

from exchange.web.api import media
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route


def routes() -> tuple[Route, ...]:
    operator, report = KeyKind.OPERATOR, Rank.REPORT
    query = (
        Parameter("from", "The first day on which leads came, such as 2026-11-01; four weeks before `to` unless said."),
        Parameter("to", "The last day; today unless said."),
        Parameter("by", "`source`, `campaign`, `creative` or `sub_id`; campaign unless said."),
        Parameter("currency", "One currency; USD unless said."),
    )
    return (
        Route(
            "GET", "/api/v1/attribution", "attribution", "What media cost and what its leads brought, by every model",
            operator, report, media.attribution, "Attribution", ASKED, query=query,
        ),
        Route(
            "POST", "/api/v1/media-costs", "media_cost", "Says what a day of a creative cost; the last word counts",
            operator, report, media.cost, "CostKept", TOLD, "MediaCost",
        ),
    )  # fmt: skip
