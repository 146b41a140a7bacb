"""The calls of the simulator."""

from __future__ import annotations

from exchange.web.api import simulating
from exchange.web.api.route import ASKED, TOLD, KeyKind, Rank, Route

HOME = "/api/v1/simulate"


def routes() -> tuple[Route, ...]:
    operator, report = KeyKind.OPERATOR, Rank.REPORT
    return (
        Route(
            "POST", HOME, "simulate",
            "Runs recorded leads under drafted rules: `set`, a list of settings; `last` (7d, 12h) or `from` and `to`; "
            "`vertical`, `campaign_id`, `seller_id`, `lead_id`, `seed`. Answers 202 with a `simulation_id`",
            operator, report, simulating.run, "SimulationBegun", TOLD, "Simulate",
        ),
        Route(
            "GET", HOME + "/{simulation_id}", "simulation",
            "How far a simulation is, and what it found: the numbers of the page and of "
            "`exchange simulate --json`",
            operator, report, simulating.read, "Simulation", (*ASKED, 404),
        ),
    )  # fmt: skip
