"""A delivery sent once more on somebody's word: with its hold, its slot and its consumer taken again, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.delivery import DeliveryRow
from exchange.model.hold import CapFull, Held, HoldRequest
from exchange.model.work import Claim, JobRow, Sums
from exchange.storage.audit import record
from exchange.storage.claims import claim, end_claims
from exchange.storage.closing import add_event
from exchange.storage.database import Row, StorageError, Tx
from exchange.storage.deliveries import add_delivery
from exchange.storage.holds import reserve
from exchange.storage.jobs import add_job
from exchange.storage.selling import TAKEN, free_slot, lead_attempts, lock_lead
from exchange.storage.shelf import SOLD_AGAIN, leave


class NotAgain(StorageError):
    """It cannot go out once more. The sentence says why; nothing changed."""


class Again(NamedTuple):
    """A delivery that goes out once more. `hold` and `claims` are for one that had ended, `slots` are its lead's."""

    attempt_id: str
    lead_id: str
    seller_id: str
    at: int
    delivery: DeliveryRow
    job: JobRow
    line: AuditLine
    sentence: str
    actor: str
    before: Sums
    hold: HoldRequest | None = None
    claims: tuple[Claim, ...] = ()
    claims_until: int = 0
    slots: int = 1


async def try_again(tx: Tx, again: Again, states: Sequence[str]) -> None:
    """One more try of a delivery that has not ended, and stands in one of `states`. Raises `NotAgain`."""
    names = ", ".join(f"'{state}'" for state in states)
    changed = await tx.execute(
        f"""UPDATE deliveries SET state = :state, next_at = :at, give_up_at = :give_up, receipt_until = NULL,
                batch_id = NULL, sent_at = CASE WHEN :state = 'shelved' THEN NULL ELSE sent_at END
            WHERE attempt_id = :id AND state IN ({names})""",
        id=again.attempt_id,
        state=again.delivery.state.value,
        at=again.at,
        give_up=again.delivery.give_up_at,
    )
    if not changed or not await add_job(tx, again.job):
        raise NotAgain("It is on its way already.")
    await _tell(tx, again)


async def repeat_now(tx: Tx, again: Again, question: JobRow) -> None:
    """Post an unclear delivery once more now, where its connector makes one lead of both. Raises `NotAgain` while that
    is under way.
    """
    rows = await tx.fetch("SELECT state FROM attempts WHERE id = :id", id=again.attempt_id)
    if not rows or rows[0]["state"] != "unclear":
        raise NotAgain("It was settled meanwhile.")
    sooner = await tx.execute(
        "UPDATE jobs SET run_at = :at WHERE unique_key = :key AND state = 'waiting'",
        at=again.at,
        key=question.unique_key,
    )
    if not sooner and not await add_job(tx, question):
        raise NotAgain("It is on its way already.")
    await _tell(tx, again)


async def reopen(tx: Tx, again: Again) -> None:
    """Take up a delivery that had failed or was refused, as if it had just been won. Raises `NotAgain`, `LeadMoved`."""
    await lock_lead(tx, again.lead_id, again.before, again.at)
    attempts = await lead_attempts(tx, again.lead_id)
    own = next(row for row in attempts if row["id"] == again.attempt_id)
    if own["state"] not in ("failed", "rejected"):
        raise NotAgain(f"It is {own['state']}.")
    taken = [row for row in attempts if row["state"] in TAKEN]
    slot = free_slot(taken, own["leg"], exclusive=bool(own["exclusive"]), slots=again.slots)
    if slot is None:
        raise NotAgain("Its lead was sold to somebody else, or may be.")
    if await claim(tx, again.lead_id, again.seller_id, again.claims, again.at) is not None:
        raise NotAgain("Its consumer came again meanwhile, as another lead.")
    if again.hold is not None:
        await _hold(tx, again.hold, again.at)
    await tx.execute_all(
        (
            """UPDATE attempts SET state = 'pending', reason = 'awaiting_receipt', detail = '', ended_at = NULL,
                   settle_after = NULL, slot = :slot WHERE id = :id""",
            {"id": again.attempt_id, "slot": slot},
        ),
        (
            """UPDATE leads SET state = CASE WHEN times_sold > 0 THEN 'sold' ELSE 'pending' END,
                   reason = CASE WHEN times_sold > 0 THEN reason ELSE 'awaiting_receipt' END WHERE id = :id""",
            {"id": again.lead_id},
        ),
        ("DELETE FROM deliveries WHERE attempt_id = :id", {"id": again.attempt_id}),
        end_claims(again.lead_id, again.claims_until),
    )
    if own["exclusive"] or len(taken) + 1 >= again.slots:
        await leave(tx, again.lead_id, SOLD_AGAIN, again.at)
    await _put_back(tx, again, own)
    await _tell(tx, again)


async def _hold(tx: Tx, request: HoldRequest, at: int) -> None:
    """Caps and money are set aside anew, in the windows of now."""
    await tx.execute("DELETE FROM holds WHERE attempt_id = :id AND state = 'void'", id=request.attempt_id)
    got = await reserve(tx, request, at)
    if not isinstance(got, Held):
        raise NotAgain("A cap is taken." if isinstance(got, CapFull) else "The balance does not cover it.")


async def _put_back(tx: Tx, again: Again, own: Row) -> None:
    """The delivery begins anew and counts its tries on."""
    await add_delivery(tx, again.delivery)
    await tx.execute(
        """UPDATE deliveries SET tries = (SELECT COALESCE(MAX(number), 0) FROM delivery_tries WHERE attempt_id = :id)
           WHERE attempt_id = :id""",
        id=again.attempt_id,
    )
    if not await add_job(tx, again.job):
        raise NotAgain("It is on its way already.")


async def _tell(tx: Tx, again: Again) -> None:
    month = again.delivery.month
    await add_event(tx, again.lead_id, month, again.at, "resent", again.sentence, again.actor)
    await record(tx, again.line)
