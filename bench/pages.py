"""How long every page of the console takes, with very many leads, against what it may take.

    python -m bench.pages --leads 1000000 --days 30
    python -m bench.pages --folder kept            # keep what was made, and use it again
    python -m bench.pages --folder kept --only /console/leads
    python -m bench.pages --folder kept --postgres # the same rows in a PostgreSQL server of its own

Pages, their twins for programs and the search are asked one after another over HTTP; every list of the console and of
the portals also in each of its orders, with values of each of its filters, and from its last page. Of each the median
of some times, and the processor time it took, pages and database together: on a machine that does something else too
that says more. A twin that is written as it is read is asked for its first bytes. Exits with 1 when anything is over
its budget, or failed: then the table says with what.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import asyncpg
from aiohttp import ClientSession, CookieJar, web

from bench.pages_copied import copy_rows
from bench.pages_lists import WRITTEN, asked_for, shapes
from bench.pages_made import count, make
from bench.pages_took import Meter, Told, Took, grown_to, report
from bench.postgres import Server, serving
from exchange.bootstrap import open_market
from exchange.clock import SimulatedClock
from exchange.flows.market import Market
from exchange.flows.sign_in import make_login_link
from exchange.model.actor import Actor, Role
from exchange.settings import Settings, load_settings
from exchange.storage.sqlite import open_sqlite
from exchange.web.analytics.reports import REPORTS
from exchange.web.app import build_app
from exchange.web.console import modules
from exchange.web.lists.query import read_query
from exchange.web.lists.shape import Shape
from exchange.web.words import Times

VALUES = 3  # of each filter with a choice
LAST_ROWS = 30
MADE, MAKING = "made", "making"  # how a PostgreSQL database is called, and until all of its rows are there
OPERATOR = "operator@demo.local"
POSTGRES = ("shared_buffers=1GB", "max_wal_size=8GB", "fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""What pages read is as fast without a disk that is waited for, and a million leads are sooner there."""
_NEEDS_MORE = ("/console/returns/new", "/console/returns/{return_id}/file")
"""Pages about something that the address alone does not name, or that few have."""
_NAMES = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")
_PERIODS = ("?period=yesterday", "?period=7d", "?period=30d", "?vertical=solar_us", "?mode=test")
_QUESTIONS = (
    "?by=day", "?by=seller&then=state", "?by=hour&period=7d", "?by=reason&then=seller&status=rejected",
    "?by=sub_id1&then=grade&measures=leads,sold_rate,return_rate", "?by=buyer&measures=pings,bid_rate,win_rate,latency",
    "?by=zip3&state=AZ&period=7d", "?by=field.homeowner&then=device", "?by=day&then=tier&compare=before",
)  # fmt: skip
"""Of the explorer: from hours that are counted, and others, which the first times count and keep."""
_LISTS = ("?status=sold", "?status=rejected&state=AZ", "?period=today", "?buyer=brightroof", "?status=sold&way=shared")


def paths(known: Mapping[str, str]) -> list[str]:
    """Every page of the console that is looked at, with what its address names; those that name what is not there are
    left out.
    """
    found = []
    for module in modules():
        for page in module.pages():
            names = [name for name, *_ in (match.groups() for match in _NAMES.finditer(page.path))]
            if page.method == "GET" and page.path not in _NEEDS_MORE and all(name in known for name in names):
                found.append(_NAMES.sub(lambda match: known[match[1]], page.path))
    found += [f"/console{query}" for query in _PERIODS] + [f"/console/leads{query}" for query in _LISTS]
    found += [f"/console/analytics{query}" for query in _QUESTIONS]
    found += [f"/console/analytics/{each.name}" for each in REPORTS.values() if not each.path]
    found += [f"/console/live?tab={tab}" for tab in ("requests", "deliveries")]
    return sorted(dict.fromkeys(found))


