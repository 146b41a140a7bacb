"""What nurture came to: by plan, by step, by the age at which leads were sold."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx

SHOWN = 20


class PlanSums(NamedTuple):
    """Leads that a plan took and what became of them. `worth_units`: what they would have brought at usual prices."""

    leads: int
    here: int
    sold: int
    worth_units: int
    revenue_units: int
    payout_units: int
    cost_units: int


NOTHING = PlanSums(0, 0, 0, 0, 0, 0, 0)


class StepSums(NamedTuple):
    """Leads that came to a step, by what it came to, and what it brought and cost."""

    outcomes: dict[str, int]
    revenue_units: int
    cost_units: int

    @property
    def leads(self) -> int:
        return sum(self.outcomes.values())


async def sums_of_plans(tx: Tx, actor: Actor, mode: str) -> dict[str, PlanSums]:
    assert actor.role is Role.OPERATOR
    rows = await tx.fetch(
        """SELECT plan_id, COUNT(*) AS leads, COUNT(CASE WHEN state = 'in' THEN 1 END) AS here,
               COUNT(CASE WHEN why = 'sold' THEN 1 END) AS sold, CAST(SUM(worth_units) AS BIGINT) AS worth
           FROM nurture_leads WHERE mode = :mode GROUP BY plan_id""",
        mode=mode,
    )
    money = await tx.fetch(
        """SELECT plan_id, CAST(SUM(revenue_units) AS BIGINT) AS revenue, CAST(SUM(payout_units) AS BIGINT) AS payout,
               CAST(SUM(cost_units) AS BIGINT) AS cost FROM nurture_steps GROUP BY plan_id"""
    )
    earned = {row["plan_id"]: (row["revenue"], row["payout"], row["cost"]) for row in money}
    return {
        row["plan_id"]: PlanSums(
            row["leads"], row["here"], row["sold"], row["worth"], *earned.get(row["plan_id"], (0, 0, 0))
        )
        for row in rows
    }


async def sums_of_steps(tx: Tx, actor: Actor, plan_id: str) -> dict[str, StepSums]:
    """By the key of the step."""
    assert actor.role is Role.OPERATOR
    rows = await tx.fetch(
        """SELECT step, COALESCE(outcome, 'under_way') AS outcome, COUNT(*) AS leads,
               CAST(SUM(revenue_units) AS BIGINT) AS revenue, CAST(SUM(cost_units) AS BIGINT) AS cost
           FROM nurture_steps WHERE plan_id = :plan GROUP BY 1, 2""",
        plan=plan_id,
    )
    found: dict[str, StepSums] = {}
    for row in rows:
        sums = found.get(row["step"], StepSums({}, 0, 0))
        found[row["step"]] = StepSums(
            {**sums.outcomes, row["outcome"]: row["leads"]},
            sums.revenue_units + row["revenue"],
            sums.cost_units + row["cost"],
        )
    return found


async def ways_out(tx: Tx, actor: Actor, plan_id: str) -> dict[str, int]:
    """How many leads left a plan, by why."""
    assert actor.role is Role.OPERATOR
    rows = await tx.fetch(
        """SELECT why, COUNT(*) AS n FROM nurture_leads WHERE plan_id = :plan AND state = 'left'
           GROUP BY why ORDER BY 2 DESC, 1""",
        plan=plan_id,
    )
    return {row["why"]: row["n"] for row in rows}


async def recovered_by(tx: Tx, actor: Actor, plan_ids: list[str], ages_ms: tuple[int, ...]) -> list[int]:
    """What leads of these plans brought that were sold until each of these ages, in units."""
    assert actor.role is Role.OPERATOR
    found = []
    for age_ms in ages_ms:
        units = 0
        for plan_id in plan_ids:
            rows = await tx.fetch(
                """SELECT COALESCE(CAST(SUM(s.revenue_units) AS BIGINT), 0) AS units
                   FROM nurture_leads n JOIN nurture_steps s ON s.lead_id = n.lead_id
                   WHERE n.plan_id = :plan AND n.why = 'sold' AND n.left_at - n.received_at <= :age""",
                plan=plan_id,
                age=age_ms,
            )
            units += rows[0]["units"]
        found.append(units)
    return found


async def next_leads(tx: Tx, actor: Actor, plan_id: str) -> list[Row]:
    """The leads of a plan that have something to be done next, the soonest first."""
    assert actor.role is Role.OPERATOR
    return await tx.fetch(
        """SELECT n.lead_id, n.received_at, n.entered_at, n.passed_ms, n.due_at, l.state, l.us_state, l.grade
           FROM nurture_leads n JOIN leads l ON l.id = n.lead_id
           WHERE n.plan_id = :plan AND n.state = 'in' ORDER BY n.due_at NULLS LAST, n.lead_id LIMIT :most""",
        plan=plan_id,
        most=SHOWN,
    )
