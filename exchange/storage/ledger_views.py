"""The books as people look at them: entries one by one with both sides, filters, and what led to each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple
from urllib.parse import quote, unquote

from exchange.model.actor import Actor, Role
from exchange.model.ledger import BANK, FEES, MARGIN, ROUNDING, TAX, TransactionKind
from exchange.model.money import Money
from exchange.storage.database import Row, Tx
from exchange.storage.ledger import keeps_balance
from exchange.storage.rows import listed
from exchange.storage.spans import TOP, Span


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

    @property
    def id(self) -> str:
        """Its name in addresses: the line, and the reference without a character that an address could mistake."""
        return line_id(self.reference, self.line)


def line_id(reference: str, line: int) -> str:
    return f"{line}.{quote(reference, safe='').replace('~', '%7E')}"


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which postings: empty leaves a filter out. `account` is one in full, or the begin of several (`buyer:acme`).

    `cause` is a lead, a charge or a document; `amount` in units. The rows of `span` are ids of lines, and so is that of
    `edge`, the last line that is looked at.
    """

    account: str = ""
    kind: str = ""
    cause: str = ""
    amount: int | None = None
    since: int | None = None
    until: int | None = None
    span: Span = TOP
    edge: tuple[int, str] | None = None


LOOKED_AT = 30_000
"""So many entries are looked through at once for an amount."""
_SALE = TransactionKind.SALE.value
_MERGED = 32  # accounts whose newest are merged; entries of more are read by time
_HOUSE = (BANK, FEES, MARGIN, ROUNDING, TAX)
_KINDS = "transactions AS t JOIN postings AS p ON p.reference = t.reference"
_LED_TO = """(SELECT reference FROM transactions WHERE cause = :cause
        UNION SELECT reference FROM transactions WHERE reference = :cause
        UNION SELECT reference FROM transactions WHERE reverses = :cause AND reverses IS NOT NULL) AS c
    JOIN transactions AS t ON t.reference = c.reference JOIN postings AS p ON p.reference = t.reference"""


async def list_postings(tx: Tx, actor: Actor, wanted: LedgerFilter) -> list[LedgerLine]:
    """The newest first unless asked for the other way round; nothing for a party: it has its own documents."""
    if not _insider(actor):
        return []
    text, params = await _found(tx, wanted)
    ordered = _ordered(wanted.span, "f.at", "f.reference", "f.line")
    rows = await tx.fetch(
        f"""SELECT p.reference, p.line, p.at, p.source, p.destination, p.units, p.currency, t.kind, t.cause, t.reverses
            FROM ({text}) AS f JOIN postings AS p ON p.reference = f.reference AND p.line = f.line
            JOIN transactions AS t ON t.reference = f.reference {ordered}""",
        limit=wanted.span.limit,
        **params,
    )
    return [_line(row) for row in rows]


async def count_postings(tx: Tx, actor: Actor, wanted: LedgerFilter, most: int) -> int:
    """How many match, counted up to `most`."""
    if not _insider(actor):
        return 0
    text, params = await _found(tx, wanted)
    rows = await tx.fetch(f"SELECT COUNT(*) AS found FROM ({text}) AS f", limit=most, **params)
    return min(int(rows[0]["found"]), most)


async def edge_of_postings(tx: Tx, wanted: LedgerFilter, looked: int = LOOKED_AT) -> tuple[int, str] | None:
    """The last line that one look for an amount reaches: no index is by amounts. None when it reaches the end, or what
    is asked for is found by an index.
    """
    if wanted.amount is None or wanted.cause or wanted.kind not in ("", _SALE):
        return None
    text, params = _select(replace(wanted, amount=None, account="", kind="", edge=None), "postings AS p", "p")
    text = text.replace("LIMIT :limit", "LIMIT 1 OFFSET :looked")
    rows = await tx.fetch(text, looked=looked - 1, **params)
    return (rows[0]["at"], line_id(rows[0]["reference"], rows[0]["line"])) if rows else None


async def _found(tx: Tx, wanted: LedgerFilter) -> tuple[str, dict[str, object]]:
    """Which postings they are, by the way that looks at the fewest: what led to them, a kind that is rare, their
    accounts, or time. Ordered, and at least `limit` of them when there are as many.
    """
    if wanted.cause:
        return _select(wanted, _LED_TO, "p")
    if wanted.kind and wanted.kind != _SALE:
        return _select(wanted, _KINDS, "t", "t.kind <> 'sale'")  # said so, because the index is of these
    table = _KINDS if wanted.kind else "postings AS p"
    accounts = await _accounts(tx, wanted.account) if wanted.account else []
    if not accounts or len(accounts) > _MERGED:
        return _select(wanted, table, "p")
    sides, params = [], dict[str, object]()
    for number, account in enumerate(accounts):
        for side in ("source", "destination"):
            text, own = _select(replace(wanted, account=""), table, "p", f"p.{side} = :account_{number}")
            sides.append(f"SELECT * FROM ({text}) AS {side}_{number}")
            params |= {**own, f"account_{number}": account}
    return " UNION ".join(sides), params  # once, though both sides may be of one party


