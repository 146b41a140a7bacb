"""Leads that are given free of charge for a return: owed until the next one of the contract is sold, given once."""

from __future__ import annotations

from exchange.model.ledger import Transaction
from exchange.model.work import JobRow
from exchange.storage.closing import add_event
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.ledger import book


async def owed_leads(tx: Tx, limit: int) -> list[Row]:
    """Returns for which a lead is still to be given, the oldest first, each with the first sale after its decision that
    was given for none (`given_…`); those without one are left out."""
    rows = await tx.fetch(
        """SELECT r.*, (SELECT s.id FROM sales s WHERE s.contract_id = r.contract_id AND s.mode = r.mode
                   AND s.accepted_at > r.decided_at AND s.reversed_at IS NULL AND s.returned_at IS NULL
                   AND s.returned_units = 0 AND NOT EXISTS (SELECT 1 FROM return_requests g
                       WHERE g.contract_id = s.contract_id AND g.replacement = s.lead_id)
                   ORDER BY s.accepted_at, s.id LIMIT 1) AS given_sale
           FROM return_requests r WHERE r.state = 'replaced' AND r.replacement IS NULL
           ORDER BY r.contract_id, r.decided_at, r.id LIMIT :limit""",
        limit=limit,
    )
    found: list[Row] = []
    for row in rows:
        if row["given_sale"] is None:
            continue
        sales = await tx.fetch(
            """SELECT lead_id AS given_lead, attempt_id AS given_attempt, price_units AS given_price,
                   seller_id AS given_seller FROM sales WHERE id = :id""",
            id=row["given_sale"],
        )
        found.append({**row, **sales[0]})
    return found


async def give_lead(
    tx: Tx,
    return_id: str,
    sale_id: str,
    units: int,
    transaction: Transaction | None,
    event: tuple[str, int, str],
    jobs: tuple[JobRow, ...],
) -> bool:
    """Give it, with the credit of its price. False when it was given, or the sale was undone meanwhile: then nothing
    changes. `event` is the line of the given lead: month, moment, sentence."""
    month, at, sentence = event
    sales = await tx.fetch(
        """UPDATE sales SET returned_units = returned_units + :units
           WHERE id = :id AND reversed_at IS NULL AND returned_at IS NULL AND returned_units = 0
           RETURNING lead_id, accepted_at, mode, currency""",
        id=sale_id,
        units=units,
    )
    if not sales:
        return False
    sale = sales[0]
    await tx.execute(
        "UPDATE leads SET revenue_units = revenue_units - :units WHERE id = :id", units=units, id=sale["lead_id"]
    )
    changed = await tx.execute(
        """UPDATE return_requests SET replacement = :lead, credit_units = :units
           WHERE id = :id AND state = 'replaced' AND replacement IS NULL""",
        id=return_id,
        lead=sale["lead_id"],
        units=units,
    )
    if not changed:
        raise GivenAlready(return_id)
    if transaction is not None:
        await book(tx, transaction)
    await add_event(tx, sale["lead_id"], month, at, "given_free", sentence, "exchange")
    for job in jobs:
        await add_job(tx, job)
    return True


class GivenAlready(Exception):
    """Another unit gave a lead for this return: nothing of this one is stored."""
