"""Another master key in the place of the one that seals: nothing stays under the old one, whatever stops meanwhile."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import pytest

from exchange.flows.master_keys import CannotRetire, agree, follow_key, give_up, rotate, seal_anew, secret_of
from exchange.ids import SystemIds
from exchange.model.payout import Method
from exchange.storage.database import Db, Tx
from exchange.storage.erase import erase_lead
from exchange.storage.master_keys import DATA_KEYS, SECRETS, Place, sealed_after, sealed_by
from exchange.vault import VaultError, add_master_key, drop_master_key, make_key_file, open_vault
from exchange.worker import run_jobs
from tests.flows.doom import Crash, doomed, started_again
from tests.flows.lab import OPERATOR, later, person, post
from tests.market import NOW, Exchange, buying, selling, usd

P = ParamSpec("P")
T = TypeVar("T")

MIGRATIONS = Path("exchange/storage/migrations")
SEALED_OTHERWISE = {  # by a data key, by a key made of a value, or not at all
    *("address", "body_hash", "content", "document", "email", "email_index", "file_hash", "hash", "item_key", "maker"),
    *("phone", "phone_index", "proof", "raw", "answer", "receipt", "shape", "visitor", "about", "appended", "note"),
    *("sealed_note", "sealed_answer", "sealed_reply", "place", "credential", "public_key", "session"),
    *("leads.sealed", "consents.sealed", "wires.sealed", "verifier_answers.sealed", "return_files.sealed"),
    *("source_items.sealed", "consent_evidence.sealed", "disposition_files.sealed", "reconciliations.sealed"),
    "logos.body",
}


async def test_what_an_old_key_sealed_is_sealed_anew_and_the_old_key_can_go(either: Exchange) -> None:
    exchange = either
    await exchange.add(*selling("cedar"), *buying("acme", "1000", price=usd("20")))
    sold = await post(exchange, person(1))
    for place in SECRETS:
        await fill(exchange, place)
    vault, files = exchange.market.vault, exchange.settings.key_file
    assert 1 == vault.current == await seals(exchange)
    add_master_key(files, SystemIds())
    vault.take_up()

    assert await rotate(exchange.market, OPERATOR)
    await post(exchange, person(2))  # wrapped with the new key while the old one is still about
    later(exchange, 10)
    await run_jobs(exchange.market)

    assert 0 == await exchange.market.db.read(sealed_by, 1)
    assert not await rotate(exchange.market, OPERATOR)
    await give_up(exchange.market, 1, OPERATOR)
    drop_master_key(files, 1)
    alone = open_vault(SystemIds(), files)
    await agree(exchange.market.db, alone, exchange.clock)
    assert (2, frozenset({2})) == (alone.current, alone.numbers)
    for place in SECRETS:
        for row in await exchange.market.db.read(sealed_after, place, "", 10):
            assert place.table.encode() == alone.open_secret(secret_of(place, row["key"]), bytes(row["sealed"]))
    lead = await exchange.rows(
        "SELECT l.id, l.sealed, k.wrapped FROM leads l JOIN data_keys k ON k.subject = l.subject WHERE l.id = :lead",
        lead=sold["lead_id"],
    )
    opened = alone.open(alone.data_key(bytes(lead[0]["wrapped"])), f"lead:{lead[0]['id']}", bytes(lead[0]["sealed"]))
    assert person(1)["email"].encode() in opened
    actions = [row["action"] for row in await exchange.rows("SELECT action FROM audit_lines")]
    assert {"master_key.rotated", "master_key.resealed", "master_key.retired"} == set(actions)
    for place in SECRETS:  # what was made up means nothing
        await exchange.market.db.write(empty, place.table)


async def test_a_process_that_dies_anywhere_leaves_the_rest_to_the_next(either: Exchange) -> None:
    exchange = either
    await exchange.add(*selling("cedar"), *buying("acme", "1000", price=usd("20")))
    await post(exchange, person(1))
    await fill(exchange, Place("secrets", "sealed", "name"))
    number, point, died = 1, 0, True

    while died:
        number, point = number + 1, point + 1
        add_master_key(exchange.settings.key_file, SystemIds())
        exchange.market.vault.take_up()
        died = await rotated_until(exchange, number, point)
        await seal_anew((await started_again(exchange)).market, {"number": number})

        assert [0] * (number - 1) == [await exchange.market.db.read(sealed_by, old) for old in range(1, number)]
        assert [1] * number == [
            row["done"]
            for row in await exchange.rows(
                "SELECT CASE WHEN done_at IS NULL THEN 0 ELSE 1 END AS done FROM master_keys"
            )
        ]
        await exchange.market.db.write(empty, "jobs")
    assert point > 5


async def rotated_until(exchange: Exchange, number: int, point: int) -> bool:
    """Rotate, in a process that dies at a point. Whether it came to it."""
    await rotate(exchange.market, OPERATOR)
    try:
        await seal_anew(doomed(exchange, point).market, {"number": number})
    except Crash:
        return True
    return False


async def test_what_is_erased_meanwhile_stays_erased(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"), *buying("acme", "1000", price=usd("20")))
    sold = await post(exchange, person(1))
    lead_id = str(sold["lead_id"])
    add_master_key(exchange.settings.key_file, SystemIds())
    exchange.market.vault.take_up()
    await rotate(exchange.market, OPERATOR)

    await seal_anew(replace(exchange.market, db=Meanwhile(exchange.market.db, lead_id)), {"number": 2})

    assert [] == await exchange.rows("SELECT subject FROM data_keys WHERE wrapped IS NOT NULL")


async def test_another_process_takes_up_the_key_and_reads_what_it_sealed_at_once(exchange: Exchange) -> None:
    market = exchange.market
    other = replace(market, vault=open_vault(SystemIds(), exchange.settings.key_file))
    add_master_key(exchange.settings.key_file, SystemIds())
    market.vault.take_up()
    await rotate(market, OPERATOR)

    assert b"x" == other.vault.open_secret("a", market.vault.seal_secret("a", b"x"))
    assert 1 == other.vault.current
    await follow_key(other)
    assert 2 == other.vault.current


async def test_a_key_that_is_needed_is_not_given_up(exchange: Exchange) -> None:
    market = exchange.market
    await exchange.add(*selling("cedar"), *buying("acme", "1000", price=usd("20")))
    await post(exchange, person(1))
    with pytest.raises(CannotRetire, match="key 1 seals what comes"):
        await give_up(market, 1, OPERATOR)
    add_master_key(exchange.settings.key_file, SystemIds())
    market.vault.take_up()
    await rotate(market, OPERATOR)
    with pytest.raises(CannotRetire, match="still being sealed anew"):
        await give_up(market, 1, OPERATOR)
    await seal_anew(market, {"number": 2})
    late = open_vault(SystemIds(), exchange.settings.key_file)
    late.seal_with(1)
    await market.db.write(put, "data_keys", {"subject": "req_late", "wrapped": late.new_data_key()[0], "month": "x"})

    with pytest.raises(CannotRetire, match="1 values are sealed with master key 1"):
        await give_up(market, 1, OPERATOR)


async def test_keys_of_another_exchange_are_refused_at_the_start(exchange: Exchange, tmp_path: Path) -> None:
    make_key_file(tmp_path / "other.key", SystemIds())
    with pytest.raises(VaultError, match="put the right key file back"):
        await agree(exchange.market.db, open_vault(SystemIds(), tmp_path / "other.key"), exchange.clock)


def test_every_sealed_column_is_known() -> None:
    """A new table with a value under a master key must be told to whoever seals anew."""
    known = {(place.table, place.column) for place in (*DATA_KEYS, *SECRETS)}
    found = set()
    for path in sorted(MIGRATIONS.glob("*.sql")):
        text = path.read_text()
        for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)^\)", text, re.DOTALL | re.MULTILINE):
            found |= {(table, column) for column in re.findall(r"^\s+(\w+) BYTEA", body, re.MULTILINE)}
        found |= set(re.findall(r"ALTER TABLE (\w+) ADD COLUMN (\w+) BYTEA", text))
    unknown = {
        (table, column) for table, column in found - known if not {column, f"{table}.{column}"} & SEALED_OTHERWISE
    }
    assert set() == unknown
    assert set() == known - found


class Meanwhile:
    """A database in which somebody erases a lead between what a unit's caller read and what it writes."""

    def __init__(self, db: Db, lead_id: str) -> None:
        self._db, self._lead_id = db, lead_id

    async def write(self, unit: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        await self._db.write(erase_lead, self._lead_id, ("ev_1", "2026-11", NOW, "Erased."))
        return await self._db.write(unit, *args, **kwargs)

    write_first = write

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._db.read(query, *args, **kwargs)

    async def close(self) -> None:
        await self._db.close()


async def fill(exchange: Exchange, place: Place) -> None:
    """A row whose value is sealed as its flow seals it: the table's name, under the master key of now."""
    columns = await columns_of(exchange, place.table)
    values: dict[str, Any] = {name: {"int": 1, "blob": None}.get(kind, "x") for name, kind in columns.items()}
    given = {"seller_terms": "cedar", "payer_accounts": Method.ACH.value}.get(place.table, f"k-{place.column}")
    values[place.key.partition(" ")[0]] = given
    key = f"{given}/1" if place.table == "seller_terms" else given
    for name, kind in columns.items():
        if kind == "blob":
            sealed = exchange.market.vault.seal_secret(secret_of(place, key), place.table.encode())
            values[name] = sealed if name == place.column else None
    await exchange.market.db.write(put, place.table, values)


async def columns_of(exchange: Exchange, table: str) -> dict[str, str]:
    """Kinds of the columns by name: text, int or blob."""
    for path in MIGRATIONS.glob("*.sql"):
        if found := re.search(rf"CREATE TABLE {table} \((.*?)^\)", path.read_text(), re.DOTALL | re.MULTILINE):
            kinds = {"TEXT": "text", "BIGINT": "int", "BYTEA": "blob"}
            return {name: kinds[kind] for name, kind in re.findall(r"^\s+(\w+) (TEXT|BIGINT|BYTEA)", found[1], re.M)}
    raise LookupError(table)


async def put(tx: Tx, table: str, values: dict[str, Any]) -> None:
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    await tx.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", **values)


async def empty(tx: Tx, table: str) -> None:
    await tx.execute(f"DELETE FROM {table}")


async def seals(exchange: Exchange) -> int:
    return int((await exchange.rows("SELECT MAX(number) AS n FROM master_keys"))[0]["n"])