def known_names(file: Path) -> dict[str, str]:
    """One of each kind of thing that an address may name."""
    asked = {
        "lead_id": "SELECT id FROM leads WHERE state = 'sold' ORDER BY received_at DESC LIMIT 1",
        "request_id": "SELECT id FROM requests WHERE lead_id IS NOT NULL ORDER BY received_at DESC LIMIT 1",
        "buyer_id": "SELECT buyer_id FROM sales ORDER BY accepted_at DESC LIMIT 1",
        "seller_id": "SELECT seller_id FROM leads ORDER BY received_at DESC LIMIT 1",
        "campaign_id": "SELECT campaign_id FROM leads ORDER BY received_at DESC LIMIT 1",
        "contract_id": "SELECT contract_id FROM sales ORDER BY accepted_at DESC LIMIT 1",
        "return_id": "SELECT id FROM return_requests ORDER BY asked_at DESC LIMIT 1",
        "run_id": "SELECT id FROM payout_runs ORDER BY until_at DESC LIMIT 1",
        "vertical": "SELECT vertical FROM leads LIMIT 1",
        "connection": "SELECT connection FROM deliveries LIMIT 1",
    }
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        rows = {name: db.execute(query).fetchone() for name, query in asked.items()}
    return {name: str(row[0]) for name, row in rows.items() if row is not None}


def known_people(file: Path) -> dict[str, str]:
    """The mail address of somebody of each side; of buyers and sellers one of those that trade the most."""
    traded = {
        "buyer": "SELECT buyer_id, COUNT(*) FROM sales GROUP BY buyer_id ORDER BY 2 DESC",
        "seller": "SELECT seller_id, COUNT(*) FROM sales GROUP BY seller_id ORDER BY 2 DESC",
    }
    found = {"console": OPERATOR}
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        for side, query in traded.items():
            for party, _ in db.execute(query).fetchall():
                who = "SELECT email FROM users WHERE role = ? AND party_id = ? ORDER BY id LIMIT 1"
                row = db.execute(who, (side, party)).fetchone()
                if row is not None:
                    found[side] = str(row[0])
                    break
    return found


def written_values(file: Path) -> dict[str, str]:
    """Of filters that are written, values that rows have."""
    asked = {
        "sub_id": "SELECT sub_id1 FROM leads WHERE sub_id1 IS NOT NULL ORDER BY received_at DESC LIMIT 1",
        "zip": "SELECT zip FROM leads WHERE zip IS NOT NULL ORDER BY received_at DESC LIMIT 1",
        "account": "SELECT source FROM postings WHERE source LIKE 'buyer:%' ORDER BY at DESC LIMIT 1",
        "lead": "SELECT lead_id FROM sales ORDER BY accepted_at DESC LIMIT 1",
        "document": "SELECT number FROM statements ORDER BY issued_at DESC LIMIT 1",
    }
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db:
        rows = {name: db.execute(query).fetchone() for name, query in asked.items()}
    return {**WRITTEN, **{name: str(row[0]) for name, row in rows.items() if row is not None}}


async def list_paths(market: Market, side: str, written: Mapping[str, str]) -> list[str]:
    """Every list of one side: its orders, its filters, its twins and its last page."""
    found: list[str] = []
    for shape in shapes():
        if not shape.path.startswith(f"/{side}"):
            continue
        found += [query.url() for query in asked_for(market, shape, written, VALUES)]
        found += [shape.path + twin for twin in (".json", ".csv")]
        if side == "console":
            found += await _last_page(market, shape)
    return list(dict.fromkeys(found))


async def _last_page(market: Market, shape: Shape[Any]) -> list[str]:
    """Where its last rows begin."""
    own = read_query(shape, {}, "live")
    back = read_query(shape, {"sort": f"{'' if own.falling else '-'}{own.order}"}, "live")
    times = Times(ZoneInfo(market.zone), market.clock.now())
    lines = await shape.read(market, Actor(Role.OPERATOR, OPERATOR), back.asked(times, LAST_ROWS))
    return [own.older(lines[-1])] if len(lines) == LAST_ROWS else []


