"""The chain of seals, and the check of everything: who edits history is found and named."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.storage.audit import NotForYou, audit_between, audit_of, record
from exchange.storage.chain import GENESIS, Chain, ascii_json, canonical, chain_head, seal
from exchange.storage.database import Conflict, Db
from exchange.storage.holds import reserve
from exchange.storage.ledger import book
from exchange.storage.verify import verify_audit, verify_books
from tests.storage import units
from tests.storage.books import MONTH, NOW, hold, sale, top_up, usd

OPERATOR = Actor(Role.OPERATOR, "olga")
TRIGGERS = {
    "sqlite": ("DROP TRIGGER {table}_no_update", "DROP TRIGGER {table}_no_delete"),
    "postgresql": ("DROP TRIGGER {table}_no_change ON {table}",),
}


async def drop_triggers(db: Db, table: str) -> None:
    """What somebody who wants to edit history does first."""
    engine = "postgresql" if type(db).__name__ == "PostgresDb" else "sqlite"
    for statement in TRIGGERS[engine]:
        await db.write(units.tell, statement.format(table=table))


@pytest.fixture
async def books(db: Db) -> Db:
    """A deposit and nine sales, all but the last two sealed."""
    await db.write(book, top_up("t0", usd("100")))
    for number in range(1, 8):
        await db.write(book, sale(f"s{number}", usd("3"), usd("2"), at=NOW + number))
    assert 8 == await db.write(seal, Chain.TRANSACTIONS)
    for number in range(8, 10):
        await db.write(book, sale(f"s{number}", usd("3"), usd("2"), at=NOW + number))
    return db


async def test_sound_books_are_sound_and_the_unsealed_tail_is_counted(books: Db) -> None:
    checked = await verify_books(books)

    assert checked.sound and {"USD": 0} == checked.totals
    assert (8, 2) == (checked.sealed, checked.unsealed)
    assert (8, checked.head) == await books.read(chain_head, Chain.TRANSACTIONS)


async def test_empty_books_are_sound(db: Db) -> None:
    checked = await verify_books(db)

    assert checked.sound and (0, 0, GENESIS) == (checked.sealed, checked.unsealed, checked.head)


@pytest.mark.parametrize(
    ("edit", "table", "named"),
    [
        ("UPDATE transactions SET cause = 'friend' WHERE reference = 's3'", "transactions", "s3 (seal 4) is not what"),
        ("UPDATE postings SET units = units + 1 WHERE reference = 's5'", "postings", "s5 (seal 6) is not what"),
        ("DELETE FROM postings WHERE reference = 's2' AND line = 1", "postings", "s2 (seal 3) is not what"),
        ("DELETE FROM transactions WHERE reference = 's4'", "transactions", "s4 (seal 5) is gone"),
        ("DELETE FROM seals WHERE position = 6", "seals", "Seal 6 is gone"),
        ("DELETE FROM seals WHERE position = 8", "seals", "The seals after 7 are gone, up to 8"),
        ("UPDATE postings SET destination = 'seller:s2:payable' WHERE reference = 's9' AND line = 1", "postings",
         "seller:s1:payable stands at 180000 USD units; its postings sum to 160000"),
        ("UPDATE account_balances SET posted_units = 0 WHERE account = 'seller:s1:payable'", "",
         "seller:s1:payable stands at 0 USD units; its postings sum to 180000"),
        ("UPDATE account_balances SET held_units = 5 WHERE account = 'buyer:acme:prepaid'", "",
         "buyer:acme:prepaid holds 5 units; its open holds sum to 0"),
        ("INSERT INTO postings (reference, line, source, destination, units, currency, at) "
         "VALUES ('forged', 1, 'bank', 'buyer:acme:prepaid', 1, 'USD', 1)", "", "forged belongs to no transaction"),
        ("INSERT INTO transactions (reference, month, kind, at, cause, digest) "
         "VALUES ('forged', '2026-11', 'sale', 1, '', '')", "", "forged was put in beside the exchange"),
        ("DELETE FROM unsealed WHERE row_id = 's9'", "", "s9 was put in beside the exchange"),
    ],
)  # fmt: skip
async def test_an_edit_is_found_and_named(books: Db, edit: str, table: str, named: str) -> None:
    if table:
        await drop_triggers(books, table)
    await books.write(units.tell, edit)

    checked = await verify_books(books)

    assert not checked.sound
    assert named in checked.flaws[0].sentence


async def test_a_chain_that_was_forged_anew_differs_from_the_head_kept_elsewhere(books: Db) -> None:
    _, kept = await books.read(chain_head, Chain.TRANSACTIONS)
    for table in ("transactions", "seals"):
        await drop_triggers(books, table)
    await books.write(units.tell, "UPDATE transactions SET cause = 'friend' WHERE reference = 's3'")
    for statement in ("DELETE FROM seals", "DELETE FROM chain_heads"):
        await books.write(units.tell, statement)
    await books.write(
        units.tell,
        "INSERT INTO unsealed (chain, at, row_id) SELECT 'transactions', at, reference FROM transactions WHERE at < "
        f"{NOW + 8}",
    )
    await books.write(seal, Chain.TRANSACTIONS, 8)

    assert (await verify_books(books)).sound
    assert kept != (await books.read(chain_head, Chain.TRANSACTIONS))[1]


async def test_sealers_that_run_together_give_every_row_one_place(db: Db) -> None:
    await db.write(book, top_up("t0", usd("1000")))
    for number in range(40):
        await db.write(book, sale(f"s{number:02d}", usd("3"), usd("2")))

    sealed = await asyncio.gather(*(db.write(seal, Chain.TRANSACTIONS, 10) for _ in range(8)))

    assert 41 == sum(sealed)
    checked = await verify_books(db)
    assert checked.sound and (41, 0) == (checked.sealed, checked.unsealed)


async def test_sales_made_during_a_check_are_no_drift(books: Db) -> None:
    stop = asyncio.Event()

    async def sell_on() -> int:
        number = 100
        while not stop.is_set():
            await books.write(book, sale(f"s{number}", usd("0.30"), usd("0.20"), at=NOW + number))
            await books.write(reserve, hold(f"a{number}", usd("0.01")), NOW)
            await books.write(seal, Chain.TRANSACTIONS, 2)
            await asyncio.sleep(0)
            number += 1
        return number - 100

    selling = asyncio.ensure_future(sell_on())
    await asyncio.sleep(0)
    checks = [await verify_books(books) for _ in range(5)]
    stop.set()

    assert await selling > 0
    assert [()] * 5 == [check.flaws for check in checks]


def line(number: int, action: str = "contract.changed", subject: str = "contract:ct_1") -> AuditLine:
    return AuditLine(
        f"au_{number}", NOW + number, MONTH, OPERATOR, "192.0.2.7", action, subject, '{"cap":1}', '{"cap":2}'
    )


async def test_an_audit_line_is_read_back_by_its_subject_and_by_time_newest_first(db: Db) -> None:
    other = replace(line(2, subject="lead:ld_1"), actor=Actor(Role.BUYER, "ann", "acme"), before=None)
    for each in (line(1), other, line(3)):
        await db.write(record, each)

    assert [line(3), line(1)] == await db.read(audit_of, OPERATOR, "contract:ct_1")
    assert [other] == await db.read(audit_of, OPERATOR, "lead:ld_1")
    assert [other, line(1)] == await db.read(audit_between, OPERATOR, NOW, NOW + 3)
    page = await db.read(audit_between, OPERATOR, NOW, NOW + 3, before_id="au_3", limit=1)
    assert [other] == page


@pytest.mark.parametrize("role", [Role.BUYER, Role.SELLER])
async def test_only_insiders_read_the_audit_log(db: Db, role: Role) -> None:
    with pytest.raises(NotForYou):
        await db.read(audit_of, Actor(role, "ann", "acme"), "contract:ct_1")
    with pytest.raises(NotForYou):
        await db.read(audit_between, Actor(role, "ann", "acme"), 0, NOW)


async def test_an_edited_audit_line_is_found_and_named(db: Db) -> None:
    for number in range(5):
        await db.write(record, line(number))
    await db.write(seal, Chain.AUDIT)
    await db.write(record, line(5))
    assert (await verify_audit(db)).sound

    await drop_triggers(db, "audit_lines")
    await db.write(units.tell, "UPDATE audit_lines SET actor = 'somebody' WHERE id = 'au_2'")

    checked = await verify_audit(db)
    assert not checked.sound and "au_2" == checked.flaws[0].row_id
    assert "Entry au_2 (seal 3) is not what was sealed: it was altered." == checked.flaws[0].sentence


async def test_one_audit_line_is_written_once(db: Db) -> None:
    await db.write(record, line(1))

    with pytest.raises(Conflict):
        await db.write(record, line(1))

    assert 1 == (await verify_audit(db)).unsealed


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(), max_size=4))
@example({"cause": "\x7f", "b": "/\u2028é\U0001f600", "a": '\n\x00"\\'})
def test_the_json_that_hashes_rest_on_is_the_standard_librarys(row: dict[str, object]) -> None:
    assert json.dumps(row, sort_keys=True, separators=(",", ":")) == canonical(row)
    assert json.dumps([row], separators=(",", ":")) == ascii_json([row])
