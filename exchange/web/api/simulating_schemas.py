"""The schemas of the simulator's calls."""

from __future__ import annotations

from exchange.web.api.answer_schemas import Schema, ends, moment, record, text


def simulating_schemas() -> dict[str, Schema]:
    """By name."""
    lines: Schema = {"type": "array", "items": text(), "description": "The settings, one to a line."}
    count: Schema = {"type": "integer", "minimum": 0}
    wanted: dict[str, Schema] = {
        "set": {**lines, "description": "Settings as `exchange simulate --set` takes them; none changes nothing."},
        "last": text("Leads of the last hours or days: 12h, 7d, which is meant unless said."),
        "from": text("Leads from this day or time on."),
        "to": text("Leads before this day or time."),
        "vertical": text(),
        "campaign_id": text(),
        "seller_id": text(),
        "lead_id": text("Only this lead, whenever it came."),
        "seed": {"type": ["integer", "string"], "description": "Of what is drawn by lot; 1 unless said."},
    }
    result: Schema = {
        "type": "object",
        "description": "Once it is done: the document that `exchange simulate --json` prints. Money and shares are "
        "decimal text.",
    }
    return {
        "Simulate": record((), **wanted),
        "SimulationBegun": record(
            ("status", "simulation_id", "draft", "seed"),
            status=text(enum=["queued"]),
            simulation_id=text(),
            draft=lines,
            seed=count,
            **ends(),
        ),
        "Simulation": record(
            ("status", "simulation_id", "begun_at", "done", "draft"),
            status=text(enum=["waiting", "running", "done", "failed", "cancelled"]),
            simulation_id=text(),
            begun_at=moment("When it was asked for."),
            done=count,
            total=count,
            draft=lines,
            result=result,
            **ends(),
        ),
    }
