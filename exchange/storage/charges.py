"""What is asked of a payment provider, and what it told: each charge, refund and event once, booked with its money."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.ledger import Transaction
from exchange.model.money import Money
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.ledger import book
from exchange.storage.payments import TooLittle, take_money, taken_by
from exchange.storage.rows import listed

OPEN = ("made", "sent")


class ChargeRow(NamedTuple):
    """`state`: made (before the wire), sent (the page is there, or the answer is not), paid, failed. `purpose`: page
    (the buyer pays on the provider's page), save (and lets it keep the card), auto (nobody is there)."""

    id: str
    month: str
    buyer_id: str
    account: str
    money: Money
    provider: str
    purpose: str
    made_at: int
    made_by: str
    state: str = "made"
    session_id: str | None = None
    intent_id: str | None = None
    crossing: int | None = None
    why: str = ""
    changed_at: int = 0


async def add_charge(tx: Tx, charge: ChargeRow, line: AuditLine | None = None) -> None:
    await tx.execute(
        """INSERT INTO charges (id, month, buyer_id, account, currency, units, provider, purpose, state, session_id,
               intent_id, crossing, tries, why, made_at, changed_at, made_by)
           VALUES (:id, :month, :buyer, :account, :currency, :units, :provider, :purpose, :state, :session,
               :intent, :crossing, 0, :why, :made_at, :made_at, :made_by)""",
        id=charge.id,
        month=charge.month,
        buyer=charge.buyer_id,
        account=charge.account,
        currency=charge.money.currency,
        units=charge.money.units,
        provider=charge.provider,
        purpose=charge.purpose,
        state=charge.state,
        session=charge.session_id,
        intent=charge.intent_id,
        crossing=charge.crossing,
        why=charge.why,
        made_at=charge.made_at,
        made_by=charge.made_by,
    )
    if line is not None:
        await record(tx, line)


async def note_charge(
    tx: Tx, charge_id: str, state: str, now: int, session_id: str = "", intent_id: str = "", why: str = ""
) -> bool:
    """How a charge stands now. What was paid stays paid, whatever is heard later; False then."""
    changed = await tx.execute(
        """UPDATE charges SET state = :state, changed_at = :now, why = :why, tries = tries + 1,
               session_id = COALESCE(NULLIF(:session, ''), session_id),
               intent_id = COALESCE(NULLIF(:intent, ''), intent_id)
           WHERE id = :id AND state <> 'paid'""",
        id=charge_id,
        state=state,
        now=now,
        why=why,
        session=session_id,
        intent=intent_id,
    )
    return bool(changed)


async def book_charge(
    tx: Tx, charge_id: str, intent_id: str, booking: Transaction, line: AuditLine, jobs: tuple[JobRow, ...] = ()
) -> bool:
    """The money of a charge came: booked once, whoever tells it first. False when it was booked before."""
    new = await book(tx, booking)
    await tx.execute(
        """UPDATE charges SET state = 'paid', changed_at = :now, why = '', intent_id = :intent
           WHERE id = :id AND state <> 'paid'""",
        id=charge_id,
        now=booking.at,
        intent=intent_id,
    )
    if new:
        await record(tx, line)
        for job in jobs:
            await add_job(tx, job)
    return new


async def book_moves(tx: Tx, bookings: tuple[Transaction, ...], line: AuditLine, jobs: tuple[JobRow, ...] = ()) -> bool:
    """What went back or was taken back, each entry once. Whether any was new."""
    new = [await book(tx, each) for each in bookings]
    if any(new):
        await record(tx, line)
        for job in jobs:
            await add_job(tx, job)
    return any(new)


async def give_back_charge(tx: Tx, booking: Transaction, charge: ChargeRow, line: AuditLine, job: JobRow) -> bool:
    """Book what goes back to a card, with the job that sends it; False when that was booked before. Raises `TooLittle`
    when it is more than the account has free, or than is left of the payment. The account's row is locked by the
    booking before either is read."""
    new, _ = await take_money(tx, booking, charge.account, line)
    if new:
        left = await _left_of_charge(tx, charge)
        if left.units < 0:
            raise TooLittle(left + taken_by(booking, charge.account))
        await add_job(tx, job)
    return new


async def _left_of_charge(tx: Tx, charge: ChargeRow) -> Money:
    """What a charge brought to its account, less what went back of it."""
    rows = await tx.fetch(
        """SELECT CAST(COALESCE(SUM_OF.units, 0) AS BIGINT) AS units FROM
           (SELECT CAST(SUM(CASE WHEN p.destination = :account THEN p.units ELSE -p.units END) AS BIGINT) AS units
            FROM transactions AS t JOIN postings AS p ON p.reference = t.reference
            WHERE t.cause = :charge AND p.currency = :currency) AS SUM_OF""",
        account=charge.account,
        charge=charge.id,
        currency=charge.money.currency,
    )
    return Money(rows[0]["units"], charge.money.currency)


async def read_charge(tx: Tx, charge_id: str) -> ChargeRow | None:
    rows = await tx.fetch("SELECT * FROM charges WHERE id = :id", id=charge_id)
    return _charge(rows[0]) if rows else None


async def charge_of_intent(tx: Tx, provider: str, intent_id: str) -> ChargeRow | None:
    rows = await tx.fetch(
        "SELECT * FROM charges WHERE provider = :provider AND intent_id = :intent", provider=provider, intent=intent_id
    )
    return _charge(rows[0]) if rows else None


async def open_charges(tx: Tx, purpose: str, before: int) -> list[ChargeRow]:
    """Charges of this purpose that were made before that moment and have no end yet."""
    names, params = listed("state", OPEN)
    rows = await tx.fetch(
        f"""SELECT * FROM charges WHERE purpose = :purpose AND made_at < :before AND state IN {names}
            ORDER BY made_at LIMIT 100""",
        purpose=purpose,
        before=before,
        **params,
    )
    return [_charge(row) for row in rows]


async def charges_of(tx: Tx, buyer_id: str, limit: int = 50) -> list[ChargeRow]:
    """The newest first."""
    rows = await tx.fetch(
        "SELECT * FROM charges WHERE buyer_id = :buyer ORDER BY made_at DESC, id DESC LIMIT :limit",
        buyer=buyer_id,
        limit=limit,
    )
    return [_charge(row) for row in rows]


def _charge(row: Row) -> ChargeRow:
    return ChargeRow(
        row["id"],
        row["month"],
        row["buyer_id"],
        row["account"],
        Money(row["units"], row["currency"]),
        row["provider"],
        row["purpose"],
        row["made_at"],
        row["made_by"],
        row["state"],
        row["session_id"],
        row["intent_id"],
        row["crossing"],
        row["why"],
        row["changed_at"],
    )


async def take_event(
    tx: Tx, provider: str, event_id: str, kind: str, object_id: str, made_at: int, now: int, job: JobRow
) -> bool:
    """Keep an event with the job that does what follows from it. False when it came before."""
    fresh = await tx.execute(
        """INSERT INTO provider_events (provider, event_id, kind, object_id, made_at, received_at, done)
           VALUES (:provider, :id, :kind, :object, :made_at, :now, '') ON CONFLICT (provider, event_id) DO NOTHING""",
        provider=provider,
        id=event_id,
        kind=kind,
        object=object_id,
        made_at=made_at,
        now=now,
    )
    if fresh:
        await add_job(tx, job)
    return bool(fresh)


async def end_event(tx: Tx, provider: str, event_id: str, done: str) -> None:
    await tx.execute(
        "UPDATE provider_events SET done = :done WHERE provider = :provider AND event_id = :id",
        provider=provider,
        id=event_id,
        done=done,
    )


class MethodRow(NamedTuple):
    """A means of payment that the provider keeps for a buyer."""

    buyer_id: str
    provider: str
    customer_id: str
    method_id: str
    label: str
    changed_at: int


async def save_method(tx: Tx, method: MethodRow) -> None:
    await tx.execute(
        """INSERT INTO payment_methods (buyer_id, provider, customer_id, method_id, label, changed_at)
           VALUES (:buyer, :provider, :customer, :method, :label, :now)
           ON CONFLICT (buyer_id) DO UPDATE SET provider = :provider, customer_id = :customer, method_id = :method,
               label = :label, changed_at = :now""",
        buyer=method.buyer_id,
        provider=method.provider,
        customer=method.customer_id,
        method=method.method_id,
        label=method.label,
        now=method.changed_at,
    )


async def forget_method(tx: Tx, buyer_id: str, line: AuditLine) -> bool:
    gone = await tx.execute("DELETE FROM payment_methods WHERE buyer_id = :buyer", buyer=buyer_id)
    if gone:
        await record(tx, line)
    return bool(gone)


async def read_method(tx: Tx, buyer_id: str) -> MethodRow | None:
    rows = await tx.fetch("SELECT * FROM payment_methods WHERE buyer_id = :buyer", buyer=buyer_id)
    return MethodRow(**dict(rows[0])) if rows else None
