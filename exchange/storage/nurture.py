"""Nurture: the plans, the leads in them, and what each step did. A lead is in one plan, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.nurture import LeftWhy, Plan, Step
from exchange.model.work import Claim, JobRow
from exchange.storage.audit import record
from exchange.storage.closing import event_row
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.lead_bulk import TakenMeanwhile, begin_again
from exchange.storage.rows import listed
from exchange.storage.shaped import Shaped

_PLAN = Shaped(Plan)
EVENT = "nurture"
_OVERLAP_MS = 60_000  # a change may be seen later than one that was made after it


class Entry(NamedTuple):
    """A lead about to be taken, with what a sold one of its kind brings, and when its first step is due."""

    lead: Row
    worth_units: int
    due_at: int | None


class Begun(NamedTuple):
    """A step about to be done. `sells`: the lead goes on sale with it, its consumer claimed."""

    lead: Row
    plan_id: str
    step: Step
    at: int
    told: str
    sells: bool = False
    claims: tuple[Claim, ...] = ()


class StepEnd(NamedTuple):
    """What a step came to, and when the lead's next is due. None: the lead waits for nothing."""

    lead_id: str
    month: str
    step: Step
    at: int
    outcome: str
    told: str
    due_at: int | None
    cost_units: int = 0


def plan_of(row: Row) -> Plan:
    return _PLAN.read(row["document"])


def document_of(plan: Plan) -> str:
    return _PLAN.written(plan)


async def read_plans(tx: Tx, mode: str | None = None) -> list[Plan]:
    rows = await tx.fetch(
        "SELECT document FROM nurture_plans WHERE mode = :mode OR :every = 1 ORDER BY made_at, id",
        mode=mode or "",
        every=int(mode is None),
    )
    return [plan_of(row) for row in rows]


