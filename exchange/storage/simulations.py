"""Simulations that were asked for, what they found, and the drafts that are being written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.party import Buyer, Campaign, Contract
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.parties import save_buyer, save_campaign, save_contract
from exchange.storage.rows import inserted

KEPT = 100


class SimulationRow(NamedTuple):
    """One that is about to run. `span` is JSON."""

    id: str
    made_at: int
    made_by: str
    span: str
    draft: str
    seed: int


async def read_draft_text(tx: Tx, subject: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM drafts WHERE subject = :subject", subject=subject)
    return rows[0] if rows else None


async def save_draft_text(tx: Tx, subject: str, text: str, now: int, by: str) -> None:
    """An empty draft is none."""
    if not text:
        await tx.execute("DELETE FROM drafts WHERE subject = :subject", subject=subject)
        return
    await tx.execute(
        """INSERT INTO drafts (subject, text, changed_at, changed_by) VALUES (:subject, :text, :now, :by)
           ON CONFLICT (subject) DO UPDATE SET text = :text, changed_at = :now, changed_by = :by""",
        subject=subject,
        text=text,
        now=now,
        by=by,
    )


async def begin_simulation(tx: Tx, row: SimulationRow, job: JobRow) -> None:
    """Note it with the job that runs it, and forget the oldest."""
    await tx.execute(
        """INSERT INTO simulations (id, made_at, made_by, span, draft, seed, state, wanted, done, total)
           VALUES (:id, :made_at, :made_by, :span, :draft, :seed, 'waiting', 'run', 0, 0)""",
        **row._asdict(),
    )
    await add_job(tx, job)
    old = await tx.fetch(
        """SELECT id FROM simulations WHERE state NOT IN ('waiting', 'running')
           ORDER BY made_at DESC, id DESC LIMIT 20 OFFSET :kept""",
        kept=KEPT,
    )
    for each in old:
        await tx.execute("DELETE FROM simulation_leads WHERE simulation_id = :id", id=each["id"])
        await tx.execute("DELETE FROM simulations WHERE id = :id", id=each["id"])


async def read_simulation(tx: Tx, actor: Actor, simulation_id: str) -> Row | None:
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return None
    rows = await tx.fetch("SELECT * FROM simulations WHERE id = :id", id=simulation_id)
    return rows[0] if rows else None


async def list_simulations(tx: Tx, actor: Actor, most: int) -> list[Row]:
    if actor.role is not Role.OPERATOR:
        return []
    return await tx.fetch(
        """SELECT id, made_at, made_by, draft, seed, state, done, total, result FROM simulations
           ORDER BY made_at DESC, id DESC LIMIT :most""",
        most=most,
    )


async def newest_of(tx: Tx, actor: Actor, draft: str, vertical: str, since: int) -> Row | None:
    """The newest simulation of exactly this draft on a vertical's leads."""
    if actor.role is not Role.OPERATOR:
        return None
    rows = await tx.fetch(
        """SELECT * FROM simulations WHERE made_at >= :since AND draft = :draft AND LOWER(span) LIKE :span
           ORDER BY made_at DESC, id DESC LIMIT 1""",
        since=since,
        draft=draft,
        span=f'%"vertical":"{vertical}"%'.lower(),
    )
    return rows[0] if rows else None


async def note_progress(tx: Tx, simulation_id: str, done: int, total: int) -> str:
    """How far it is. Returns what is wanted of it."""
    rows = await tx.fetch(
        """UPDATE simulations SET done = :done, total = :total,
               state = CASE WHEN state = 'waiting' THEN 'running' ELSE state END
           WHERE id = :id RETURNING wanted""",
        id=simulation_id,
        done=done,
        total=total,
    )
    return rows[0]["wanted"] if rows else "cancel"


async def end_simulation(
    tx: Tx,
    simulation_id: str,
    state: str,
    now: int,
    result: str | None = None,
    leads: Sequence[tuple[str, str]] = (),
    problem: str | None = None,
) -> None:
    """It is over; `leads` are those that end otherwise, each with its document. A second end changes nothing."""
    touched = await tx.execute(
        """UPDATE simulations SET state = :state, ended_at = :now, result = :result, problem = :problem
           WHERE id = :id AND state IN ('waiting', 'running')""",
        id=simulation_id,
        state=state,
        now=now,
        result=result,
        problem=problem,
    )
    for start in range(0, len(leads) if touched else 0, 100):
        rows = [
            (simulation_id, start + place, lead_id, document)
            for place, (lead_id, document) in enumerate(leads[start : start + 100])
        ]
        text, params = inserted("simulation_leads", ("simulation_id", "place", "lead_id", "document"), rows)
        await tx.execute(text, **params)


