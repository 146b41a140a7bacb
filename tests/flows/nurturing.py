"""Nurture plans for tests: made by their form, run by the duty and its jobs."""

from __future__ import annotations

from typing import Any

from exchange.clock import SimulatedClock
from exchange.flows.nurture import keep_nurture
from exchange.flows.nurture_plans import add_step, make_plan, switch
from exchange.model.nurture import Plan
from exchange.worker import run_jobs
from tests.flows.lab import OPERATOR, post
from tests.market import Exchange, buying, consumer, selling

HOUR = 3_600
AUCTION = {"kind": "auction", "age": "1 h", "least": "5"}
EMAIL = {"kind": "email", "age": "2 h", "subject": "Still looking?", "text": "Hello {first_name}, still there?"}
TEXT = {"kind": "text", "age": "3 h", "text": "Hello {first_name}, still looking?"}


async def planned(exchange: Exchange, *steps: dict[str, str], mode: str = "live", **form: str) -> Plan:
    """A plan of solar leads that is on."""
    await _market(exchange)
    soon(exchange)
    plan = await make_plan(exchange.market, {"name": "Second try", "vertical": "solar", **form}, mode, OPERATOR)
    for step in steps:
        soon(exchange)
        await add_step(exchange.market, plan.id, step, OPERATOR)
    soon(exchange)
    await switch(exchange.market, plan.id, True, "0", OPERATOR)
    return plan


def soon(exchange: Exchange, seconds: float = 0.01) -> None:
    assert isinstance(exchange.clock, SimulatedClock)
    exchange.clock.advance(seconds)


async def _market(exchange: Exchange) -> None:
    if "acme" not in exchange.market.deals.buyers:
        await exchange.add(*selling("cedar"), *buying("acme"))


async def unsold_lead(exchange: Exchange, number: int = 1, **fields: str) -> str:
    """A lead that `acme` made no bid for."""
    await _market(exchange)
    exchange.buyers.bids("acme", None)
    answer = await post(exchange, {**consumer(number), **fields})
    assert answer["status"] == "unsold", answer.fields
    return str(answer["lead_id"])


async def run(exchange: Exchange, hours: float = 0.0) -> None:
    """What is due so many hours later: the duty, and its jobs until none is."""
    assert isinstance(exchange.clock, SimulatedClock)
    exchange.clock.advance(hours * HOUR)
    for _ in range(4):
        await keep_nurture(exchange.market)
        while await run_jobs(exchange.market):
            continue


async def state(exchange: Exchange, lead_id: str) -> tuple[str, str | None]:
    (row,) = await exchange.rows("SELECT state, why FROM nurture_leads WHERE lead_id = :lead", lead=lead_id)
    return row["state"], row["why"]


async def steps(exchange: Exchange) -> list[tuple[str, str | None]]:
    rows = await exchange.rows("SELECT kind, outcome FROM nurture_steps ORDER BY lead_id, after_ms")
    return [(row["kind"], row["outcome"]) for row in rows]


async def only(exchange: Exchange, sql: str, **params: Any) -> dict[str, Any]:
    (row,) = await exchange.rows(sql, **params)
    return row