def _select(wanted: LedgerFilter, table: str, of: str, *where: str) -> tuple[str, dict[str, object]]:
    """`of` is whose time they are ordered by: that of the posting, `p`, or of its transaction, `t`: it is the same."""
    parts, params = _conditions(wanted, of)
    ordered = _ordered(wanted.span, f"{of}.at", f"{of}.reference", "p.line")
    conditions = " AND ".join([*where, *parts]) or "1 = 1"
    return f"SELECT {of}.at AS at, p.reference, p.line FROM {table} WHERE {conditions} {ordered}", params


def _ordered(span: Span, at: str, reference: str, line: str) -> str:
    way = "DESC" if span.falling else "ASC"
    return f"ORDER BY {at} {way}, {reference} {way}, {line} {way} LIMIT :limit"


async def _accounts(tx: Tx, account: str) -> list[str]:
    """The account itself, and those whose name begins with it and a colon."""
    first, last = _range(account)
    rows = await tx.fetch(
        """SELECT DISTINCT account FROM account_balances
           WHERE account = :account OR (account >= :first AND account < :last) ORDER BY account LIMIT :most""",
        account=account,
        first=first,
        last=last,
        most=_MERGED + 1,
    )
    return [row["account"] for row in rows] + [each for each in _HOUSE if each.startswith(first)] or [account]


def _range(account: str) -> tuple[str, str]:
    """Names of accounts that begin with it: `:` sorts before `;`."""
    begin = account.rstrip(":")
    return f"{begin}:", f"{begin};"


def _conditions(wanted: LedgerFilter, of: str) -> tuple[list[str], dict[str, object]]:
    where: list[str] = []
    params: dict[str, object] = {}
    if wanted.account:
        sides = (
            f"p.{side} = :account OR (p.{side} >= :account_from AND p.{side} < :account_to)"
            for side in ("source", "destination")
        )
        where.append(f"({' OR '.join(sides)})")
        first, last = _range(wanted.account)
        params |= {"account": wanted.account, "account_from": first, "account_to": last}
    if wanted.cause:
        params["cause"] = wanted.cause
    for part, name, value in (
        ("t.kind = :kind", "kind", wanted.kind or None),
        ("p.units = :amount", "amount", wanted.amount),
        (f"{of}.at >= :since", "since", wanted.since),
        (f"{of}.at < :until", "until", wanted.until),
    ):
        if value is not None:
            where.append(part)
            params[name] = value
    further, back = ("<", ">") if wanted.span.falling else (">", "<")
    marks = (
        ("after", wanted.span.after, further),
        ("newer", wanted.span.newer, back),
        ("edge", wanted.edge, f"{back}="),
    )
    for name, mark, sign in marks:
        if mark is not None:
            where.append(f"{of}.at {sign[0]}= :{name}_at")
            where.append(f"({of}.at, {of}.reference, p.line) {sign} (:{name}_at, :{name}_reference, :{name}_line)")
            line, _, reference = mark[1].partition(".")
            number = int(line) if line.isdigit() and len(line) < 10 else 0
            params |= {f"{name}_at": mark[0], f"{name}_reference": unquote(reference), f"{name}_line": number}
    return where, params


def _insider(actor: Actor) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM)


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


async def balance_after(tx: Tx, account: str, line: LedgerLine) -> Money | None:
    """What a party's account held right after a posting: what it holds now, less what was booked on it since. None for
    the house and the bank: every sale moves them, so no balance of theirs is kept.
    """
    if not keeps_balance(account):
        return None
    rows = await tx.fetch(
        """SELECT CAST(b.posted_units - COALESCE(
               (SELECT CAST(SUM(CASE WHEN own.destination = :account THEN own.units ELSE -own.units END) AS BIGINT)
                FROM (SELECT * FROM postings WHERE destination = :account AND at >= :at
                      UNION ALL SELECT * FROM postings WHERE source = :account AND at >= :at) AS own
                WHERE own.currency = :currency AND (own.at, own.reference, own.line) > (:at, :reference, :line)), 0)
               AS BIGINT) AS units
           FROM account_balances AS b WHERE b.account = :account AND b.currency = :currency""",
        account=account,
        currency=line.money.currency,
        at=line.at,
        reference=line.reference,
        line=line.line,
    )
    return Money(rows[0]["units"], line.money.currency) if rows else None


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
