"""Documents as lists show them, the newest first, each reader its own."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.model.statement import Statement, StatementKind
from exchange.storage.database import Tx
from exchange.storage.rows import listed
from exchange.storage.statements import as_statement

EVERY_KIND = tuple(kind.value for kind in StatementKind)


@dataclass(frozen=True, slots=True)
class StatementFilter:
    """Which documents: empty leaves a filter out. `before` is (issued_at, number) of the last one of a page."""

    kinds: tuple[str, ...] = EVERY_KIND
    party_id: str | None = None
    account: str | None = None
    before: tuple[int, str] | None = None
    limit: int = 50


async def list_statements(tx: Tx, actor: Actor, wanted: StatementFilter) -> list[Statement]:
    """Of a party only those of its own accounts, whatever is asked for."""
    names, params = listed("kind", wanted.kinds)
    where = [f"kind IN {names}"]
    if actor.role in (Role.BUYER, Role.SELLER):
        prefix = f"{actor.role.value}:{actor.party_id}:"
        where.append("SUBSTR(account, 1, LENGTH(:prefix)) = :prefix AND party_id = :own")
        params |= {"prefix": prefix, "own": actor.party_id or ""}
    for column, value in (("party_id", wanted.party_id), ("account", wanted.account)):
        if value is not None:
            where.append(f"{column} = :{column}")
            params[column] = value
    if wanted.before is not None:
        where.append("(issued_at < :at OR (issued_at = :at AND number < :number))")
        params["at"], params["number"] = wanted.before
    rows = await tx.fetch(
        f"""SELECT * FROM statements WHERE {" AND ".join(where)}
            ORDER BY issued_at DESC, number DESC LIMIT :limit""",
        limit=wanted.limit,
        **params,
    )
    return [as_statement(row) for row in rows]


async def invoiced_accounts(tx: Tx, actor: Actor) -> list[tuple[str, str]]:
    """Every account that was ever invoiced, with its currency; nothing for a party."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    rows = await tx.fetch(
        "SELECT DISTINCT account, currency FROM statements WHERE kind = 'invoice' ORDER BY account, currency"
    )
    return [(row["account"], row["currency"]) for row in rows]
