"""What sellers' accounts moved, by the hour: counted from the books behind their seals, so that pages read thousands of
rows and no million. The books are the truth: `differing` compares, and a statement is prepared from the entries alone.

An hour counts for a period as long as none of its entries was sealed after the period's cut; else its entries are read,
as are those sealed since they were counted, and those that are not sealed yet.
"""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.ledger import BANK, ROUNDING
from exchange.model.statement import BEGINNING, Cut, Period
from exchange.storage.chain import Chain, chain_head
from exchange.storage.database import Row, Tx
from exchange.storage.hours import HOUR_MS
from exchange.storage.movements import LATE_MS
from exchange.storage.payout_sums import KIND, OPEN, SumLine, as_lines, hour_sums, newest_sums, sums
from exchange.storage.rows import inserted, listed

SINCE_MOST = 5_000  # entries after those that are counted: more of them and the whole period is read from the entries
_GAPS_MOST = 64
_KEY = ("account", "currency", "hour", "kind", "campaign_id")
_COLUMNS = (*_KEY, "entries", "units", "last_position")
_ADDED = f"""ON CONFLICT ({", ".join(_KEY)}) DO UPDATE SET entries = earned_hours.entries + excluded.entries,
    units = earned_hours.units + excluded.units, last_position = excluded.last_position"""


class Counted(NamedTuple):
    """Entries sealed after `before`, up to `until`, by hour."""

    before: int
    until: int
    rows: list[Row]


async def kept_sums(tx: Tx, period: Period) -> tuple[SumLine, ...]:
    """The same as `sums`, from hours where they tell it."""
    mark = await counted_to(tx)
    if (await chain_head(tx, Chain.TRANSACTIONS))[0] - mark > SINCE_MOST:
        return await sums(tx, period)
    gaps = await _gaps(tx, period)
    if len(gaps) > _GAPS_MOST:
        return await sums(tx, period)
    found = [*await _whole_hours(tx, period, gaps), *await newest_sums(tx, period, mark)]
    for hour in gaps:
        found += await hour_sums(tx, period, hour, hour + HOUR_MS, mark)
    return as_lines(found)


async def counted_to(tx: Tx) -> int:
    """The last seal whose entries are counted."""
    return int((await tx.fetch("SELECT position FROM earned_until WHERE one = 1"))[0]["position"])


async def _gaps(tx: Tx, period: Period) -> list[int]:
    """Hours that are to be read from the entries: cut by an end of the period, or with something of after its cut."""
    rows = await tx.fetch(
        """SELECT hour FROM earned_hours
           WHERE account = :account AND currency = :currency AND hour > :from_late - :length AND hour < :to_at
           GROUP BY hour HAVING hour + :length > :to_at OR (hour < :from_at AND hour + :length > :from_at)
               OR MAX(last_position) > CASE WHEN hour < :from_at THEN CAST(:from_position AS BIGINT)
                                            ELSE CAST(:to_position AS BIGINT) END
           ORDER BY hour LIMIT :most""",
        length=HOUR_MS,
        most=_GAPS_MOST + 1,
        account=period.account,
        currency=period.currency,
        from_late=max(period.since.at - LATE_MS, 0),
        from_at=period.since.at,
        from_position=period.since.position,
        to_at=period.until.at,
        to_position=period.until.position,
    )
    return [row["hour"] for row in rows]


async def _whole_hours(tx: Tx, period: Period, gaps: list[int]) -> list[Row]:
    names, params = listed("gap", gaps or [-1])
    return await tx.fetch(
        f"""SELECT kind, campaign_id, CAST(SUM(entries) AS BIGINT) AS entries, CAST(SUM(units) AS BIGINT) AS units
            FROM earned_hours WHERE account = :account AND currency = :currency AND hour >= :from_at
                AND hour < :to_at AND hour NOT IN {names} GROUP BY kind, campaign_id""",
        account=period.account,
        currency=period.currency,
        from_at=period.since.at,
        to_at=period.until.at,
        **params,
    )


async def uncounted_earnings(tx: Tx, most: int) -> Counted:
    """What the next `most` sealed entries moved."""
    mark = await counted_to(tx)
    until = min((await chain_head(tx, Chain.TRANSACTIONS))[0], mark + most)
    if until <= mark:
        return Counted(mark, mark, [])
    return Counted(mark, until, await tx.fetch(_BY_HOUR, **_house(), after=mark, until=until))


