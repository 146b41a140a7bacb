"""Proofs that a vendor is to keep once their lead is sold: what waits, what is due, and what the vendor answered."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.ledger import Transaction
from exchange.model.verification import ProofEnd
from exchange.model.work import JobRow
from exchange.storage.closing import add_event
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.ledger import book


async def sold_proofs(tx: Tx, since: int, most: int) -> list[Row]:
    """Proofs of leads that were sold meanwhile, oldest first. What is older than `since` nobody can keep any more."""
    return await tx.fetch(
        """SELECT lead_id, verifier FROM retained
           WHERE state = 'open' AND made_at >= :since AND EXISTS (SELECT 1 FROM sales
               WHERE sales.lead_id = retained.lead_id AND sales.mode = 'live' AND sales.reversed_at IS NULL)
           ORDER BY made_at LIMIT :most""",
        since=since,
        most=most,
    )


async def make_due(tx: Tx, jobs: Sequence[tuple[str, str, JobRow]]) -> None:
    """Each with the job that has it kept, by lead and verifier. A second run finds the job there."""
    for lead_id, verifier, job in jobs:
        await tx.execute(
            "UPDATE retained SET state = 'due' WHERE lead_id = :lead AND verifier = :verifier AND state = 'open'",
            lead=lead_id,
            verifier=verifier,
        )
        await add_job(tx, job)


async def read_proof(tx: Tx, lead_id: str, verifier: str) -> Row | None:
    rows = await tx.fetch(
        "SELECT * FROM retained WHERE lead_id = :lead AND verifier = :verifier", lead=lead_id, verifier=verifier
    )
    return rows[0] if rows else None


async def end_proof(tx: Tx, end: ProofEnd, cost: Transaction | None) -> None:
    """What the vendor answered, in the lead's timeline too, and what it costs. Only the first answer counts."""
    ended = await tx.execute(
        """UPDATE retained SET state = :state, ended_at = :at, kept_until = :until, detail = :detail, receipt = :receipt
           WHERE lead_id = :lead AND verifier = :verifier AND state = 'due'""",
        state=end.state,
        at=end.at,
        until=end.until,
        detail=end.detail,
        receipt=end.receipt,
        lead=end.lead_id,
        verifier=end.verifier,
    )
    if not ended:
        return
    kind = f"proof_{end.state}:{end.verifier}"
    await add_event(tx, end.lead_id, end.month, end.at, kind, end.sentence, "exchange")
    if cost is not None and await book(tx, cost):
        money = cost.postings[0].money
        await tx.execute(
            "UPDATE leads SET cost_units = cost_units + :units WHERE id = :id AND currency = :currency",
            id=end.lead_id,
            units=money.units,
            currency=money.currency,
        )


async def waiting_proofs(tx: Tx, before: int) -> list[Row]:
    """By verifier, how many sold leads' proofs are not kept yet, and how many of them since before that moment."""
    return await tx.fetch(
        """SELECT verifier, COUNT(*) AS waiting,
               CAST(SUM(CASE WHEN made_at < :before THEN 1 ELSE 0 END) AS BIGINT) AS late
           FROM retained WHERE state = 'due' GROUP BY verifier ORDER BY verifier""",
        before=before,
    )


async def kept_proofs(tx: Tx, since: int) -> list[Row]:
    """By verifier, how many proofs were kept since then, and how many the vendor refused to keep."""
    return await tx.fetch(
        """SELECT verifier, CAST(SUM(CASE WHEN state = 'kept' THEN 1 ELSE 0 END) AS BIGINT) AS kept,
               CAST(SUM(CASE WHEN state = 'refused' THEN 1 ELSE 0 END) AS BIGINT) AS refused
           FROM retained WHERE ended_at >= :since GROUP BY verifier ORDER BY verifier""",
        since=since,
    )


async def forget_proofs(tx: Tx, before: int) -> int:
    """Those of leads that nobody bought in time."""
    return await tx.execute("DELETE FROM retained WHERE state = 'open' AND made_at < :before", before=before)
