"""What a seller's account moved in a period, summed by the database: the figures and the lines of its statement.

A period that has ended is read below its cut and tells the same for ever. One that runs is read as it stands, what is
not sealed yet included. What a statement moved itself (reserve, the rest of a cent) and payments are no part of either.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from exchange.model.ledger import BANK, ROUNDING, reserve_account, seller_account
from exchange.model.payout import Sums
from exchange.model.statement import Period
from exchange.storage.chain import Chain
from exchange.storage.database import Row, Tx
from exchange.storage.hours import HOUR_MS
from exchange.storage.movements import LATE_MS

OPEN = 1 << 62
"""The cut of a period that runs: no entry is above it."""

Cursor = tuple[int, str, int]
"""Where a list of entries goes on: time, reference and line of the last one seen."""

SOLD, RETURNED, ADJUSTED = "sold", "returned", "adjusted"
PROMISED = "Made up to what its ping promised"

KIND = """CASE WHEN t.reverses IS NOT NULL OR t.kind = 'reversal' OR SUBSTR(t.reference, 1, 15) = 'promise:return:'
                    THEN 'returned' WHEN t.kind = 'sale' THEN 'sold' ELSE 'adjusted' END"""
"""Of an entry `t`: sold, returned or adjusted."""
_OTHER = "CASE WHEN p.destination = :account THEN p.source ELSE p.destination END"
_UNITS = "CASE WHEN p.destination = :account THEN p.units ELSE -p.units END"
_FROM = """FROM (SELECT * FROM postings WHERE source = :account AND at >= :from_late AND at < :to_at
                  UNION ALL
                  SELECT * FROM postings WHERE destination = :account AND at >= :from_late AND at < :to_at) AS p
            JOIN transactions AS t ON t.reference = p.reference
            LEFT JOIN seals AS s ON s.chain = :chain AND s.row_id = p.reference
            LEFT JOIN sales AS l ON l.attempt_id = SUBSTR(COALESCE(t.reverses, t.reference), 6)"""
_CONDITIONS = f"""p.currency = :currency AND COALESCE(s.position, :unsealed) <= :to_position
                  AND NOT (p.at < :from_at AND COALESCE(s.position, :unsealed) <= :from_position)
                  AND {_OTHER} NOT IN (:bank, :rounding, :reserve)"""
_WITHIN = f"WHERE {_CONDITIONS}"


class SumLine(NamedTuple):
    """All entries of one kind and one campaign (empty: of none), in units."""

    kind: str  # sold | returned | adjusted
    campaign_id: str
    entries: int
    units: int


class EntryLine(NamedTuple):
    """One entry: what was sold, came back or was adjusted. `note` says why an adjustment was made."""

    at: int
    reference: str
    line: int
    kind: str
    units: int
    lead_id: str | None
    campaign_id: str
    sub_id1: str | None
    sold_at: int | None
    note: str


async def sums(tx: Tx, period: Period) -> tuple[SumLine, ...]:
    """Its lines, the sold ones first. An open period ends at the cut (`OPEN`, `OPEN`)."""
    rows = await tx.fetch(
        f"""SELECT {KIND} AS kind, COALESCE(l.campaign_id, '') AS campaign_id, COUNT(*) AS entries,
               CAST(SUM({_UNITS}) AS BIGINT) AS units
            {_FROM} {_WITHIN} GROUP BY {KIND}, COALESCE(l.campaign_id, '')""",
        **_params(period),
    )
    return as_lines(rows)


async def hour_sums(tx: Tx, period: Period, begin: int, end: int, mark: int) -> list[Row]:
    """Of entries with `begin <= at < end` that were sealed up to the `mark`, by hour, kind and campaign."""
    params = _params(period)
    params |= {"from_late": max(begin, params["from_late"]), "to_at": min(end, params["to_at"])}
    return await tx.fetch(
        f"""SELECT p.at - p.at % {HOUR_MS} AS hour, {KIND} AS kind, COALESCE(l.campaign_id, '') AS campaign_id,
               COUNT(*) AS entries, CAST(SUM({_UNITS}) AS BIGINT) AS units, MAX(s.position) AS last_position
            {_FROM} {_WITHIN} AND s.position <= :mark GROUP BY 1, {KIND}, COALESCE(l.campaign_id, '')""",
        mark=mark,
        **params,
    )


async def newest_sums(tx: Tx, period: Period, mark: int) -> list[Row]:
    """Of entries that were sealed after the `mark`, or are not yet, by kind and campaign."""
    return await tx.fetch(
        f"""SELECT {KIND} AS kind, COALESCE(l.campaign_id, '') AS campaign_id, COUNT(*) AS entries,
               CAST(SUM({_UNITS}) AS BIGINT) AS units
            FROM (SELECT row_id, position FROM seals WHERE chain = :chain AND position > :mark
                  UNION ALL
                  SELECT row_id, CAST(:unsealed AS BIGINT) AS position FROM unsealed WHERE chain = :chain) AS s
                CROSS JOIN postings AS p JOIN transactions AS t ON t.reference = p.reference
                LEFT JOIN sales AS l ON l.attempt_id = SUBSTR(COALESCE(t.reverses, t.reference), 6)
            WHERE p.reference = s.row_id AND :account IN (p.source, p.destination)
                AND p.at >= :from_late AND p.at < :to_at AND {_CONDITIONS}
            GROUP BY {KIND}, COALESCE(l.campaign_id, '')""",
        mark=mark,
        **_params(period),
    )


def as_lines(rows: Iterable[Row]) -> tuple[SumLine, ...]:
    """Sums of one period, added up by kind and campaign."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for row in rows:
        key = (row["kind"], row["campaign_id"])
        entries, units = found.get(key, (0, 0))
        found[key] = (entries + row["entries"], units + row["units"])
    order = (SOLD, RETURNED, ADJUSTED)
    return tuple(SumLine(*key, *found[key]) for key in sorted(found, key=lambda each: (order.index(each[0]), each[1])))