async def add_earnings(tx: Tx, counted: Counted) -> bool:
    """Keep them. False when another node was faster: then nothing changes."""
    moved = await tx.execute(
        "UPDATE earned_until SET position = :until WHERE one = 1 AND position = :before",
        until=counted.until,
        before=counted.before,
    )
    rows = [tuple(row[name] for name in _COLUMNS) for row in counted.rows]
    for begin in range(0, len(rows) if moved else 0, 100):
        await tx.execute_all(inserted("earned_hours", _COLUMNS, rows[begin : begin + 100], _ADDED))
    return bool(moved)


_MOVED = "CASE e.side WHEN 1 THEN p.destination ELSE p.source END"
_OTHER = "CASE e.side WHEN 1 THEN p.source ELSE p.destination END"
_BY_HOUR = f"""
    SELECT {_MOVED} AS account, p.currency, p.at - p.at % {HOUR_MS} AS hour, {KIND} AS kind,
        COALESCE(l.campaign_id, '') AS campaign_id, COUNT(*) AS entries,
        CAST(SUM(p.units * e.side) AS BIGINT) AS units, MAX(s.position) AS last_position
    FROM seals AS s CROSS JOIN postings AS p CROSS JOIN (SELECT 1 AS side UNION ALL SELECT -1 AS side) AS e
        JOIN transactions AS t ON t.reference = p.reference
        LEFT JOIN sales AS l ON l.attempt_id = SUBSTR(COALESCE(t.reverses, t.reference), 6)
    WHERE s.chain = :chain AND s.position > :after AND s.position <= :until AND p.reference = s.row_id
        AND SUBSTR({_MOVED}, 1, 7) = 'seller:' AND SUBSTR({_MOVED}, LENGTH({_MOVED}) - 7, 8) = ':payable'
        AND {_OTHER} NOT IN (:bank, :rounding)
        AND {_OTHER} <> SUBSTR({_MOVED}, 1, LENGTH({_MOVED}) - 7) || 'reserve'
    GROUP BY 1, 2, 3, 4, 5"""


def _house() -> dict[str, object]:
    return {"chain": Chain.TRANSACTIONS.value, "bank": BANK, "rounding": ROUNDING}


class Differs(NamedTuple):
    """An hour that does not tell what its entries do, in units."""

    account: str
    currency: str
    hour: int
    kind: str
    kept: int
    booked: int


async def earned_accounts(tx: Tx) -> list[tuple[str, str]]:
    """Every seller's account that has hours or a balance, with its currency."""
    rows = await tx.fetch(
        """SELECT account, currency FROM earned_hours UNION
           SELECT account, currency FROM account_balances
           WHERE SUBSTR(account, 1, 7) = 'seller:' AND SUBSTR(account, LENGTH(account) - 7, 8) = ':payable'
           ORDER BY account, currency"""
    )
    return [(row["account"], row["currency"]) for row in rows]


async def earned_ends(tx: Tx, account: str, currency: str) -> tuple[int, int]:
    """The first and the last moment (epoch ms) of which an account has hours or entries; equal: it has none."""
    found: list[int] = []
    for table, at, where in (
        ("earned_hours", "hour", "account = :account AND currency = :currency"),
        ("postings", "at", "destination = :account AND :currency <> ''"),
        ("postings", "at", "source = :account AND :currency <> ''"),
    ):
        rows = await tx.fetch(
            f"SELECT MIN({at}) AS first, MAX({at}) AS last FROM {table} WHERE {where}",
            account=account,
            currency=currency,
        )
        found += [at for at in (rows[0]["first"], rows[0]["last"]) if at is not None]
    return (min(found), max(found) + 1) if found else (0, 0)


async def differing(tx: Tx, account: str, currency: str, begin: int, end: int) -> Differs | None:
    """The first hour with `begin <= hour < end`, both whole hours, that is not what its entries sum to."""
    kept = await tx.fetch(
        """SELECT hour, kind, campaign_id, entries, units, last_position FROM earned_hours
           WHERE account = :account AND currency = :currency AND hour >= :begin AND hour < :end""",
        account=account,
        currency=currency,
        begin=begin,
        end=end,
    )
    whole = Period(account, currency, BEGINNING, Cut(OPEN, OPEN))
    booked = await hour_sums(tx, whole, begin, end, await counted_to(tx))
    told, true = (
        {(row["hour"], row["kind"], row["campaign_id"]): _amounts(row) for row in rows} for rows in (kept, booked)
    )
    for key in sorted(told.keys() | true.keys()):
        if told.get(key) != true.get(key):
            units = (told.get(key, _NONE)[1], true.get(key, _NONE)[1])
            return Differs(account, currency, key[0], key[1], *units)
    return None


_NONE = (0, 0, 0)


def _amounts(row: Row) -> tuple[int, int, int]:
    return row["entries"], row["units"], row["last_position"]