async def read_plan(tx: Tx, plan_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM nurture_plans WHERE id = :id", id=plan_id)
    return rows[0] if rows else None


async def save_plan(tx: Tx, plan: Plan, before: str | None, line: AuditLine) -> bool:
    """Keep a new plan (`before` None), or one that is still as it was. False when somebody else changed it.

    When it begins to take leads, those that came since are looked at from there on; and when a step was added, leads
    that had none left to wait for come to it.
    """
    told = {
        "id": plan.id,
        "mode": plan.mode,
        "vertical": plan.vertical,
        "is_on": int(plan.on),
        "document": document_of(plan),
        "since": plan.since,
        "at": line.at,
        "by": line.actor.name,
    }
    if before is None:
        done = await tx.execute(
            """INSERT INTO nurture_plans (id, mode, vertical, is_on, document, seen_at, made_at, changed_at, changed_by)
               VALUES (:id, :mode, :vertical, :is_on, :document, :since, :at, :at, :by) ON CONFLICT (id) DO NOTHING""",
            **told,
        )
    else:
        done = await tx.execute(
            """UPDATE nurture_plans SET is_on = :is_on, document = :document, changed_at = :at, changed_by = :by,
                   vertical = :vertical, mode = :mode, seen_at = :since
               WHERE id = :id AND document = :before""",
            **told,
            before=before,
        )
        await tx.execute(
            "UPDATE nurture_leads SET due_at = :at WHERE plan_id = :id AND state = 'in' AND due_at IS NULL",
            id=plan.id,
            at=line.at,
        )
    if not done:
        return False
    keys = [step.key for step in plan.steps] or [""]
    names, params = listed("key", keys)
    await tx.execute(  # a step that the plan has no more is cut where it was under way
        f"""UPDATE nurture_steps SET outcome = 'cut', ended_at = :at
            WHERE plan_id = :id AND outcome IS NULL AND step NOT IN {names}""",
        at=line.at,
        id=plan.id,
        **params,
    )
    await record(tx, line)
    return True


async def to_take(tx: Tx, plan: Plan, seen_at: int, most: int) -> list[Row]:
    """Unsold leads that a plan takes, the longest changed first: never sold or asked back, and in no plan yet."""
    where, params = "", dict[str, object]()
    for column, values in (("campaign_id", plan.campaigns), ("grade", plan.grades), ("reason", plan.reasons)):
        if values:
            names, found = listed(column, values)
            where += f" AND {column} IN {names}"
            params |= found
    return await tx.fetch(
        f"""SELECT id, month, received_at, changed_at, currency FROM leads WHERE state = 'unsold'
                AND vertical = :vertical AND mode = :mode AND currency = :currency
                AND changed_at >= :seen AND received_at >= :since
                AND sealed IS NOT NULL AND times_sold = 0{where}
                AND NOT EXISTS (SELECT 1 FROM nurture_leads n WHERE n.lead_id = leads.id)
                AND NOT EXISTS (SELECT 1 FROM return_requests r WHERE r.lead_id = leads.id)
            ORDER BY changed_at, id LIMIT :most""",
        vertical=plan.vertical,
        mode=plan.mode,
        currency=plan.currency,
        seen=seen_at - _OVERLAP_MS,
        since=plan.since,
        most=most,
        **params,
    )


async def worth_of(tx: Tx, plan: Plan, since: int) -> int:
    """What a sold lead of the plan's vertical brought on average in the hours counted since, in units; 0: none was."""
    rows = await tx.fetch(
        """SELECT CAST(SUM(revenue_units) AS BIGINT) AS units, CAST(SUM(leads) AS BIGINT) AS leads
           FROM lead_hours WHERE hour >= :since AND mode = :mode AND vertical = :vertical AND state = 'sold'
               AND currency = :currency""",
        since=since,
        mode=plan.mode,
        vertical=plan.vertical,
        currency=plan.currency,
    )
    return rows[0]["units"] // rows[0]["leads"] if rows[0]["leads"] else 0


async def take_in(tx: Tx, plan: Plan, entries: Sequence[Entry], seen_at: int, now: int) -> int:
    """Leads enter a plan, and their timelines say so. Returns how many did."""
    taken = 0
    for lead, worth_units, due_at in entries:
        added = await tx.execute(
            """INSERT INTO nurture_leads (lead_id, month, plan_id, mode, received_at, entered_at, worth_units, currency,
                   passed_ms, due_at, state)
               SELECT :lead, :month, :plan, :mode, :received, :now, :worth, :currency, 0, :due, 'in'
               WHERE EXISTS (SELECT 1 FROM leads WHERE id = :lead AND state = 'unsold' AND sealed IS NOT NULL)
               ON CONFLICT (lead_id) DO NOTHING""",
            lead=lead["id"],
            month=lead["month"],
            plan=plan.id,
            mode=plan.mode,
            received=lead["received_at"],
            now=now,
            worth=worth_units,
            currency=lead["currency"],
            due=due_at,
        )
        if added:
            taken += 1
            told = f"Nurture: taken up by the plan {plan.name}"
            await tx.execute_all(event_row(lead["id"], lead["month"], now, f"{EVENT}:in", told, "nurture"))
    await tx.execute("UPDATE nurture_plans SET seen_at = :seen WHERE id = :id", seen=seen_at, id=plan.id)
    return taken


async def due_leads(tx: Tx, now: int, most: int) -> list[Row]:
    """Leads with something to do now: a step of a plan that is on, or to leave because they were sold."""
    return await tx.fetch(
        """SELECT n.lead_id, n.plan_id FROM nurture_leads n JOIN nurture_plans p ON p.id = n.plan_id
           WHERE n.state = 'in' AND n.due_at <= :now AND (p.is_on = 1 OR n.due_at = 0)
           ORDER BY n.due_at, n.lead_id LIMIT :most""",
        now=now,
        most=most,
    )


async def hand_out(tx: Tx, jobs: Sequence[tuple[str, JobRow]], again_at: int) -> int:
    """Make the jobs of leads that are due; each is looked at again later, should its job die."""
    made = 0
    for lead_id, job in jobs:
        made += await add_job(tx, job)
        await tx.execute(
            "UPDATE nurture_leads SET due_at = :again WHERE lead_id = :lead AND state = 'in'",
            again=again_at,
            lead=lead_id,
        )
    return made


async def read_nurtured(tx: Tx, lead_id: str) -> Row | None:
    """A lead in nurture or that was, with the step under way, if one is."""
    rows = await tx.fetch(
        """SELECT n.*, s.step, s.going FROM nurture_leads n
           LEFT JOIN nurture_steps s ON s.lead_id = n.lead_id AND s.outcome IS NULL
           WHERE n.lead_id = :lead""",
        lead=lead_id,
    )
    return rows[0] if rows else None


async def begin_step(tx: Tx, begun: Begun) -> bool:
    """Write down that a step is done now; once. False when the lead is unsold no more, left, or had the step.

    Raises `TakenMeanwhile` when a lead that would go on sale is sold by somebody else now, or its consumer is another
    lead's.
    """
    lead, step = begun.lead, begun.step
    added = await tx.execute(
        """INSERT INTO nurture_steps (lead_id, step, plan_id, kind, after_ms, at, told, going, revenue_units,
               payout_units, cost_units, currency)
           SELECT :lead, :step, :plan, :kind, :after, :at, '', 0, 0, 0, 0, :currency
           WHERE EXISTS (SELECT 1 FROM nurture_leads n JOIN leads ON leads.id = n.lead_id
               WHERE n.lead_id = :lead AND n.state = 'in' AND leads.state = 'unsold')
           ON CONFLICT (lead_id, step) DO NOTHING""",
        lead=lead["id"],
        step=step.key,
        plan=begun.plan_id,
        kind=step.kind.value,
        after=step.after_ms,
        at=begun.at,
        currency=lead["currency"],
    )
    if not added:
        return False
    if begun.sells and not await begin_again(tx, lead, begun.claims, begun.told, "nurture", begun.at, None):
        raise TakenMeanwhile(lead["id"])
    return True


async def note_going(tx: Tx, lead_id: str, step: str, going: bool) -> None:
    """A message is on the wire, or certainly is not."""
    await tx.execute(
        "UPDATE nurture_steps SET going = :going WHERE lead_id = :lead AND step = :step",
        going=int(going),
        lead=lead_id,
        step=step,
    )


async def end_step(tx: Tx, end: StepEnd) -> None:
    """What a step came to, once, told in the timeline."""
    ended = await tx.execute(
        """UPDATE nurture_steps SET outcome = :outcome, told = :told, ended_at = :at, going = 0, cost_units = :cost
           WHERE lead_id = :lead AND step = :step AND outcome IS NULL""",
        outcome=end.outcome,
        told=end.told,
        at=end.at,
        cost=end.cost_units,
        lead=end.lead_id,
        step=end.step.key,
    )
    if not ended:
        return
    await tx.execute(
        """UPDATE nurture_leads SET passed_ms = :passed, due_at = CASE WHEN due_at = 0 THEN 0 ELSE :due END
           WHERE lead_id = :lead AND state = 'in'""",
        passed=end.step.after_ms,
        due=end.due_at,
        lead=end.lead_id,
    )
    kind = f"{EVENT}:{end.step.key}"
    await tx.execute_all(event_row(end.lead_id, end.month, end.at, kind, f"Nurture: {end.told}", "nurture"))


async def come_again(tx: Tx, lead_id: str, due_at: int) -> None:
    """Nothing is done now; the lead is looked at again then."""
    await tx.execute(
        "UPDATE nurture_leads SET due_at = :due WHERE lead_id = :lead AND state = 'in'", due=due_at, lead=lead_id
    )


async def leave(
    tx: Tx, lead_id: str, why: LeftWhy, told: str, now: int, by: str = "nurture", line: AuditLine | None = None
) -> bool:
    """A lead is in nurture no more. One that was sold brought what it brought by the last step it had."""
    left = await tx.execute(
        """UPDATE nurture_leads SET state = 'left', left_at = :now, why = :why, told = :told, due_at = NULL
           WHERE lead_id = :lead AND state = 'in'""",
        now=now,
        why=why.value,
        told=told,
        lead=lead_id,
    )
    if not left:
        return False
    rows = await tx.fetch("SELECT month, revenue_units, payout_units FROM leads WHERE id = :lead", lead=lead_id)
    await tx.execute(
        """UPDATE nurture_steps SET outcome = CASE WHEN :sold = 1 THEN 'sold' ELSE COALESCE(outcome, 'cut') END,
               revenue_units = CASE WHEN :sold = 1 THEN :revenue ELSE 0 END,
               payout_units = CASE WHEN :sold = 1 THEN :payout ELSE 0 END, ended_at = COALESCE(ended_at, :now)
           WHERE lead_id = :lead
               AND after_ms = (SELECT MAX(s.after_ms) FROM nurture_steps s WHERE s.lead_id = :lead)""",
        sold=int(why is LeftWhy.SOLD),
        revenue=rows[0]["revenue_units"],
        payout=rows[0]["payout_units"],
        now=now,
        lead=lead_id,
    )
    await tx.execute_all(event_row(lead_id, rows[0]["month"], now, f"{EVENT}:out", f"Nurture: {told}", by))
    if line is not None:
        await record(tx, line)
    return True


async def last_message(tx: Tx, lead: Row, since: int) -> int | None:
    """When a message last went to a lead's consumer, by whatever lead of theirs."""
    rows = await tx.fetch(
        """SELECT MAX(s.at) AS at FROM leads JOIN nurture_steps s ON s.lead_id = leads.id
           WHERE (leads.phone_index = :phone OR leads.email_index = :email) AND s.kind IN ('email', 'text')
               AND s.outcome IN ('sent', 'sold', 'unclear') AND s.at > :since""",
        phone=lead["phone_index"],
        email=lead["email_index"],
        since=since,
    )
    return rows[0]["at"] if rows else None
