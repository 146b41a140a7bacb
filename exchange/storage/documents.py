"""Shapes made while the exchange runs, as immutable versions, and the sealed secrets that connections name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Tx
from exchange.storage.parties import touch_market


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """The current version of one document."""

    kind: str
    name: str
    version: int
    document: Mapping[str, Any]
    made_at: int
    made_by: str


@dataclass(frozen=True, slots=True)
class SecretRow:
    name: str
    sealed: bytes
    last4: str
    changed_at: int


async def read_documents(tx: Tx) -> tuple[DocumentRow, ...]:
    rows = await tx.fetch(
        """SELECT kind, name, version, document, made_at, made_by FROM documents
           WHERE current = 1 ORDER BY kind, name"""
    )
    return tuple(
        DocumentRow(
            row["kind"], row["name"], row["version"], orjson.loads(row["document"]), row["made_at"], row["made_by"]
        )
        for row in rows
    )


async def add_document(tx: Tx, kind: str, name: str, document: Mapping[str, Any], line: AuditLine) -> int:
    """Add a version and make it the current one, in the unit of its audit line. Returns its number."""
    rows = await tx.fetch(
        "SELECT COALESCE(MAX(version), 0) AS last FROM documents WHERE kind = :kind AND name = :name",
        kind=kind,
        name=name,
    )
    version = int(rows[0]["last"]) + 1
    await _end_current(tx, kind, name)
    await tx.execute(
        """INSERT INTO documents (kind, name, version, document, current, made_at, made_by)
           VALUES (:kind, :name, :version, :document, 1, :now, :by)""",
        kind=kind,
        name=name,
        version=version,
        document=orjson.dumps(document).decode(),
        now=line.at,
        by=line.actor.name,
    )
    await record(tx, line)
    await touch_market(tx)
    return version


async def end_document(tx: Tx, kind: str, name: str, line: AuditLine) -> bool:
    """No version is current any more. False when none was, and then nothing is written."""
    if not await _end_current(tx, kind, name):
        return False
    await record(tx, line)
    await touch_market(tx)
    return True


async def _end_current(tx: Tx, kind: str, name: str) -> int:
    return await tx.execute(
        "UPDATE documents SET current = 0 WHERE kind = :kind AND name = :name AND current = 1", kind=kind, name=name
    )


async def read_secrets(tx: Tx) -> tuple[SecretRow, ...]:
    rows = await tx.fetch("SELECT name, sealed, last4, changed_at FROM secrets ORDER BY name")
    return tuple(SecretRow(row["name"], bytes(row["sealed"]), row["last4"], row["changed_at"]) for row in rows)


async def put_secret(tx: Tx, secret: SecretRow, line: AuditLine) -> None:
    await tx.execute(
        """INSERT INTO secrets (name, sealed, last4, changed_at) VALUES (:name, :sealed, :last4, :at)
           ON CONFLICT (name) DO UPDATE SET sealed = :sealed, last4 = :last4, changed_at = :at""",
        name=secret.name,
        sealed=secret.sealed,
        last4=secret.last4,
        at=secret.changed_at,
    )
    await record(tx, line)
    await touch_market(tx)
