"""What the exchange asks of people who sign in, as its owners set it by a page."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Tx


class RulesRow(NamedTuple):
    """`changed_at` None: nobody ever changed them."""

    document: str = ""
    changed_at: int | None = None
    changed_by: str = ""


async def read_rules(tx: Tx) -> RulesRow:
    rows = await tx.fetch("SELECT document, changed_at, changed_by FROM security_rules WHERE id = 1")
    return RulesRow(rows[0]["document"], rows[0]["changed_at"], rows[0]["changed_by"]) if rows else RulesRow()


async def write_rules(tx: Tx, document: str, line: AuditLine) -> None:
    await tx.execute(
        """INSERT INTO security_rules (id, document, changed_at, changed_by) VALUES (1, :document, :now, :who)
           ON CONFLICT (id) DO UPDATE SET document = :document, changed_at = :now, changed_by = :who""",
        document=document,
        now=line.at,
        who=line.actor.name,
    )
    await record(tx, line)
