"""Documents and secrets that were stored while the exchange ran, as shapes that are used."""

from __future__ import annotations

from collections.abc import Iterable

from exchange.flows.shapes import Secrets, Shapes, Workshop, compile_shapes
from exchange.log import logger
from exchange.storage.database import Db
from exchange.storage.documents import SecretRow, read_documents, read_secrets
from exchange.vault import Vault, VaultError

_LOG = logger(__name__)


async def read_shapes(db: Db, vault: Vault, workshop: Workshop, before: Shapes | None = None) -> Shapes:
    """The shapes as they stand now. A document that cannot be used any more is told and left out."""
    documents, secrets = await db.read(read_documents), await db.read(read_secrets)
    shapes = compile_shapes(workshop, documents, _opened(vault, secrets), before)
    if shapes.problems and (before is None or shapes.problems != before.problems):
        _LOG.error("Stored documents cannot be used; exchange check tells why", count=len(shapes.problems))
    return shapes


def _opened(vault: Vault, rows: Iterable[SecretRow]) -> Secrets:
    opened: dict[str, str] = {}
    for row in rows:
        try:
            opened[row.name] = vault.open_secret(row.name, row.sealed).decode()
        except VaultError:
            _LOG.error("A stored secret cannot be opened", where=row.name)
    return opened
