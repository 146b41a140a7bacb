"""A database of very many leads, made fast: the leads of a demo again and again, each at a time of its own.

What belongs to a lead is made with it: requests, records, deliveries, sales, what was booked and what was screened.
What went over the wire is left out: it would be most of the bytes, and no list reads it. What is sealed does not open,
because its name is part of its seal: pages tell that it is no longer kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from bench.processes import free_port, running
from exchange.flows.counting import keep_counts
from exchange.flows.market import Market
from exchange.flows.quality import count_days
from exchange.ids import first_id

_BY_HOUR = (2, 1, 1, 1, 1, 2, 4, 6, 8, 9, 9, 9, 9, 9, 8, 8, 8, 7, 7, 6, 5, 4, 3, 2)  # how a day's leads lie, by hour
_TABLES = ("leads", "requests", "trails", "attempts", "sales", "screened", "sale_outcomes")
_IDS = {"id", "lead_id", "request_id", "attempt_id", "subject", "reference", "cause", "sale_id", "reverses"}
_TIMES = {"received_at", "changed_at", "made_at", "ended_at", "accepted_at", "at", "noted_at", "sold_at"}
_UNIQUE = {"phone_index", "email_index"}
_DEMO_SECONDS = 300.0  # it makes its past first
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000


def make(folder: Path, leads: int, days: int) -> int:
    """Make a demo in the folder and fill it up. Returns when its clock stands."""
    port = free_port()
    demo = ("demo", "--data", str(folder), "--rate", "0", "--no-browser", "--frozen", "--port", str(port))
    with running("exchange", *demo, port=port, log=folder.with_suffix(".log"), seconds=_DEMO_SECONDS):
        pass
    with closing(sqlite3.connect(folder / "exchange.db", isolation_level=None)) as db:
        for pragma in ("synchronous = OFF", "journal_mode = MEMORY", "cache_size = -500000", "temp_store = MEMORY"):
            db.execute(f"PRAGMA {pragma}")
        now = int(db.execute("SELECT MAX(received_at) FROM requests").fetchone()[0]) + 1_000
        _multiply(db, leads, days, now)
        db.execute("PRAGMA journal_mode = WAL")
    return now


def _multiply(db: sqlite3.Connection, leads: int, days: int, now: int) -> None:
    db.execute(
        """CREATE TEMP TABLE seed AS SELECT ROW_NUMBER() OVER (ORDER BY id) - 1 AS t, id, received_at AS t0 FROM leads
           WHERE mode = 'live' AND state NOT IN ('open', 'selling', 'held', 'unclear', 'pending')"""
    )
    seeds = db.execute("SELECT COUNT(*) FROM seed").fetchone()[0]
    db.execute("CREATE TEMP TABLE n (i INTEGER PRIMARY KEY, t INTEGER, at INTEGER, moment TEXT, month TEXT)")
    db.execute("BEGIN")
    db.executemany("INSERT INTO n VALUES (?, ?, ?, ?, ?)", _moments(leads, days, now, seeds))
    for table in _TABLES:
        ended = "WHERE x.state IN ('accepted', 'rejected', 'failed')" if table == "attempts" else ""
        _again(db, table, f"SELECT s.t, s.t0, x.* FROM {table} x JOIN seed s ON s.id = x.{_of(table)} {ended}")
    booked = "FROM transactions x JOIN seed s ON s.id = x.cause WHERE x.kind = 'sale'"
    _again(db, "transactions", f"SELECT s.t, s.t0, x.* {booked}")
    _again(
        db,
        "postings",
        """SELECT s.t, s.t0, p.* FROM postings p JOIN transactions x ON x.reference = p.reference
           JOIN seed s ON s.id = x.cause WHERE x.kind = 'sale'""",
    )
    _seal(db)
    db.execute("UPDATE counted_requests SET at = 0, request_id = ''")  # all of them are to be counted
    for table in ("ping_days", "bid_days", "answer_hours", "lead_bids"):
        db.execute(f"DELETE FROM {table}")
    db.execute("COMMIT")


def _seal(db: sqlite3.Connection) -> None:
    """A place in the chain for every entry, without its hash: nobody proves these books."""
    db.execute(
        """INSERT INTO seals (chain, position, row_id, hash)
           SELECT 'transactions', h.position + ROW_NUMBER() OVER (ORDER BY t.at, t.reference), t.reference, ''
           FROM transactions t JOIN chain_heads h ON h.chain = 'transactions'
           WHERE NOT EXISTS (SELECT 1 FROM seals s WHERE s.chain = 'transactions' AND s.row_id = t.reference)
               AND NOT EXISTS (SELECT 1 FROM unsealed u WHERE u.chain = 'transactions' AND u.row_id = t.reference)"""
    )
    db.execute(
        """UPDATE chain_heads SET position = (SELECT MAX(position) FROM seals WHERE chain = 'transactions')
           WHERE chain = 'transactions'"""
    )
    kept = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'payout_runs'")
    triggers = kept.fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    for end in ("since", "until"):  # what lies in a period that was closed was sealed before its cut
        db.execute(
            f"""UPDATE payout_runs SET {end}_position = (SELECT MAX(position) FROM seals WHERE chain = 'transactions')
                WHERE {end}_position > 0"""
        )
    for _, text in triggers:
        db.execute(text)


def _of(table: str) -> str:
    return "id" if table == "leads" else "lead_id"


def _moments(leads: int, days: int, now: int, seeds: int) -> Iterator[tuple[int, int, int, str, str]]:
    """Evenly over the days up to now, with the hours of a day as people lie in them."""
    begin, whole = now - now % _DAY_MS - (days - 1) * _DAY_MS, sum(_BY_HOUR)
    edges = [(sum(_BY_HOUR[:hour]) / whole, hour) for hour in range(24)]
    share = now % _DAY_MS / _DAY_MS
    for i in range(leads):
        day, part = divmod(i * (days - 1 + share) / leads, 1.0)
        low, hour = max(edge for edge in edges if edge[0] <= part)
        within = (part - low) / (_BY_HOUR[hour] / whole)
        at = min(int(begin + day * _DAY_MS + (hour + within) * _HOUR_MS), now - 1)
        month = f"{datetime.fromtimestamp(at / 1_000, UTC):%Y-%m}"
        yield i, (i * 7) % seeds, at, first_id("x", at)[2:], month


def _again(db: sqlite3.Connection, table: str, rows: str) -> None:
    """Every row of the seeds once for each of their copies. An id keeps its kind and its end: they fit together."""
    db.execute(f"CREATE TEMP TABLE again AS {rows}")
    db.execute("CREATE INDEX temp.again_t ON again (t)")
    names = [column[1] for column in db.execute(f"PRAGMA table_info({table})")]
    made = ", ".join(_made(name) for name in names)
    db.execute(
        f"""INSERT INTO {table} ({", ".join(names)}) SELECT {made} FROM n CROSS JOIN again a ON a.t = n.t
            ORDER BY n.i"""
    )
    db.execute("DROP TABLE again")


def _made(name: str) -> str:
    if name in _IDS:
        return f"substr(a.{name}, 1, instr(a.{name}, '_')) || n.moment || printf('%010d', n.i) || substr(a.{name}, -6)"
    if name in _TIMES:
        return f"a.{name} + n.at - a.t0"
    if name == "month":
        return "n.month"
    if name == "day":
        return f"(a.sold_at + n.at - a.t0) / {_DAY_MS}"
    if name in _UNIQUE:
        return f"CASE WHEN a.{name} IS NULL THEN NULL ELSE CAST(printf('{name[:1]}%015d', n.i) AS BLOB) END"
    return f"a.{name}"


async def count(market: Market) -> int:
    """Let the exchange count what pages read, as its duties would. Returns how many hours and requests it counted."""
    counted = 0
    while some := await keep_counts(market):
        counted += some
    await count_days(market.db, market.clock.now())
    return counted
