"""The calls of the fraud screen."""

from __future__ import annotations

from exchange.web.api import screening
from exchange.web.api.route import ASKED, TOLD, KeyKind, Rank, Route

HOME = "/api/v1/screen"


def routes() -> tuple[Route, ...]:
    operator, report = KeyKind.OPERATOR, Rank.REPORT
    about = "Held leads, alerts, blocked sub ids"
    decide = "Sells a held lead, or refuses it"
    blocks = "Shuts a sub id out, or lets it in again"
    return (
        Route("GET", HOME, "screen", about, operator, report, screening.listed, "Screen", ASKED),
        Route(
            "POST", HOME + "/held/{lead_id}", "decide", decide, operator, report, screening.decide, "Decided", TOLD,
            "Decision",
        ),
        Route(
            "POST", HOME + "/alerts/{alert_id}/close", "close_alert", "Closes an alert", operator, report,
            screening.close, "Closed", TOLD, "Note",
        ),
        Route("POST", HOME + "/blocks", "block", blocks, operator, report, screening.block, "Blocked", TOLD, "Block"),
        Route(
            "POST", HOME + "/campaigns/{campaign_id}", "set_screen", "Says from where on a campaign refuses and holds",
            operator, report, screening.rule, "RuleSaved", TOLD, "Rule",
        ),
    )  # fmt: skip
