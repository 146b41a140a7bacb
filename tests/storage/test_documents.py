"""Shapes made while the exchange runs: versions are kept, one is current, and every process is told."""

from __future__ import annotations

from exchange.clock import month_of
from exchange.model.actor import SYSTEM
from exchange.model.audit import AuditLine
from exchange.storage.audit import audit_of
from exchange.storage.database import Db, Row, Tx
from exchange.storage.documents import (
    SecretRow,
    add_document,
    end_document,
    put_secret,
    read_documents,
    read_secrets,
)
from exchange.storage.parties import read_version

NOW = 1_795_000_000_000


def line(number: int, subject: str = "connection:a") -> AuditLine:
    at = NOW + number
    return AuditLine(f"aud_{number}", at, month_of(at), SYSTEM, "", "document.saved", subject)


async def versions(tx: Tx) -> list[Row]:
    return await tx.fetch("SELECT name, version, current, document FROM documents ORDER BY kind, name, version")


async def test_a_new_version_takes_the_place_of_the_last_and_both_are_kept(db: Db) -> None:
    numbers = [await db.write(add_document, "connection", "a", {"n": number}, line(number)) for number in (1, 2)]
    await db.write(add_document, "vertical", "a", {"title": "A"}, line(3))

    found = await db.read(read_documents)

    assert [1, 2] == numbers
    assert [("connection", "a", 2, {"n": 2}), ("vertical", "a", 1, {"title": "A"})] == [
        (row.kind, row.name, row.version, dict(row.document)) for row in found
    ]
    assert (NOW + 2, "exchange") == (found[0].made_at, found[0].made_by)
    assert [0, 1, 1] == [row["current"] for row in await db.read(versions)]


async def test_a_document_that_was_ended_comes_back_with_the_next_number(db: Db) -> None:
    await db.write(add_document, "connection", "a", {}, line(1))

    assert [True, False] == [await db.write(end_document, "connection", "a", line(number)) for number in (2, 3)]
    assert () == await db.read(read_documents)
    assert 2 == await db.write(add_document, "connection", "a", {}, line(4))
    assert ["aud_4", "aud_2", "aud_1"] == [each.id for each in await db.read(audit_of, SYSTEM, "connection:a")]


async def test_a_secret_is_kept_once_and_its_change_counts(db: Db) -> None:
    for number, sealed in enumerate((b"\1one", b"\1two")):
        await db.write(put_secret, SecretRow("key", sealed, "1234", NOW), line(number, "secret:key"))

    assert (SecretRow("key", b"\1two", "1234", NOW),) == await db.read(read_secrets)


async def test_every_change_raises_the_version_that_all_processes_watch(db: Db) -> None:
    seen = [await db.read(read_version)]
    await db.write(add_document, "connection", "a", {}, line(1))
    seen.append(await db.read(read_version))
    await db.write(put_secret, SecretRow("key", b"\1", "", NOW), line(2))
    seen.append(await db.read(read_version))
    await db.write(end_document, "connection", "a", line(3))
    seen.append(await db.read(read_version))

    assert [0, 1, 2, 3] == [version - seen[0] for version in seen]
