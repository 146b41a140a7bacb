"""Simulations asked for in the console: kept, run by a job that tells how far it is, stopped when told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import orjson

from exchange.flows.jobs import SIMULATE, job
from exchange.flows.market import Market
from exchange.flows.simulate import Simulated, Wanted, read_draft, simulate
from exchange.model.actor import Actor, Role
from exchange.model.draft import Draft
from exchange.stages.draft import BadDraft, draft_text
from exchange.storage.recordings import Span
from exchange.storage.simulations import (
    SimulationRow,
    begin_simulation,
    cancel_simulation,
    end_simulation,
    note_progress,
    read_draft_text,
    read_simulation,
    save_draft_text,
)

SIMULATION_LEASE_MS = 900_000
DRAFT_CHARACTERS = 20_000
_TOLD_EVERY = 5  # stretches of leads: how far it is, and whether it goes on
_RUNNER = Actor(Role.OPERATOR, "the simulator")


async def begin(market: Market, span: Span, draft: Draft, seed: int, actor: Actor) -> str:
    """Have it run. Returns its id."""
    now = market.clock.now()
    row = SimulationRow(
        market.ids.new("sim", now), now, actor.name, orjson.dumps(span._asdict()).decode(), draft_text(draft), seed
    )
    payload: dict[str, object] = {"simulation_id": row.id}
    await market.db.write(begin_simulation, row, job(market, SIMULATE, SIMULATE, payload, now, now, row.id))
    return row.id


async def run_simulation(market: Market, payload: Mapping[str, object]) -> None:
    """The job. One that was cut by a stop of the process begins anew."""
    id_ = str(payload["simulation_id"])
    row = await market.db.read(read_simulation, _RUNNER, id_)
    if row is None or row["state"] not in ("waiting", "running"):
        return
    if row["wanted"] == "cancel":
        await market.db.write(end_simulation, id_, "cancelled", market.clock.now())
        return
    stretches = 0

    async def on_step(done: int, total: int) -> bool:
        nonlocal stretches
        stretches += 1
        if done < total and stretches % _TOLD_EVERY != 1:
            return True
        return await market.db.write(note_progress, id_, done, total) == "run"

    try:
        wanted = Wanted(Span(**orjson.loads(row["span"])), read_draft(market, row["draft"]), row["seed"])
    except BadDraft as bad:
        await market.db.write(end_simulation, id_, "failed", market.clock.now(), None, (), str(bad)[:1_000])
        return
    found = await simulate(market, _RUNNER, wanted, on_step)
    if found is None:
        await market.db.write(end_simulation, id_, "cancelled", market.clock.now())
        return
    result, leads = await asyncio.to_thread(_documents, found)
    await market.db.write(end_simulation, id_, "done", market.clock.now(), result, leads)


def _documents(found: Simulated) -> tuple[str, list[tuple[str, str]]]:
    told = {**found.result.fields(), "cut": found.cut, "left_out": list(found.others)}
    leads = [(each.lead_id, orjson.dumps(each.fields()).decode()) for each in found.result.changed]
    return orjson.dumps(told).decode(), leads


async def cancel(market: Market, simulation_id: str) -> bool:
    """Stop it at its next stretch of leads. False when it is over."""
    return await market.db.write(cancel_simulation, simulation_id)


async def kept_draft(market: Market, subject: str) -> str:
    """The text of the draft that is being written, empty when there is none."""
    row = await market.db.read(read_draft_text, subject)
    return str(row["text"]) if row is not None else ""


async def keep_draft(market: Market, subject: str, draft: Draft, actor: Actor) -> None:
    """Keep it until it is published or thrown away. Nothing of it is in force."""
    await market.db.write(save_draft_text, subject, draft_text(draft), market.clock.now(), actor.name)


def of_person(actor: Actor) -> str:
    """What the draft of somebody's simulator is kept by."""
    return f"simulator:{actor.name}"


def of_tree(campaign_id: str) -> str:
    """What the draft of a ping tree is kept by."""
    return f"tree:{campaign_id}"
