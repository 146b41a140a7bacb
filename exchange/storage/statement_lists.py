"""Documents as lists show them, the newest first, each reader its own."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.model.statement import Statement, StatementKind
from exchange.storage.database import Tx
from exchange.storage.rows import listed
from exchange.storage.spans import TOP, Span, stretch_of
from exchange.storage.statements import as_statement

EVERY_KIND = tuple(kind.value for kind in StatementKind)
_ORDERS = {"issued": "issued_at", "total": "total_units"}


@dataclass(frozen=True, slots=True)
class StatementFilter:
    """Which documents: empty leaves a filter out. Instants are epoch ms, `until` excluded."""

    kinds: tuple[str, ...] = EVERY_KIND
    party_id: str | None = None
    account: str | None = None
    since: int | None = None
    until: int | None = None
    span: Span = TOP


async def list_statements(tx: Tx, actor: Actor, wanted: StatementFilter) -> list[Statement]:
    """Of a party only those of its own accounts, whatever is asked for."""
    where, params = _where(actor, wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "number")
    rows = await tx.fetch(
        f"""SELECT * FROM statements WHERE {" AND ".join([*where, *stretch.where])}
            ORDER BY {stretch.order} LIMIT :limit""",
        limit=wanted.span.limit,
        **params,
        **stretch.params,
    )
    return [as_statement(row) for row in rows]


async def count_statements(tx: Tx, actor: Actor, wanted: StatementFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    where, params = _where(actor, wanted)
    stretch = stretch_of(wanted.span, _ORDERS, "number")
    rows = await tx.fetch(
        f"""SELECT COUNT(*) AS found FROM (SELECT number FROM statements
            WHERE {" AND ".join([*where, *stretch.where])} LIMIT :most) AS counted""",
        most=most,
        **params,
        **stretch.params,
    )
    return int(rows[0]["found"])


def _where(actor: Actor, wanted: StatementFilter) -> tuple[list[str], dict[str, object]]:
    names, params = listed("kind", wanted.kinds)
    where = [f"kind IN {names}"]
    if actor.role in (Role.BUYER, Role.SELLER):
        prefix = f"{actor.role.value}:{actor.party_id}:"
        where.append("SUBSTR(account, 1, LENGTH(:prefix)) = :prefix AND party_id = :own")
        params |= {"prefix": prefix, "own": actor.party_id or ""}
    for part, name, value in (
        ("party_id = :party_id", "party_id", wanted.party_id),
        ("account = :account", "account", wanted.account),
        ("issued_at >= :since", "since", wanted.since),
        ("issued_at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    return where, params


async def invoiced_accounts(tx: Tx, actor: Actor, party_id: str | None = None) -> list[tuple[str, str]]:
    """Every account that was ever invoiced, with its currency, or those of one party; of a buyer only its own."""
    if actor.role is Role.BUYER:
        party_id = actor.party_id or ""
    elif actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    whose = "AND party_id = :party" if party_id is not None else ""
    rows = await tx.fetch(
        f"SELECT DISTINCT account, currency FROM statements WHERE kind = 'invoice' {whose} ORDER BY account, currency",
        **({"party": party_id} if party_id is not None else {}),
    )
    return [(row["account"], row["currency"]) for row in rows]
