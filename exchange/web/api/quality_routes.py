"""The calls about quality."""

from __future__ import annotations

from exchange.web.api import quality
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route

HOME = "/api/v1/quality"


def routes() -> tuple[Route, ...]:
    operator, report = KeyKind.OPERATOR, Rank.REPORT
    vertical = (Parameter("vertical", "The vertical's name; required."),)
    changes = "Changes price rules of a contract, or payout tiers, floors or ranking of a campaign"
    about = "Suggested measures against rotten sub ids, those in force, and the rules"
    decides = "Shuts a sub id out, caps it, dismisses the suggestion, or undoes a measure"
    offers = "Suggestions about floors and prices, as ranges"
    shaves = "Signs that buyers shave, with the leads behind them"
    sets = "Says what the exchange may do about rotten sub ids by itself"
    return (
        Route(
            "GET", HOME + "/sources", "quality_sources", "What each seller and sub id brings", operator, report,
            quality.sources, "QualitySources", ASKED, query=vertical,
        ),
        Route(
            "GET", HOME + "/own", "quality_own", "What a seller's own sub ids bring", KeyKind.SELLER, report,
            quality.own_sources, "QualityOwn", ASKED, query=vertical,
        ),
        Route(
            "GET", HOME + "/buyers", "quality_buyers", "What buyers do with what they bid for", operator, report,
            quality.buyers, "QualityBuyers", ASKED, query=vertical,
        ),
        Route("GET", HOME + "/measures", "measures", about, operator, report, quality.measures, "Measures", ASKED),
        Route(
            "POST", HOME + "/measures/{measure_id}", "decide_measure", decides, operator, report, quality.decide,
            "MeasureDecided", TOLD, "MeasureDecision",
        ),
        Route(
            "POST", HOME + "/rule", "set_source_rule", sets, operator, report, quality.rule, "SourceRuleSaved", TOLD,
            "SourceRule",
        ),
        Route(
            "GET", HOME + "/suggestions", "price_suggestions", offers, operator, report,
            quality.suggested, "PriceSuggestions", ASKED, query=vertical,
        ),
        Route(
            "GET", HOME + "/shaving", "shaving", shaves, operator, report, quality.shaving,
            "Shaving", ASKED, query=(*vertical, Parameter("buyer", "Of one buyer alone: its id.")),
        ),
        Route(
            "POST", HOME + "/terms", "change_terms", changes, operator, report, quality.terms, "TermsChanged",
            (*TOLD, 409), "TermsChange",
        ),
    )  # fmt: skip