@asynccontextmanager
async def served(market: Market, settings: Settings, who: str = OPERATOR) -> AsyncIterator[tuple[str, ClientSession]]:
    """The pages on a free port, and somebody signed in."""
    runner = web.AppRunner(build_app(market, settings), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = "http://{}:{}".format(*runner.addresses[0][:2])
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as session:
            link = f"{address}/login/{await make_login_link(market, who)}"
            async with session.get(link) as answer:
                await answer.read()
            yield address, session
    finally:
        await runner.cleanup()


async def run(folder: Path, leads: int, days: int, only: str = "", postgres: bool = False) -> list[Took]:
    now_file = folder.with_suffix(".now")
    began = time.monotonic()
    if not now_file.exists():
        now_file.write_text(str(make(folder, leads, days)))
        print(f"made in {time.monotonic() - began:.0f} s", flush=True)
    now = int(now_file.read_text())
    settings = load_settings(folder / "exchange.toml")
    here = await open_sqlite(folder / "exchange.db", process=False, durable=False)
    async with open_market(settings, clock=SimulatedClock(now), process=False, db=here) as market:
        began = time.monotonic()
        counted = await count(market)
        print(f"{counted} hours and requests counted in {time.monotonic() - began:.0f} s", flush=True)
    if not postgres:
        return await _measured(folder, settings, now, only)
    with serving(POSTGRES, folder.with_suffix(".postgres")) as server:
        url = await _copied(folder / "exchange.db", server, now)
        return await _measured(folder, settings.model_copy(update={"database_url": url}), now, only, server.pid)


async def _copied(file: Path, server: Server, now: int) -> str:
    """The address of a database with the rows of the file, made when missing."""
    url = urlunsplit(urlsplit(server.url)._replace(path=f"/{MADE}"))
    connection = await asyncpg.connect(server.url)
    made = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", MADE)
    if not made:
        began = time.monotonic()
        await connection.execute(f"DROP DATABASE IF EXISTS {MAKING}")
        await connection.execute(f"CREATE DATABASE {MAKING}")
        copied = await copy_rows(file, urlunsplit(urlsplit(server.url)._replace(path=f"/{MAKING}")), now)
        await connection.execute(f"ALTER DATABASE {MAKING} RENAME TO {MADE}")
        print(f"{copied} rows copied in {time.monotonic() - began:.0f} s", flush=True)
    await connection.close()
    return url


async def _measured(folder: Path, settings: Settings, now: int, only: str, beside: int | None = None) -> list[Took]:
    """`beside` is the process of a database server."""
    file = folder / "exchange.db"
    known, written = known_names(file), written_values(file)
    took: list[Took] = []
    async with open_market(settings, clock=SimulatedClock(now)) as market:
        for side, who in known_people(file).items():
            asked = await list_paths(market, side, written)
            asked = list(dict.fromkeys([*(paths(known) if side == "console" else ()), *asked]))
            with Told() as told:
                async with served(market, settings, who) as (address, session):
                    meter = Meter(session, address, told, beside)
                    took += [await meter.page(path) for path in asked if only in path]
                    if side == "console" and not only:
                        wanted = {"lead": known["lead_id"], "request": known["request_id"]}
                        wanted |= {"phone": "602 958 0142", "mail": "nobody@consumer.example"}
                        took += await meter.searches(wanted)
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--folder", type=Path, help="where to keep it; else it is deleted at the end")
    parser.add_argument("--only", default="", help="pages whose address holds this")
    parser.add_argument("--postgres", action="store_true", help="on PostgreSQL, in a server of its own")
    given = parser.parse_args()
    with _folder(given.folder) as folder:
        took = asyncio.run(run(folder, given.leads, given.days, given.only, given.postgres))
        met = report(took)
        print(f"this process grew to {grown_to()}")
    return 0 if met else 1


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        yield given.absolute()
        return
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o711)  # a database server may run as somebody else
        yield Path(made) / "made"


if __name__ == "__main__":
    sys.exit(main())