def summed(lines: tuple[SumLine, ...]) -> Sums:
    """The lines as the figures of a statement."""
    found = {kind: [line for line in lines if line.kind == kind] for kind in (SOLD, RETURNED, ADJUSTED)}
    told = [(sum(line.units for line in each), sum(line.entries for line in each)) for each in found.values()]
    return Sums(*(number for pair in told for number in pair))


async def entries(
    tx: Tx,
    period: Period,
    after: Cursor | None = None,
    limit: int = 200,
    kind: str = "",
    campaign_id: str | None = None,
) -> list[EntryLine]:
    """The entries of a period after a cursor, oldest first: all, or those of one line (`kind` and campaign)."""
    at, reference, line = after or (-1, "", 0)
    rows = await tx.fetch(
        f"""SELECT p.at, p.reference, p.line, {KIND} AS kind, {_UNITS} AS units, l.lead_id, l.campaign_id,
               l.accepted_at, d.sub_id1, t.cause
            {_FROM} LEFT JOIN leads AS d ON d.id = l.lead_id
            {_WITHIN} AND (:kind = '' OR {KIND} = :kind)
                AND (:any_campaign = 1 OR COALESCE(l.campaign_id, '') = :campaign)
                AND (p.at > :after_at OR (p.at = :after_at AND (p.reference > :after_reference
                     OR (p.reference = :after_reference AND p.line > :after_line))))
            ORDER BY p.at, p.reference, p.line LIMIT :limit""",
        kind=kind,
        any_campaign=int(campaign_id is None),
        campaign=campaign_id or "",
        after_at=at,
        after_reference=reference,
        after_line=line,
        limit=limit,
        **_params(period),
    )
    return [_entry(row) for row in rows]


def write_cursor(entry: EntryLine) -> str:
    """Where a list of entries goes on after this one, as an address carries it."""
    return f"{entry.at}~{entry.reference}~{entry.line}"


def read_cursor(text: str) -> Cursor | None:
    """None for what is none: the list begins anew."""
    at, _, rest = text.partition("~")
    reference, _, line = rest.rpartition("~")
    numbers = all(part.isascii() and part.isdigit() and len(part) <= 15 for part in (at, line))
    return (int(at), reference, int(line)) if numbers else None


async def moved_accounts(tx: Tx) -> list[tuple[str, str]]:
    """Every seller that has an account, with its currency."""
    rows = await tx.fetch(
        "SELECT account, currency FROM account_balances WHERE SUBSTR(account, 1, 7) = 'seller:' ORDER BY account"
    )
    return sorted({(row["account"].split(":")[1], row["currency"]) for row in rows})


async def first_entry_at(tx: Tx, period: Period) -> int | None:
    """When the first entry of a period was made; None: it has none."""
    found = []
    for side in ("source", "destination"):  # one after the other, so that each is read along its time, and ends at once
        rows = await tx.fetch(
            f"""SELECT p.at FROM postings AS p
                LEFT JOIN seals AS s ON s.chain = :chain AND s.row_id = p.reference
                WHERE p.{side} = :account AND p.at >= :from_late AND p.at < :to_at AND {_CONDITIONS}
                ORDER BY p.at LIMIT 1""",
            **_params(period),
        )
        found += [int(row["at"]) for row in rows]
    return min(found, default=None)


async def drifted(tx: Tx, seller_id: str, currency: str) -> list[str]:
    """The seller's accounts whose balance is not what their entries sum to."""
    found = []
    for account in (seller_account(seller_id), reserve_account(seller_id)):
        rows = await tx.fetch(
            """SELECT COALESCE((SELECT CAST(SUM(units) AS BIGINT) FROM postings
                                WHERE destination = :account AND currency = :currency), 0)
                   - COALESCE((SELECT CAST(SUM(units) AS BIGINT) FROM postings
                               WHERE source = :account AND currency = :currency), 0)
                   - COALESCE((SELECT posted_units FROM account_balances
                               WHERE account = :account AND currency = :currency), 0) AS units""",
            account=account,
            currency=currency,
        )
        if rows[0]["units"]:
            found.append(account)
    return found


def _params(period: Period) -> dict[str, Any]:
    return {
        "account": period.account,
        "currency": period.currency,
        "chain": Chain.TRANSACTIONS.value,
        "from_at": period.since.at,
        "from_late": max(period.since.at - LATE_MS, 0),
        "from_position": period.since.position,
        "to_at": period.until.at,
        "to_position": period.until.position,
        "unsealed": OPEN,
        "bank": BANK,
        "rounding": ROUNDING,
        "reserve": period.account.removesuffix("payable") + "reserve",
    }


def _entry(row: Row) -> EntryLine:
    cause: str = row["cause"]
    is_lead = cause.startswith("ld_")
    lead_id = row["lead_id"] or (cause if is_lead else None)
    note = ""
    if row["kind"] == ADJUSTED:
        note = PROMISED if row["reference"].startswith("promise:") else "" if is_lead else cause.partition(": ")[2]
    return EntryLine(
        row["at"],
        row["reference"],
        row["line"],
        row["kind"],
        row["units"],
        lead_id,
        row["campaign_id"] or "",
        row["sub_id1"],
        row["accepted_at"],
        note,
    )
