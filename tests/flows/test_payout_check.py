"""Every statement reproduces from the ledger, and one altered amount is named."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import pytest

from exchange.flows.check_books import check_now
from exchange.flows.payout_check import check_payouts
from exchange.flows.payout_payments import mark_run_paid, take_back
from exchange.flows.payouts import approve, prepare
from exchange.storage.database import Db, StorageError, Tx
from exchange.storage.ledger import book
from exchange.storage.verify import verify_payouts
from exchange.worker import seal_chains
from tests.flows.payouts import ANN, BOB, at, booked, paid_seller, returned, sale
from tests.market import Exchange, open_exchange
from tests.storage.units import tell

SOLD = sale("a1", "40.0033", at(3))


async def settle(exchange: Exchange) -> None:
    """Two weeks paid, the payment of the second come back; a third week that runs."""
    await paid_seller(exchange, reserve_percent="10", reserve_days="7")
    await booked(exchange, SOLD, sale("a2", "60.00", at(10)), returned(SOLD, at(11)), sale("a3", "5.00", at(17)))
    for _ in range(2):
        run = await prepare(exchange.market, "cedar", "USD", ANN)
        await approve(exchange.market, run.id, BOB)
        paid = await mark_run_paid(exchange.market, run.id, "wire", ANN)
    await take_back(exchange.market, paid[0].id, "R01", ANN)


async def test_statements_and_accounts_agree(either: Exchange) -> None:
    await settle(either)

    assert (2, ()) == await check_payouts(either.market.db)


async def test_an_issued_statement_is_sealed_and_what_is_changed_in_it_is_named(either: Exchange) -> None:
    await settle(either)
    await seal_chains(either.market)
    db = either.market.db
    for change in ("UPDATE payout_runs SET due_at = 0", "UPDATE payout_runs SET party = ''"):
        with pytest.raises(StorageError, match=r"payout_runs|statement is never changed"):
            await db.write(tell, change)
    checked = await verify_payouts(db)
    assert (2, 0, ()) == (checked.sealed, checked.unsealed, checked.flaws)

    on = "" if type(db).__name__ == "SqliteDb" else " ON payout_runs"
    await db.write(tell, f"DROP TRIGGER payout_runs_no_update{on}")
    await db.write(tell, "UPDATE payout_runs SET due_at = due_at + 1 WHERE number = 'PO-2026-00002'")
    assert () == (await check_payouts(db)).flaws, "its sums are right, its day is not"
    (flaw,) = (await verify_payouts(db)).flaws
    assert flaw.sentence.startswith("Entry PO-2026-00002 (seal 2) is not what was sealed")
    assert not (await check_now(either.market)).sound


P = ParamSpec("P")
T = TypeVar("T")


class Selling:
    """The exchange's database, where another lead of the seller is sold after each read."""

    def __init__(self, db: Db) -> None:
        self.write, self.write_first, self.close = db.write, db.write_first, db.close
        self._db, self._sold = db, count()

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        found = await self._db.read(query, *args, **kwargs)
        await self._db.write(book, sale(f"b{next(self._sold)}", "7.00", at(20)))
        return found


async def test_what_is_sold_while_they_are_checked_is_no_flaw(either: Exchange) -> None:
    await settle(either)

    assert (2, ()) == await check_payouts(Selling(either.market.db))


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "UPDATE payout_runs SET sold_units = sold_units + 1 WHERE number = 'PO-2026-00002'",
            "Statement PO-2026-00002 of cedar says sold 60.0001 USD; its entries sum to 60.00 USD.",
        ),
        (
            "UPDATE payout_runs SET pay_units = pay_units - 100, carry_units = 100 WHERE number = 'PO-2026-00001'",
            "Statement PO-2026-00001 of cedar says pay 35.99 USD; from the ledger it is 36.00 USD.",
        ),
        (
            "UPDATE payout_payments SET units = units + 100 WHERE state = 'due'",
            "Statement PO-2026-00002 of cedar pays 22.00 USD; its payments sum to 22.01 USD.",
        ),
        (
            "UPDATE payout_payments SET state = 'paid' WHERE state = 'due'",
            "Statement PO-2026-00002 of cedar needs the entry payout:",
        ),
        (
            "UPDATE payout_runs SET number = 'PO-2026-00003' WHERE number = 'PO-2026-00002'",
            "Statement PO-2026-00002 is missing: its series has a gap.",
        ),
        (
            "UPDATE account_balances SET posted_units = 0 WHERE account = 'seller:cedar:reserve'",
            "Statement PO-2026-00002 of cedar leaves a reserve of 1.99 USD; the account holds 0.00 USD.",
        ),
    ],
)
async def test_an_altered_amount_is_named(tmp_path: Path, statement: str, named: str) -> None:
    async with open_exchange(tmp_path) as exchange:
        await settle(exchange)
        await exchange.market.db.write(tell, "DROP TRIGGER payout_runs_no_update")
        await exchange.market.db.write(tell, statement)
        found = await check_payouts(exchange.market.db)

    assert [True] == [flaw.sentence.startswith(named) for flaw in found.flaws], found.flaws
