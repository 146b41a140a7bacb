"""Deliveries that go together: a batch and its members are written down before anything is sent."""

from __future__ import annotations

from exchange.limits import BATCH_LEADS
from exchange.model.delivery import ENDED, DeliveryState
from exchange.storage.database import Row, Tx

_OUT = "SELECT attempt_id FROM deliveries WHERE batch_id = :batch AND state = 'sending'"


async def open_batch(tx: Tx, contract_id: str) -> Row | None:
    """The batch of a contract that has not ended, if there is one."""
    rows = await tx.fetch(
        "SELECT * FROM batches WHERE contract_id = :contract AND ended_at IS NULL ORDER BY number LIMIT 1",
        contract=contract_id,
    )
    return rows[0] if rows else None


async def begin_batch(tx: Tx, contract_id: str, batch_id: str, now: int) -> Row | None:
    """Put what waits for a contract into a new batch, the oldest first. None when nothing waits."""
    leads = await tx.execute(
        """UPDATE deliveries SET batch_id = :batch, next_at = NULL
           WHERE attempt_id IN (SELECT d.attempt_id FROM deliveries d JOIN attempts a ON a.id = d.attempt_id
               JOIN leads l ON l.id = d.lead_id WHERE d.contract_id = :contract AND d.state = 'waiting'
                   AND d.batch_id IS NULL AND a.state IN ('pending', 'accepted') AND l.state NOT IN ('open', 'selling')
               ORDER BY d.made_at, d.attempt_id LIMIT :most)""",
        batch=batch_id,
        contract=contract_id,
        most=BATCH_LEADS,
    )
    if not leads:
        return None
    await tx.execute(
        """INSERT INTO batches (id, contract_id, number, state, leads, made_at)
           SELECT :batch, :contract, COALESCE(MAX(number), 0) + 1, 'waiting', :leads, :now FROM batches
           WHERE contract_id = :contract""",
        batch=batch_id,
        contract=contract_id,
        leads=leads,
        now=now,
    )
    return await open_batch(tx, contract_id)


async def batch_members(tx: Tx, batch_id: str) -> list[Row]:
    """The deliveries of a batch, in one order always."""
    return await tx.fetch(
        "SELECT * FROM deliveries WHERE batch_id = :batch ORDER BY made_at, attempt_id", batch=batch_id
    )


async def begin_batch_try(tx: Tx, batch_id: str, now: int) -> None:
    """The next byte may deliver them all."""
    await tx.execute(
        """UPDATE deliveries SET tries = tries + 1, state = 'sending'
           WHERE batch_id = :batch AND state IN ('waiting', 'sending')""",
        batch=batch_id,
    )
    await tx.execute(
        f"""UPDATE attempts SET tries = (SELECT d.tries FROM deliveries d WHERE d.attempt_id = attempts.id)
            WHERE id IN ({_OUT})""",
        batch=batch_id,
    )
    await tx.execute(
        """INSERT INTO delivery_tries (attempt_id, number, month, lead_id, at, outcome, detail)
           SELECT attempt_id, tries, month, lead_id, :now, 'sending', '' FROM deliveries
           WHERE batch_id = :batch AND state = 'sending'""",
        batch=batch_id,
        now=now,
    )


async def end_batch_try(
    tx: Tx,
    batch_id: str,
    state: DeliveryState,
    outcome: str,
    detail: str,
    now: int,
    *,
    took_ms: int,
    may_have: bool,
    next_at: int | None,
    receipt_until: int | None,
) -> None:
    """How a try of a batch ended for all its members. WAITING: it is tried again, with the same members."""
    await tx.execute(
        f"""UPDATE delivery_tries SET outcome = :outcome, detail = :detail, took_ms = :took, next_at = :next
            WHERE outcome = 'sending' AND attempt_id IN ({_OUT})""",
        batch=batch_id,
        outcome=outcome,
        detail=detail,
        took=took_ms,
        next=next_at,
    )
    await tx.execute(
        """UPDATE deliveries SET state = :state, last_error = :error, next_at = :next, receipt_until = :until,
               sent_at = CASE WHEN :may_have = 1 THEN COALESCE(sent_at, :now) ELSE sent_at END,
               ended_at = CASE WHEN :ended = 1 THEN :now END
           WHERE batch_id = :batch AND state = 'sending'""",
        batch=batch_id,
        state=state.value,
        error=detail or None,
        next=next_at,
        until=receipt_until,
        may_have=int(may_have),
        ended=int(state in ENDED),
        now=now,
    )
    await tx.execute(
        "UPDATE batches SET state = :state, last_error = :error WHERE id = :batch",
        batch=batch_id,
        state=state.value,
        error=detail or None,
    )


async def end_batch(tx: Tx, batch_id: str, now: int) -> None:
    """All that followed from it is done."""
    await tx.execute("UPDATE batches SET ended_at = :now WHERE id = :batch", batch=batch_id, now=now)


async def waits_for_batch(tx: Tx, contract_id: str, before: int) -> bool:
    """Whether anything still waits for a batch that came before an instant."""
    rows = await tx.fetch(
        """SELECT 1 AS found FROM deliveries d JOIN attempts a ON a.id = d.attempt_id
           WHERE d.contract_id = :contract AND d.state = 'waiting' AND d.batch_id IS NULL
               AND d.made_at < :before AND a.state IN ('pending', 'accepted') LIMIT 1""",
        contract=contract_id,
        before=before,
    )
    return bool(rows)


async def read_batch(tx: Tx, contract_id: str, number: int) -> Row | None:
    """A batch by its name."""
    rows = await tx.fetch(
        "SELECT * FROM batches WHERE contract_id = :contract AND number = :number", contract=contract_id, number=number
    )
    return rows[0] if rows else None
