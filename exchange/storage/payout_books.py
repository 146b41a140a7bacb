"""A seller's account and all that its statements say of it, as both stood at one moment."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.ledger import reserve_account, seller_account
from exchange.model.payout import Payment, Run
from exchange.model.statement import BEGINNING, Cut, Period
from exchange.storage.database import Tx
from exchange.storage.ledger import balance_in
from exchange.storage.payout_payments import payments_of
from exchange.storage.payout_runs import run_of
from exchange.storage.payout_sums import OPEN, summed, sums


class Books(NamedTuple):
    """`runs` are those that were not discarded, oldest first, with their `payments`. `moved` is what came since the
    last issued one, `payable` what is owed and `reserve` what is held back, in units."""

    runs: list[Run]
    payments: list[Payment]
    moved: int
    payable: int
    reserve: int


async def account_books(tx: Tx, seller_id: str, currency: str) -> Books:
    """Read in one snapshot: what is sold or paid while others are counted is no drift."""
    rows = await tx.fetch(
        """SELECT * FROM payout_runs WHERE seller_id = :seller AND currency = :currency AND state <> 'discarded'
           ORDER BY until_at""",
        seller=seller_id,
        currency=currency,
    )
    runs = [run_of(row) for row in rows]
    since = max((run.until for run in runs if run.number is not None), default=BEGINNING)
    account = seller_account(seller_id)
    moved = summed(await sums(tx, Period(account, currency, since, Cut(OPEN, OPEN)))).moved
    payable, reserve = [
        (await balance_in(tx, each, currency)).posted.units for each in (account, reserve_account(seller_id))
    ]
    return Books(runs, await payments_of(tx, [run.id for run in runs]), moved, payable, reserve)


async def numbered_runs(tx: Tx) -> list[tuple[str, str, str | None]]:
    """Every run that was not discarded: its seller, currency and number, those of each account together."""
    rows = await tx.fetch(
        """SELECT seller_id, currency, number FROM payout_runs WHERE state <> 'discarded'
           ORDER BY seller_id, currency, until_at"""
    )
    return [(row["seller_id"], row["currency"], row["number"]) for row in rows]