async def cancel_simulation(tx: Tx, simulation_id: str) -> bool:
    """Ask it to stop. False when it is over."""
    touched = await tx.execute(
        "UPDATE simulations SET wanted = 'cancel' WHERE id = :id AND state IN ('waiting', 'running')", id=simulation_id
    )
    return touched == 1


async def changed_leads(tx: Tx, simulation_id: str, after: int, most: int) -> list[Row]:
    return await tx.fetch(
        """SELECT place, lead_id, document FROM simulation_leads
           WHERE simulation_id = :id AND place >= :after ORDER BY place LIMIT :most""",
        id=simulation_id,
        after=after,
        most=most,
    )


async def changed_lead(tx: Tx, simulation_id: str, lead_id: str) -> Row | None:
    rows = await tx.fetch(
        "SELECT document FROM simulation_leads WHERE simulation_id = :id AND lead_id = :lead",
        id=simulation_id,
        lead=lead_id,
    )
    return rows[0] if rows else None


class Moved(Exception):
    """Somebody changed one of them meanwhile."""


class Rules(NamedTuple):
    """Everything that a draft changes, each with the version it was made from."""

    campaigns: tuple[Campaign, ...] = ()
    contracts: tuple[Contract, ...] = ()
    buyers: tuple[Buyer, ...] = ()


async def publish_rules(
    tx: Tx, rules: Rules, line: AuditLine, jobs: Sequence[JobRow], buyers_before: Sequence[str], draft: str | None
) -> None:
    """Store them all with one line, or nothing: raises `Moved` when one is not what the draft was made from.

    `buyers_before` are the states of the buyers; `draft` is the subject whose draft is used up by it.
    """
    for table, parties in (("campaigns", rules.campaigns), ("contracts", rules.contracts)):
        for party in parties:
            rows = await tx.fetch(
                f"SELECT version FROM {table} WHERE id = :id AND current = 1 {tx.for_update}", id=party.id
            )
            if not rows or rows[0]["version"] != party.version:
                raise Moved(party.id)
    for buyer, before in zip(rules.buyers, buyers_before, strict=True):
        rows = await tx.fetch(f"SELECT document FROM buyers WHERE id = :id {tx.for_update}", id=buyer.id)
        if not rows or rows[0]["document"] != before:
            raise Moved(buyer.id)
    for campaign in rules.campaigns:
        await save_campaign(tx, campaign, line.at, line.actor.name)
    for contract in rules.contracts:
        await save_contract(tx, contract, line.at, line.actor.name)
    for buyer in rules.buyers:
        await save_buyer(tx, buyer, line.at)
    await record(tx, line)
    for job in jobs:
        await add_job(tx, job)
    if draft is not None:
        await tx.execute("DELETE FROM drafts WHERE subject = :subject", subject=draft)


async def buyer_documents(tx: Tx, buyer_ids: Sequence[str]) -> list[str]:
    """As they are stored, in this order."""
    found = []
    for buyer_id in buyer_ids:
        rows = await tx.fetch("SELECT document FROM buyers WHERE id = :id", id=buyer_id)
        found.append(str(rows[0]["document"]) if rows else "")
    return found


async def has_sold(tx: Tx, contract_id: str) -> bool:
    """Whether a contract ever bought a live lead."""
    rows = await tx.fetch(
        """SELECT s.id FROM contracts c JOIN sales s ON s.buyer_id = c.buyer_id AND s.contract_id = c.id
           WHERE c.id = :id AND c.current = 1 AND s.mode = 'live' LIMIT 1""",
        id=contract_id,
    )
    return bool(rows)


async def published(tx: Tx, actor: Actor, since: int, most: int) -> list[Row]:
    """The lines of rules that were published or rolled back, the newest first."""
    if actor.role is not Role.OPERATOR:
        return []
    return await tx.fetch(
        """SELECT id, at, actor, action, subject, before_json, after_json FROM audit_lines
           WHERE at >= :since AND action IN ('rules.published', 'rules.rolled_back')
           ORDER BY at DESC, id DESC LIMIT :most""",
        since=since,
        most=most,
    )


async def published_line(tx: Tx, actor: Actor, line_id: str) -> Row | None:
    if actor.role is not Role.OPERATOR:
        return None
    rows = await tx.fetch(
        """SELECT id, before_json, after_json, subject FROM audit_lines
           WHERE id = :id AND action IN ('rules.published', 'rules.rolled_back')""",
        id=line_id,
    )
    return rows[0] if rows else None
