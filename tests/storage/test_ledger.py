"""The books: booked once, never edited, always summing to zero."""

from __future__ import annotations

import pytest

from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.ledger import BANK, MARGIN, Posting, TransactionKind
from exchange.storage.database import Conflict, Db, StorageError
from exchange.storage.ledger import (
    Balance,
    BookingConflict,
    Entry,
    account_entries,
    all_balances,
    balances,
    book,
    find_transaction,
    house_balance,
    set_account,
)
from tests.storage import units
from tests.storage.books import BUYER, CREDIT, NOW, SELLER, reversal, sale, top_up, usd

BUYER_ACME = Actor(Role.BUYER, "ann", "acme")


async def test_a_sale_moves_the_price_from_the_buyer_to_the_seller_and_the_house(db: Db) -> None:
    await db.write(book, top_up("t1", usd("100")))
    await db.write(book, sale("s1", usd("26.60"), usd("20")))

    found = await db.read(balances, [BUYER, SELLER, "buyer:nobody:prepaid"])
    assert {BUYER: usd("73.40"), SELLER: usd("20")} == {account: each.posted for account, each in found.items()}
    assert usd("6.60") == await db.read(house_balance, MARGIN, "USD")
    assert usd("-100") == await db.read(house_balance, BANK, "USD")
    assert usd("0") == await db.read(house_balance, "house:fees", "USD")


async def test_the_same_transaction_again_is_booked_once(db: Db) -> None:
    assert await db.write(book, top_up("t1", usd("100")))
    assert not await db.write(book, top_up("t1", usd("100"))._replace(at=NOW + 1, cause="told again"))

    assert usd("100") == (await db.read(balances, [BUYER]))[BUYER].posted


async def test_another_transaction_under_a_taken_reference_is_a_conflict(db: Db) -> None:
    await db.write(book, top_up("t1", usd("100")))

    with pytest.raises(BookingConflict, match="t1 is booked already"):
        await db.write(book, top_up("t1", usd("100.01")))

    assert usd("100") == (await db.read(balances, [BUYER]))[BUYER].posted


async def test_a_sale_is_reversed_once_whoever_asks(db: Db) -> None:
    await db.write(book, top_up("t1", usd("100")))
    sold = sale("s1", usd("10"), usd("8"))
    await db.write(book, sold)
    await db.write(book, reversal("r1", sold))

    with pytest.raises(Conflict):
        await db.write(book, reversal("r2", sold))

    assert usd("100") == (await db.read(balances, [BUYER]))[BUYER].posted


async def test_postings_that_move_nothing_or_backwards_are_refused(db: Db) -> None:
    good = top_up("t1", usd("1"))
    for postings in ((), (Posting(BANK, BANK, usd("1")),), (Posting(BANK, BUYER, usd("-1")),)):
        with pytest.raises(BookingConflict):
            await db.write(book, good._replace(postings=postings))

    assert {} == await db.read(balances, [BUYER])


async def test_a_credit_buyer_may_spend_its_limit_less_what_it_owes(db: Db) -> None:
    await db.write(set_account, CREDIT, "USD", usd("50").units)
    await db.write(book, sale("s1", usd("30"), usd("20"), account=CREDIT))

    balance = (await db.read(balances, [CREDIT]))[CREDIT]
    assert Balance(CREDIT, usd("-30"), usd("0"), usd("50")) == balance
    assert usd("20") == balance.available
    assert (CREDIT, usd("20")) in await db.read(all_balances)


async def test_a_changed_limit_leaves_what_is_owed(db: Db) -> None:
    await db.write(set_account, CREDIT, "USD", usd("50").units)
    await db.write(book, sale("s1", usd("30"), usd("20"), account=CREDIT))
    await db.write(set_account, CREDIT, "USD", usd("10").units)

    assert usd("-20") == (await db.read(balances, [CREDIT]))[CREDIT].available


@pytest.mark.parametrize("table", ["transactions", "postings", "audit_lines", "seals"])
async def test_the_database_itself_refuses_to_change_history(db: Db, table: str) -> None:
    await units_of_history(db)

    for statement in (f"UPDATE {table} SET month = month", f"DELETE FROM {table}"):
        statement = statement.replace("month", {"postings": "currency", "seals": "hash"}.get(table, "month"))
        with pytest.raises(StorageError, match=r"never|append only"):
            await db.write(units.tell, statement)


async def units_of_history(db: Db) -> None:
    await db.write(book, top_up("t1", usd("1")))
    await db.write(units.tell, "INSERT INTO seals (chain, position, row_id, hash) VALUES ('x', 1, 'y', 'z')")
    await db.write(
        units.tell,
        """INSERT INTO audit_lines (id, month, at, actor, role, ip, action, subject)
           VALUES ('a', '2026-11', 1, 'ann', 'operator', '', 'x', 'y')""",
    )


async def test_an_owner_sees_its_own_movements_signed_and_without_the_other_side(db: Db) -> None:
    await db.write(book, top_up("t1", usd("100")))
    await db.write(book, sale("s1", usd("10"), usd("8"), at=NOW + 5))

    entries = await db.read(account_entries, BUYER_ACME, BUYER)

    assert Entry("t1", TransactionKind.TOP_UP, NOW, usd("100"), "deposit", None) == entries[0]
    assert [usd("-8"), usd("-2")] == [entry.money for entry in entries[1:]]
    assert [] == await db.read(account_entries, BUYER_ACME, BUYER, since=NOW + 6)
    assert entries[:1] == await db.read(account_entries, BUYER_ACME, BUYER, until=NOW + 5)


async def test_nobody_sees_somebody_elses_movements(db: Db) -> None:
    await db.write(book, top_up("t1", usd("100")))

    for actor in (
        Actor(Role.BUYER, "bob", "globex"),
        Actor(Role.SELLER, "sue", "acme"),
        Actor(Role.BUYER, "eve", None),
    ):
        assert [] == await db.read(account_entries, actor, BUYER)
        assert await db.read(find_transaction, actor, "t1") is None
    assert top_up("t1", usd("100")) == await db.read(find_transaction, SYSTEM, "t1")
    assert await db.read(find_transaction, SYSTEM, "t2") is None
