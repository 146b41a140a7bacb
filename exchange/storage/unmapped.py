"""Answers that no rule of their connection knows, counted by contract, stage and shape."""

from __future__ import annotations

from exchange.limits import SHAPES_KEPT
from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.work import Unmapped
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx

OTHER = b""
"""The shape under which a contract's answers are counted once it has shown too many different ones."""


async def count_unmapped(tx: Tx, found: Unmapped, lead_id: str, at: int) -> None:
    """Count one answer; `lead_id` is where the newest one can be read."""
    where = {"contract": found.contract_id, "stage": found.stage}
    known = await tx.execute(
        """UPDATE unmapped SET times = times + 1, lead_id = :lead, last_at = :at
           WHERE contract_id = :contract AND stage = :stage AND shape = :shape""",
        **where,
        shape=found.shape,
        lead=lead_id,
        at=at,
    )
    if known:
        return
    rows = await tx.fetch(
        "SELECT COUNT(*) AS shapes FROM unmapped WHERE contract_id = :contract AND stage = :stage", **where
    )
    await tx.execute(
        """INSERT INTO unmapped (contract_id, stage, shape, times, lead_id, last_at, first_at)
           VALUES (:contract, :stage, :shape, 1, :lead, :at, :at)
           ON CONFLICT (contract_id, stage, shape) DO UPDATE SET times = unmapped.times + 1, lead_id = :lead,
               last_at = :at""",
        **where,
        shape=found.shape if rows[0]["shapes"] < SHAPES_KEPT else OTHER,
        lead=lead_id,
        at=at,
    )


async def unmapped_answers(tx: Tx, actor: Actor) -> list[Row]:
    """By contract and stage: `answers`, `shapes`, and when and with which lead the newest came; newest first."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        """SELECT u.contract_id, u.stage, CAST(SUM(u.times) AS BIGINT) AS answers, COUNT(*) AS shapes,
               MAX(u.last_at) AS last_at, MAX(CASE WHEN u.last_at = newest.at THEN u.lead_id END) AS lead_id
           FROM unmapped u JOIN (SELECT contract_id, stage, MAX(last_at) AS at FROM unmapped
               GROUP BY contract_id, stage) newest
               ON newest.contract_id = u.contract_id AND newest.stage = u.stage
           GROUP BY u.contract_id, u.stage ORDER BY 5 DESC, 1, 2"""
    )


async def unmapped_inbox(tx: Tx, actor: Actor) -> list[Row]:
    """One line for each kind of answer: `times`, `first_at` (null where it is not known), `last_at`, and the lead the
    newest came with. All of them: of a contract and a stage no more are kept than `SHAPES_KEPT`."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    return await tx.fetch(
        "SELECT contract_id, stage, shape, times, first_at, last_at, lead_id FROM unmapped ORDER BY contract_id, stage"
    )


async def unmapped_kind(tx: Tx, actor: Actor, contract_id: str, stage: str, shape: bytes) -> Row | None:
    """The same of one kind."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return None
    rows = await tx.fetch(
        """SELECT contract_id, stage, shape, times, first_at, last_at, lead_id FROM unmapped
           WHERE contract_id = :contract AND stage = :stage AND shape = :shape""",
        contract=contract_id,
        stage=stage,
        shape=shape,
    )
    return rows[0] if rows else None


async def forget_unmapped(tx: Tx, contract_id: str, stage: str, shape: bytes, line: AuditLine) -> bool:
    """A rule reads this kind now, or somebody looked at it: the count begins again. False when it was not there."""
    gone = await tx.execute(
        "DELETE FROM unmapped WHERE contract_id = :contract AND stage = :stage AND shape = :shape",
        contract=contract_id,
        stage=stage,
        shape=shape,
    )
    if gone:
        await record(tx, line)
    return bool(gone)
