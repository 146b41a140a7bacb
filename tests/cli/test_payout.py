"""`exchange payout`: the whole way on the command line, each step once, as text and as JSON."""

from __future__ import annotations

import asyncio
from pathlib import Path

from exchange.clock import SystemClock
from exchange.model.ledger import Transaction
from exchange.storage.chain import Chain, seal
from exchange.storage.engine import open_database
from exchange.storage.ledger import book
from tests.cli.home import Home
from tests.flows.payouts import sale
from tests.storage.units import tell

DAY_MS = 86_400_000


async def _book(database: Path, *transactions: Transaction) -> None:
    db = await open_database(str(database), process=False)
    for each in transactions:
        await db.write(book, each)
    while await db.write(seal, Chain.TRANSACTIONS):
        continue
    await db.close()


async def _alter(database: Path) -> None:
    db = await open_database(str(database), process=False)
    await db.write(tell, "DROP TRIGGER payout_runs_no_update")
    await db.write(tell, "UPDATE payout_runs SET sold_units = sold_units + 100")
    await db.close()


def earned(home: Home) -> None:
    """Cedar earned forty dollars two weeks ago, and five today."""
    now = SystemClock().now()
    asyncio.run(_book(home.database, sale("a1", "40.00", now - 14 * DAY_MS), sale("a2", "5.00", now - 1_000)))


def test_a_seller_is_paid_step_by_step_and_each_step_once(market_home: Home) -> None:
    earned(market_home)
    coming = market_home.run("payout", "preview", "--json").json[0]
    assert ("cedar", True, "40.00") == (coming["seller_id"], coming["over"], coming["pay"])
    first, second = (market_home.run("payout", "prepare", "cedar", "--json") for _ in range(2))
    assert first.json["run_id"] == second.json["run_id"] and "Waits for one approval" == first.json["waits_for"]
    assert "$40.00" in market_home.run("payout", "list", "--state", "prepared").out

    run_id = first.json["run_id"]
    assert 6 == market_home.run("payout", "approve", run_id).code, "nobody is there to say yes"
    for _ in range(2):  # as from a second terminal
        number = market_home.run("payout", "approve", run_id, "--yes", "--json").json["statement"]
    assert number.startswith("PO-") and number.endswith("-00001")
    nothing = market_home.run("payout", "export", "ach")
    assert (6, True) == (nothing.code, "Say first which account is paid from by ACH" in nothing.err)
    for reference in ("wire 1", "wire 2"):
        paid = market_home.run("payout", "paid", number, "--reference", reference, "--json").json
        assert [("40.00", "paid", "wire 1")] == [(x["amount"], x["state"], x["reference"]) for x in paid]
    back = market_home.run("payout", "bounced", paid[0]["payment_id"], "--reason", "R03", "--yes", "--json").json
    assert "bounced" == back[0]["state"]

    books = market_home.run("ledger", "verify")
    assert 0 == books.code and "Payouts     1 statement of sellers reproduce" in books.out
    asyncio.run(_alter(market_home.database))
    books = market_home.run("ledger", "verify")
    assert 4 == books.code and "of cedar says sold 40.01 USD; its entries sum to 40.00 USD" in books.out


def test_a_run_is_held_or_discarded_until_somebody_approves_it(market_home: Home) -> None:
    earned(market_home)
    run_id = market_home.run("payout", "prepare", "cedar", "--json").json["run_id"]
    assert "Held: odd" in market_home.run("payout", "hold", run_id, "--reason", "odd").out
    assert (6, True) == ((held := market_home.run("payout", "approve", run_id, "--yes")).code, "held: odd" in held.err)
    assert "discarded" == market_home.run("payout", "discard", run_id, "--yes", "--json").json["state"]
    assert 1 == market_home.run("payout", "approve", "pay_nothing", "--yes").code
    assert 1 == market_home.run("payout", "prepare", "nobody").code


def test_a_shell_is_no_second_person_whatever_its_account_is_called(market_home: Home) -> None:
    asyncio.run(_book(market_home.database, sale("a1", "40000.00", SystemClock().now() - 14 * DAY_MS)))
    prepared = market_home.run("payout", "prepare", "cedar", "--json").json
    told = market_home.run("payout", "approve", prepared["run_id"], "--yes")
    assert "Waits for two people" == prepared["waits_for"]
    assert (6, True) == (told.code, "Approve this one in the console" in told.err)
