"""Deliveries beside the request: what is to go out, every try of it, and what is heard of it later."""

from __future__ import annotations

import json

from exchange.model.delivery import ENDED, NOT_REACHED, DeliveryRow, DeliveryState, ReceiptRow, TryEnd, after_receipt
from exchange.model.work import JobRow, WiresRow
from exchange.storage.closing import wires_row
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job

OVERDUE_AT_ONCE = 500
_OF_ONE_TRY = NOT_REACHED | {"failed"}
"""What is said of one try says nothing about the next."""
_OF_A_CRASH_MS = 600_000  # a try that began so long before the end of all patience is nobody's any more


async def add_delivery(tx: Tx, delivery: DeliveryRow) -> None:
    await tx.execute(
        """INSERT INTO deliveries (attempt_id, month, lead_id, buyer_id, contract_id, connection, channel, queue, state,
               sold_at_once, tries, made_at, next_at, give_up_at)
           VALUES (:attempt, :month, :lead, :buyer, :contract, :connection, :channel, :queue, :state, :at_once, 0,
               :made, :next, :give_up)""",
        attempt=delivery.attempt_id,
        month=delivery.month,
        lead=delivery.lead_id,
        buyer=delivery.buyer_id,
        contract=delivery.contract_id,
        connection=delivery.connection,
        channel=delivery.channel,
        queue=delivery.queue,
        state=delivery.state.value,
        at_once=int(delivery.sold_at_once),
        made=delivery.made_at,
        next=delivery.next_at,
        give_up=delivery.give_up_at,
    )


