"""The calls of the simulator."""

from __future__ import annotations

from exchange.web.api import simulating
from exchange.web.api.route import ASKED, TOLD, KeyKind, Rank, Route

HOME = "/api/v1/simulate"


def routes() -> tuple[Route, ...]:
    operator, report = KeyKind.OPERATOR, Rank.REPORT
    return (
        Route(
            "POST", HOME, "simulate", "Runs recorded leads under drafted rules; nothing real happens",
            operator, report, simulating.run, "SimulationBegun", TOLD, "Simulate",
        ),
        Route(
            "GET", HOME + "/{simulation_id}", "simulation", "How far a simulation is, and what it found",
            operator, report, simulating.read, "Simulation", (*ASKED, 404),
        ),
    )  # fmt: skip
