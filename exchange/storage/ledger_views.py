"""The books as people look at them: entries one by one with both sides, filters, and what led to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.ledger import BANK, FEES, MARGIN, ROUNDING, TAX, TransactionKind
from exchange.model.money import Money
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed


class LedgerLine(NamedTuple):
    """One posting."""

    reference: str
    line: int
    kind: TransactionKind
    at: int
    source: str
    destination: str
    money: Money
    cause: str
    reverses: str | None


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which postings: empty leaves a filter out. `account` is one in full, or the begin of several (`buyer:acme`).

    `cause` is a lead, a charge or a document; `least` and `most` are amounts, both inclusive. `before` is (at,
    reference, line) of the last one of a page.
    """

    account: str = ""
    kind: str = ""
    cause: str = ""
    least: int | None = None
    most: int | None = None
    since: int | None = None
    until: int | None = None
    before: tuple[int, str, int] | None = None
    limit: int = 50


async def list_postings(tx: Tx, actor: Actor, wanted: LedgerFilter) -> list[LedgerLine]:
    """The newest first; nothing for a party: it has its own documents."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    rest, params = _where(wanted)
    if wanted.account:
        text = " UNION ".join(
            f"SELECT * FROM ({_side(side, rest)}) AS {side}_side" for side in ("source", "destination")
        )
        params["account"], params["after"] = wanted.account, wanted.account.rstrip(":") + ";"
    else:
        text = f"SELECT p.* FROM postings AS p JOIN transactions AS t ON t.reference = p.reference WHERE {rest} {_LAST}"
    rows = await tx.fetch(
        f"""SELECT p.reference, p.line, p.at, p.source, p.destination, p.units, p.currency, t.kind, t.cause, t.reverses
            FROM ({text}) AS p JOIN transactions AS t ON t.reference = p.reference
            ORDER BY p.at DESC, p.reference DESC, p.line DESC LIMIT :limit""",
        limit=wanted.limit,
        **params,
    )
    return [_line(row) for row in rows]


_LAST = "ORDER BY p.at DESC, p.reference DESC, p.line DESC LIMIT :limit"


def _side(side: str, rest: str) -> str:
    """Postings of an account, or of all that begin with it, on one side: `:` sorts before `;`."""
    return f"""SELECT p.* FROM postings AS p JOIN transactions AS t ON t.reference = p.reference
               WHERE (p.{side} = :account OR (p.{side} >= :account || ':' AND p.{side} < :after)) AND {rest} {_LAST}"""


def _where(wanted: LedgerFilter) -> tuple[str, dict[str, object]]:
    where, params = ["p.units >= 0"], dict[str, object]()
    if wanted.kind:
        where.append("t.kind = :kind")
        params["kind"] = wanted.kind
    if wanted.cause:
        where.append("(t.cause = :cause OR t.reference = :cause OR t.reverses = :cause)")
        params["cause"] = wanted.cause
    for column, sign, value in (
        ("p.units", ">=", wanted.least),
        ("p.units", "<=", wanted.most),
        ("p.at", ">=", wanted.since),
        ("p.at", "<", wanted.until),
    ):
        if value is not None:
            name = f"v{len(params)}"
            where.append(f"{column} {sign} :{name}")
            params[name] = value
    if wanted.before is not None:
        where.append("(p.at, p.reference, p.line) < (:at, :reference, :line)")
        params["at"], params["reference"], params["line"] = wanted.before
    return " AND ".join(where), params


def _line(row: Row) -> LedgerLine:
    return LedgerLine(
        row["reference"],
        row["line"],
        TransactionKind(row["kind"]),
        row["at"],
        row["source"],
        row["destination"],
        Money(row["units"], row["currency"]),
        row["cause"],
        row["reverses"],
    )


async def balance_before(tx: Tx, account: str, currency: str, at: int, reference: str, line: int) -> Money:
    """What the account held right before a posting: everything that stands before it in the order of the list."""
    rows = await tx.fetch(
        """SELECT CAST(COALESCE(SUM_OF.units, 0) AS BIGINT) AS units FROM
           (SELECT CAST(SUM(CASE WHEN destination = :account THEN units ELSE -units END) AS BIGINT) AS units
            FROM (SELECT * FROM postings WHERE destination = :account AND at <= :at
                  UNION ALL SELECT * FROM postings WHERE source = :account AND at <= :at) AS own
            WHERE currency = :currency AND (at, reference, line) < (:at, :reference, :line)) AS SUM_OF""",
        account=account,
        currency=currency,
        at=at,
        reference=reference,
        line=line,
    )
    return Money(rows[0]["units"], currency)


class CheckRow(NamedTuple):
    """How the books were found. `sums` are what all accounts come to by currency (zero each); `flaws` are sentences."""

    at: int
    entries: int
    documents: int
    took_ms: int
    sound: bool
    sums: str
    flaws: str


async def add_check(tx: Tx, check: CheckRow) -> None:
    await tx.execute(
        """INSERT INTO ledger_checks (at, entries, documents, took_ms, sound, sums, flaws)
           VALUES (:at, :entries, :documents, :took, :sound, :sums, :flaws) ON CONFLICT (at) DO NOTHING""",
        at=check.at,
        entries=check.entries,
        documents=check.documents,
        took=check.took_ms,
        sound=1 if check.sound else 0,
        sums=check.sums,
        flaws=check.flaws,
    )
    await tx.execute("DELETE FROM ledger_checks WHERE at < :before", before=check.at - 400 * 86_400_000)


async def last_check(tx: Tx) -> CheckRow | None:
    rows = await tx.fetch("SELECT * FROM ledger_checks ORDER BY at DESC LIMIT 1")
    return CheckRow(**{**rows[0], "sound": bool(rows[0]["sound"])}) if rows else None


async def house_sums(tx: Tx) -> list[tuple[str, Money]]:
    """What the house's own accounts and the bank's hold, in order: they have no balance row, so their entries are
    summed."""
    names, params = listed("account", (BANK, FEES, MARGIN, ROUNDING, TAX))
    rows = await tx.fetch(
        f"""SELECT account, currency, CAST(SUM(units) AS BIGINT) AS units FROM (
                SELECT destination AS account, currency, units FROM postings WHERE destination IN {names}
                UNION ALL SELECT source AS account, currency, -units AS units FROM postings WHERE source IN {names}
            ) AS moved GROUP BY account, currency ORDER BY account, currency""",
        **params,
    )
    return [(row["account"], Money(row["units"], row["currency"])) for row in rows]