async def read_delivery(tx: Tx, attempt_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM deliveries WHERE attempt_id = :id", id=attempt_id)
    return rows[0] if rows else None


async def begin_try(tx: Tx, attempt_id: str, at: int, *, again: bool) -> int | None:
    """The next byte may deliver. Returns the number of this try; None when there is nothing to send any more.

    `again` takes up a try that a stopped process left: only where the same twice is one lead. What the provider called
    an earlier try is forgotten: who is asked about that one, or hears of it, must not take it for this.
    """
    rows = await tx.fetch(
        f"""UPDATE deliveries SET state = 'sending', tries = tries + 1, next_at = NULL, provider_ref = NULL
            WHERE attempt_id = :id AND state IN ('waiting'{", 'sending'" if again else ""})
               AND EXISTS (SELECT 1 FROM attempts WHERE attempts.id = deliveries.attempt_id
                   AND attempts.state IN ('pending', 'unclear', 'accepted'))
            RETURNING tries, month, lead_id""",
        id=attempt_id,
    )
    if not rows:
        return None
    number = int(rows[0]["tries"])
    await tx.execute_all(
        ("UPDATE attempts SET tries = :tries WHERE id = :id", {"id": attempt_id, "tries": number}),
        (
            """INSERT INTO delivery_tries (attempt_id, number, month, lead_id, at, outcome, detail)
               VALUES (:attempt, :number, :month, :lead, :at, 'sending', '')""",
            {
                "attempt": attempt_id,
                "number": number,
                "month": rows[0]["month"],
                "lead": rows[0]["lead_id"],
                "at": at,
            },
        ),
    )
    return number


async def end_try(tx: Tx, end: TryEnd, wires: WiresRow | None) -> DeliveryState:
    """Store how a try ended, in one unit with what was said. Returns the state the delivery has now.

    What a receipt told meanwhile stands. Receipts that came before the provider's own answer are taken now.
    """
    row = (await _locked(tx, end.attempt_id))[0]
    state = DeliveryState(row["state"])
    told = state is not DeliveryState.SENDING  # a receipt was faster than the answer
    if not told:
        state = end.state
    reached_nobody = told and state is DeliveryState.WAITING
    await _move(tx, row, state, end.at)
    await tx.execute(
        """UPDATE deliveries SET next_at = :next, provider_ref = COALESCE(:ref, provider_ref), last_error = :error,
               sent_at = CASE WHEN :may_have = 1 THEN COALESCE(sent_at, :at) ELSE sent_at END,
               receipt_until = COALESCE(:until, receipt_until), price_units = COALESCE(:price, price_units)
           WHERE attempt_id = :id""",
        id=end.attempt_id,
        next=row["next_at"] if told else end.next_at,
        ref=end.provider_ref,
        error=row["last_error"] if told else end.detail or None,
        may_have=int(end.may_have and not reached_nobody),
        at=end.at,
        until=end.receipt_until,
        price=end.price_units,
    )
    await tx.execute(
        """UPDATE delivery_tries SET outcome = :outcome, detail = :detail, took_ms = :took, next_at = :next
           WHERE attempt_id = :id AND number = :number""",
        id=end.attempt_id,
        number=end.number,
        outcome=end.outcome,
        detail=end.detail,
        took=end.took_ms,
        next=end.next_at,
    )
    if wires is not None:
        await tx.execute_all(wires_row(wires))
    return await _early(tx, end, state)


async def _early(tx: Tx, end: TryEnd, state: DeliveryState) -> DeliveryState:
    """Receipts about this provider's reference that came before we knew whose it was, in the order they happened."""
    if end.provider_ref is None:
        return state
    early = await tx.fetch(
        """UPDATE receipts SET attempt_id = :attempt WHERE attempt_id IS NULL AND provider_ref = :ref
               AND connection = (SELECT connection FROM deliveries WHERE attempt_id = :attempt)
           RETURNING kind, at, event_id""",
        attempt=end.attempt_id,
        ref=end.provider_ref,
    )
    for receipt in sorted(early, key=lambda each: (each["at"], each["event_id"])):
        row = (await _locked(tx, end.attempt_id))[0]
        state = after_receipt(DeliveryState(row["state"]), receipt["kind"])
        await _move(tx, row, state, end.at)
    return state


async def put_off(tx: Tx, attempt_id: str, until: int, why: str) -> None:
    """It may not go out before `until`."""
    await tx.execute(
        "UPDATE deliveries SET next_at = :until, last_error = :why WHERE attempt_id = :id AND state = 'waiting'",
        id=attempt_id,
        until=until,
        why=why,
    )


async def take_in(tx: Tx, receipt: ReceiptRow, job_id: str) -> Row | None:
    """Take one receipt: the first of its id decides, a repeat changes nothing. Returns the delivery it is about.

    What follows from it is left to a job of the same unit.
    """
    rows = await _about(tx, receipt)
    row = rows[0] if rows else None
    fresh = await tx.fetch(
        """INSERT INTO receipts (connection, event_id, attempt_id, provider_ref, kind, at, heard_at, detail)
           VALUES (:connection, :event, :attempt, :ref, :kind, :at, :heard, :detail)
           ON CONFLICT (connection, event_id) DO NOTHING RETURNING event_id""",
        connection=receipt.connection,
        event=receipt.event_id,
        attempt=row["attempt_id"] if row is not None else None,
        ref=receipt.provider_ref,
        kind=receipt.kind,
        at=receipt.at,
        heard=receipt.heard_at,
        detail=receipt.detail,
    )
    if row is None or not fresh:
        return row
    if receipt.kind in _OF_ONE_TRY and await _is_old(tx, row, receipt):
        return row
    state = after_receipt(DeliveryState(row["state"]), receipt.kind)
    if state.value == row["state"]:
        return row
    await _move(tx, row, state, receipt.heard_at)
    again = state is DeliveryState.WAITING
    if state in (DeliveryState.FAILED, DeliveryState.BOUNCED) and receipt.detail:
        await tx.execute(
            "UPDATE deliveries SET last_error = :why WHERE attempt_id = :id",
            id=row["attempt_id"],
            why=receipt.detail,
        )
    if again:
        await tx.execute(
            "UPDATE deliveries SET sent_at = NULL, next_at = :next, last_error = :why WHERE attempt_id = :id",
            id=row["attempt_id"],
            next=receipt.try_again_at,
            why=receipt.detail or f"Nobody was reached: {receipt.kind}.",
        )
    run_at = receipt.try_again_at if again else receipt.heard_at
    await _leave_job(tx, job_id, row, f"receipt:{receipt.connection}:{receipt.event_id}", run_at, receipt.heard_at)
    return {**row, "state": state.value}


async def _is_old(tx: Tx, row: Row, receipt: ReceiptRow) -> bool:
    """Whether it is news of an earlier try: that one is known by another name, or reached nobody before."""
    if receipt.provider_ref is None:
        return False
    if row["provider_ref"] not in (None, receipt.provider_ref):
        return True
    return bool(
        await tx.fetch(
            """SELECT 1 AS found FROM receipts WHERE attempt_id = :attempt AND provider_ref = :ref
                   AND kind IN ('machine', 'silent') AND event_id <> :event""",
            attempt=row["attempt_id"],
            ref=receipt.provider_ref,
            event=receipt.event_id,
        )
    )


async def was_heard(tx: Tx, connection: str, event_id: str) -> bool:
    rows = await tx.fetch(
        "SELECT 1 AS found FROM receipts WHERE connection = :connection AND event_id = :event",
        connection=connection,
        event=event_id,
    )
    return bool(rows)


async def expire(tx: Tx, row: Row, state: DeliveryState, why: str, now: int, job_id: str) -> bool:
    """The end of all patience with a delivery as it was read. False when something happened to it meanwhile."""
    current = await _locked(tx, row["attempt_id"])
    if not current or current[0]["state"] != row["state"] or current[0]["tries"] != row["tries"]:
        return False
    await end_delivery(tx, row["attempt_id"], state, now, why)
    await _leave_job(tx, job_id, row, f"late:{row['attempt_id']}", now, now)
    return True


async def _leave_job(tx: Tx, job_id: str, row: Row, unique: str, run_at: int, now: int) -> None:
    """Somebody draws the consequence, whatever becomes of this process."""
    payload = json.dumps({"attempt_id": row["attempt_id"]})
    await add_job(tx, JobRow(job_id, row["queue"], "deliver", payload, run_at, now, unique))


async def _about(tx: Tx, receipt: ReceiptRow) -> list[Row]:
    """The delivery of a receipt, locked: by our reference, else by the provider's."""
    if receipt.reference is not None:
        rows = await _locked(tx, receipt.reference)
        return [row for row in rows if row["connection"] == receipt.connection]
    if receipt.provider_ref is None:
        return []
    return await tx.fetch(
        f"""SELECT * FROM deliveries WHERE connection = :connection AND provider_ref = :ref
            ORDER BY attempt_id LIMIT 1 {tx.for_update}""",
        connection=receipt.connection,
        ref=receipt.provider_ref,
    )


async def _locked(tx: Tx, attempt_id: str) -> list[Row]:
    return await tx.fetch(f"SELECT * FROM deliveries WHERE attempt_id = :id {tx.for_update}", id=attempt_id)


async def _move(tx: Tx, row: Row, state: DeliveryState, at: int) -> None:
    await tx.execute(
        """UPDATE deliveries SET state = :state, ended_at = CASE WHEN :ended = 1 THEN COALESCE(ended_at, :at) END
           WHERE attempt_id = :id""",
        id=row["attempt_id"],
        state=state.value,
        ended=int(state in ENDED),
        at=at,
    )


async def end_delivery(tx: Tx, attempt_id: str, state: DeliveryState, at: int, why: str | None = None) -> bool:
    """The delivery is over, or waits for nobody any more. False when it had ended, or never was."""
    touched = await tx.execute(
        """UPDATE deliveries SET state = :state, ended_at = CASE WHEN :ended = 1 THEN :at END, next_at = NULL,
               last_error = COALESCE(:why, last_error)
           WHERE attempt_id = :id AND ended_at IS NULL AND state <> :state""",
        id=attempt_id,
        state=state.value,
        ended=int(state in ENDED),
        at=at,
        why=why,
    )
    return touched == 1


async def overdue(tx: Tx, now: int) -> list[Row]:
    """Deliveries whose time to arrive is over, and those whose receipt did not come in time; the oldest first."""
    return await tx.fetch(
        """SELECT * FROM (SELECT * FROM deliveries WHERE state IN ('waiting', 'sending', 'shelved')
                  AND give_up_at <= CASE WHEN state = 'sending' THEN :crashed ELSE :now END
               UNION ALL SELECT * FROM deliveries WHERE state = 'sent' AND receipt_until <= :now) AS late
           ORDER BY give_up_at, attempt_id LIMIT :most""",
        now=now,
        crashed=now - _OF_A_CRASH_MS,
        most=OVERDUE_AT_ONCE,
    )
