"""Documents over the books: numbers without a gap, periods that hold every entry once, headers that never change."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.ledger import TransactionKind
from exchange.model.money import Money
from exchange.model.statement import BEGINNING, Cut, Line, Party, Period, Statement, StatementKind
from exchange.stages.statement import closing_postings, issued, tally, totals
from exchange.storage.chain import Chain, chain_head, seal
from exchange.storage.database import Conflict, Db, StorageError, Tx
from exchange.storage.ledger import book
from exchange.storage.movements import movements, sealed_through, slices
from exchange.storage.statements import (
    Issue,
    NumberTaken,
    PeriodTaken,
    account_statements,
    issue,
    last_cut,
    next_place,
    number_of,
    read_statement,
)
from exchange.storage.verify import verify_books, verify_documents
from tests.storage.books import CREDIT, MONTH, NOW, reversal, sale, usd

DAY = 86_400_000
PARTY = Party("globex", "Globex", "1 Main St", "", "UTC")


def line(number: int) -> AuditLine:
    return AuditLine(f"aud_{number}", NOW, MONTH, SYSTEM, "", "invoice.issued", "buyer:globex")


def statement(number: str, period: Period, *lines: Line) -> Statement:
    sums = totals(lines, "USD")
    reference = f"invoice:{number}"
    zero = Money.zero("USD")
    return Statement(
        number, StatementKind.INVOICE, period, lines, sums, zero, zero, NOW, MONTH, NOW + DAY, reference, PARTY
    )


def issue_of(number: str, period: Period, *lines: Line, key: int = 1) -> Issue:
    made = statement(number, period, *lines)
    booking = issued(made.reference, closing_postings(CREDIT, made.totals), number, NOW, MONTH)
    return Issue(period, 0, (made,), (booking,), line(key))


async def sealed(db: Db) -> int:
    while await db.write(seal, Chain.TRANSACTIONS):
        pass
    return (await db.read(chain_head, Chain.TRANSACTIONS))[0]


async def read_all(db: Db, period: Period) -> list[tuple[str, int]]:
    found = [
        each
        for span in slices(period, period.since.at, NOW + 30 * DAY)
        for each in await db.read(movements, period, *span)
    ]
    return [(each.reference, each.units) for each in found]


def summed(found: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(name, sum(units for each, units in found if each == name)) for name in dict(found)]


async def test_every_entry_is_in_one_period_also_one_that_is_sealed_late(db: Db) -> None:
    await db.write(book, sale("sale:a", usd("10"), usd("8"), CREDIT, NOW))
    await db.write(book, sale("sale:b", usd("11"), usd("8"), CREDIT, NOW + DAY))
    assert await db.read(sealed_through, NOW + DAY) is None
    place = await sealed(db)
    assert place == await db.read(sealed_through, NOW + DAY)
    first = Period(CREDIT, "USD", Cut(NOW - DAY, 0), Cut(NOW + DAY, place))
    assert [("sale:a", -100_000)] == summed(await read_all(db, first))

    await db.write(book, sale("sale:late", usd("12"), usd("8"), CREDIT, NOW + 1))
    place = await sealed(db)
    second = Period(CREDIT, "USD", first.until, Cut(NOW + 3 * DAY, place))

    assert [("sale:a", -100_000)] == summed(await read_all(db, first))
    assert [("sale:late", -120_000), ("sale:b", -110_000)] == summed(await read_all(db, second))


async def test_a_movement_tells_what_it_corrects_and_what_is_on_the_other_side(db: Db) -> None:
    sold = sale("sale:a", usd("10"), usd("8"), CREDIT)
    await db.write(book, sold)
    sold_at = Cut(NOW, await sealed(db))
    await db.write(book, reversal("reversal:sale:a", sold))
    place = await sealed(db)
    period = Period(CREDIT, "USD", BEGINNING, Cut(NOW + DAY, place))

    found = await db.read(movements, period, NOW, NOW + DAY)

    assert {TransactionKind.SALE: None, TransactionKind.REVERSAL: sold_at} == {
        each.kind: each.corrected for each in found
    }
    assert Counter({TransactionKind.SALE: 2, TransactionKind.REVERSAL: 2}) == Counter(each.kind for each in found)
    assert {"seller:s1:payable", "house:margin"} == {each.other for each in found}
    assert 0 == sum(each.units for each in found)
    assert [1, 1] == [each.entries for each in tally(found, sign=-1)]


async def test_a_document_comes_back_as_it_was_issued_to_those_it_is_for(db: Db) -> None:
    await db.write(book, sale("sale:a", usd("10.0050"), usd("8"), CREDIT))
    place = await sealed(db)
    period = Period(CREDIT, "USD", BEGINNING, Cut(NOW + DAY, place))
    wanted = issue_of("INV-2026-00001", period, Line(TransactionKind.SALE, "ct_1", 1, 100_050))

    await db.write(issue, wanted)

    buyer, other = Actor(Role.BUYER, "ann", "globex"), Actor(Role.BUYER, "bob", "acme")
    made = wanted.statements[0]
    assert usd("10.01") == made.totals.total
    assert made == await db.read(read_statement, buyer, made.number)
    assert await db.read(read_statement, other, made.number) is None
    assert [] == await db.read(account_statements, other, CREDIT, "USD")
    assert (period.until, 0) == await db.read(last_cut, CREDIT, "USD")
    await sealed(db)
    await db.write(seal, Chain.STATEMENTS)
    assert (await verify_books(db)).sound and (await verify_documents(db)).sound


async def test_a_period_is_closed_once_and_the_next_begins_where_it_ended(db: Db) -> None:
    first = Period(CREDIT, "USD", BEGINNING, Cut(NOW, 5))
    await db.write(issue, issue_of("INV-2026-00001", first))

    with pytest.raises(PeriodTaken):
        await db.write(issue, issue_of("INV-2026-00002", first, key=2))
    with pytest.raises(PeriodTaken):
        gap = Period(CREDIT, "USD", Cut(NOW + DAY, 5), Cut(NOW + 2 * DAY, 6))
        await db.write(issue, issue_of("INV-2026-00002", gap, key=2))
    assert 2 == await db.read(next_place, "INV", 2026)

    await db.write(issue, issue_of("INV-2026-00002", Period(CREDIT, "USD", first.until, Cut(NOW + DAY, 6)), key=2))
    assert 2 == len(await db.read(account_statements, SYSTEM, CREDIT, "USD"))


async def test_many_at_once_get_numbers_without_a_gap(every_db: Db) -> None:
    async def one(buyer: int) -> None:
        account = f"buyer:b{buyer}:receivable"
        period = Period(account, "USD", BEGINNING, Cut(NOW, 1))
        for _ in range(40):
            number = number_of("INV", 2026, await every_db.read(next_place, "INV", 2026))
            wanted = issue_of(number, period, key=buyer)
            booking = wanted.bookings[0]._replace(postings=closing_postings(account, totals((), "USD")))
            try:
                await every_db.write(issue, wanted._replace(bookings=(booking,)))
            except NumberTaken:
                continue
            return

    await asyncio.gather(*(one(buyer) for buyer in range(12)))

    assert [number_of("INV", 2026, place) for place in range(1, 13)] == await every_db.read(all_numbers)


async def all_numbers(tx: Tx) -> list[str]:
    return [row["number"] for row in await tx.fetch("SELECT number FROM statements ORDER BY number")]


async def test_an_issued_document_can_be_neither_changed_nor_deleted(db: Db) -> None:
    await db.write(issue, issue_of("INV-2026-00001", Period(CREDIT, "USD", BEGINNING, Cut(NOW, 5))))

    for unit in (raise_total, delete_statement, reopen_period):
        with pytest.raises(StorageError):
            await db.write(unit)
    with pytest.raises(Conflict):
        await db.write(issue, issue_of("INV-2026-00001", Period("a", "USD", BEGINNING, Cut(NOW, 5)), key=3))


async def raise_total(tx: Tx) -> None:
    await tx.execute("UPDATE statements SET total_units = 5")


async def delete_statement(tx: Tx) -> None:
    await tx.execute("DELETE FROM statements")


async def reopen_period(tx: Tx) -> None:
    await tx.execute("DELETE FROM money_periods")
