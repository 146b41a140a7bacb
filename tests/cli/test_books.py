"""`exchange ledger`: money is booked once, and an edited book is named."""

from __future__ import annotations

import asyncio
import re

import aiosqlite
import pytest

from tests.cli.home import Home


def test_a_payment_is_booked_once_and_leaves_a_line(market_home: Home) -> None:
    paid = ("ledger", "top-up", "acme", "500.00", "--reference", "wire-1", "--yes")
    first, second = market_home.run(*paid, "--json"), market_home.run(*paid, "--json")

    assert (True, "100500.00") == (first.json["new"], first.json["available"])
    assert (False, "100500.00") == (second.json["new"], second.json["available"])
    lines = market_home.rows("SELECT subject FROM audit_lines WHERE action = 'account.topped_up'")
    assert ["buyer:acme"] == [line["subject"] for line in lines]


def test_the_same_reference_for_another_amount_is_refused(market_home: Home) -> None:
    market_home.run("ledger", "top-up", "acme", "500.00", "--reference", "wire-1", "--yes")
    refused = market_home.run("ledger", "top-up", "acme", "50.00", "--reference", "wire-1", "--yes")

    assert (6, True) == (refused.code, "booked already" in refused.err)


def test_nothing_is_booked_without_a_yes(market_home: Home) -> None:
    asked = market_home.run("ledger", "top-up", "acme", "500.00", "--reference", "wire-1")

    assert (6, True) == (asked.code, "--yes" in asked.err)
    assert [] == market_home.rows("SELECT reference FROM transactions WHERE reference = 'top_up:acme:wire-1'")


@pytest.mark.parametrize("amount", ["0", "five", "1.00001", "1e3", "0.00"])
def test_an_amount_that_is_none_is_wrong_usage(market_home: Home, amount: str) -> None:
    assert 2 == market_home.run("ledger", "top-up", "acme", amount, "--reference", "r", "--yes").code


def test_an_adjustment_moves_money_both_ways_and_the_books_balance(market_home: Home) -> None:
    note = ("--note", "goodwill", "--yes", "--json")
    given = market_home.run("ledger", "adjust", "acme", "25.00", "--reference", "a", *note)
    taken = market_home.run("ledger", "adjust", "seller:cedar", "--reference", "b", *note, "--", "-9.5")
    abroad = market_home.run("ledger", "adjust", "seller:cedar", "4", "--currency", "eur", "--reference", "c", *note)
    assert ("EUR", "4.00") == (abroad.json["currency"], abroad.json["posted"])
    books = market_home.run("--json", "ledger", "verify")

    assert ("100025.00", "-9.50") == (given.json["posted"], taken.json["posted"])
    assert [("house:margin", "EUR", "-4.00"), ("house:margin", "USD", "-15.50")] == [
        (each["account"], each["currency"], each["posted"])
        for each in market_home.run("--json", "ledger", "balances").json
        if each["account"] == "house:margin"
    ]
    assert (0, True, {"EUR": "0.00", "USD": "0.00"}) == (books.code, books.json["sound"], books.json["sum"])


def test_nobody_unknown_is_paid(market_home: Home) -> None:
    refused = market_home.run("ledger", "top-up", "nobody", "5", "--reference", "r", "--yes")

    assert (1, True) == (refused.code, "There are acme." in refused.err)


def test_sound_books_are_told_in_six_lines(market_home: Home) -> None:
    books = market_home.run("ledger", "verify")

    assert 0 == books.code
    assert ["Sum", "Accounts", "Chain", "Audit", "Documents", "Payouts"] == re.findall(
        r"^  (\w+) ", books.out, re.MULTILINE
    )
    assert "1 of 1 balances match" in books.out


async def edit(path: str) -> None:
    """What somebody with a shell and a bad conscience would do."""
    async with aiosqlite.connect(path) as connection:
        found = await connection.execute_fetchall("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in found:
            await connection.execute(f"DROP TRIGGER {name}")
        await connection.execute("UPDATE postings SET units = units + 10000 WHERE reference LIKE 'deposit:acme%'")
        await connection.commit()


def test_an_edited_entry_exits_4_and_is_named(market_home: Home) -> None:
    asyncio.run(edit(str(market_home.database)))
    plain, document = market_home.run("ledger", "verify"), market_home.run("--json", "ledger", "verify")

    assert (4, 4) == (plain.code, document.code)
    assert re.search(r"FAIL +.*acme", plain.out)
    assert document.json["sound"] is False
    assert document.json["flaws"]
