"""How long every page of the console takes, with very many leads, against what it may take.

    python -m bench.pages --leads 1000000 --days 30
    python -m bench.pages --folder kept            # keep what was made, and use it again
    python -m bench.pages --folder kept --only /console/leads

Pages, their twins for programs and the search are asked one after another over HTTP on SQLite; every list of the
console and of the portals also in each of its orders, with values of each of its filters, and from its last page. Of
each the median of some times, and the processor time it took, pages and database together: on a machine that does
something else too that says more. A twin that is written as it is read is asked for its first bytes. Exits with 1 when
anything is over its budget.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import ClientSession, CookieJar, web

from bench.pages_lists import WRITTEN, asked_for, shapes
from bench.pages_made import count, make
from exchange.bootstrap import open_market
from exchange.clock import SimulatedClock
from exchange.flows.market import Market
from exchange.flows.sign_in import make_login_link
from exchange.model.actor import Actor, Role
from exchange.settings import load_settings
from exchange.web.analytics.reports import REPORTS
from exchange.web.app import build_app
from exchange.web.console import modules
from exchange.web.lists.query import read_query
from exchange.web.lists.shape import Shape
from exchange.web.words import Times

TIMES = 5
PATIENCE_SECONDS = 20.0  # a page that takes longer has failed
FIRST_BYTES = 65_536
VALUES = 3  # of each filter with a choice
LAST_ROWS = 30
OPERATOR = "operator@demo.local"
DASHBOARD_MS, LEAD_MS, SEARCH_MS, OTHER_MS = 300, 150, 100, 300
_BUDGETS: tuple[tuple[str, int], ...] = (
    ("/console/leads/", LEAD_MS),
    ("/console/search", SEARCH_MS),
    ("/console", DASHBOARD_MS),
)
_NAMES = re.compile(r"\{(\w+)(?::[^{}]*(?:\{[^{}]*\}[^{}]*)*)?\}")
_PERIODS = ("?period=yesterday", "?period=7d", "?period=30d", "?vertical=solar_us", "?mode=test")
_QUESTIONS = (
    "?by=day", "?by=seller&then=state", "?by=hour&period=7d", "?by=reason&then=seller&status=rejected",
    "?by=sub_id1&then=grade&measures=leads,sold_rate,return_rate", "?by=buyer&measures=pings,bid_rate,win_rate,latency",
    "?by=zip3&state=AZ&period=7d", "?by=field.homeowner&then=device", "?by=day&then=tier&compare=before",
)  # fmt: skip
"""Of the explorer: from hours that are counted, and others, which the first times count and keep."""
_LISTS = ("?status=sold", "?status=rejected&state=AZ", "?period=today", "?buyer=brightroof", "?status=sold&way=shared")


@dataclass(frozen=True, slots=True)
class Took:
    """One page: its median and worst time, the median of its processor time, and how many bytes it sent."""

    path: str
    status: int
    median_ms: float
    worst_ms: float
    processor_ms: float
    size: int
    budget_ms: int

    @property
    def met(self) -> bool:
        return self.status < 400 and self.median_ms <= self.budget_ms

    def line(self) -> str:
        mark = "" if self.met else "  over" if self.status < 400 else "  failed"
        spent = f"{self.median_ms:8.1f}  {self.worst_ms:8.1f}  {self.processor_ms:9.1f}"
        return f"{self.path[:76]:76}  {self.status}  {spent}  {self.size / 1024:8.1f}  {self.budget_ms:6}{mark}"


def paths(known: Mapping[str, str]) -> list[str]:
    """Every page of the console that is looked at, with what its address names; those that name what is not there are
    left out.
    """
    found = []
    for module in modules():
        for page in module.pages():
            names = [name for name, *_ in (match.groups() for match in _NAMES.finditer(page.path))]
            if page.method == "GET" and all(name in known for name in names):
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
async def served(market: Market, folder: Path, who: str = OPERATOR) -> AsyncIterator[tuple[str, ClientSession]]:
    """The pages on a free port, and somebody signed in."""
    runner = web.AppRunner(build_app(market, load_settings(folder / "exchange.toml")), access_log=None)
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


async def measure(session: ClientSession, address: str, path: str, times: int = TIMES) -> Took:
    """The first time does not count: it is when templates are read."""
    status, size, took, used = 0, 0, [], []
    for at in range(times + 1):
        began, processor = time.perf_counter(), time.process_time()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), session.get(address + path) as answer:
                streamed = path.endswith((".csv", ".json"))
                body = await answer.content.read(FIRST_BYTES) if streamed else await answer.read()
                status, size = answer.status, len(body)
                if at:
                    took.append((time.perf_counter() - began) * 1_000)
                    used.append((time.process_time() - processor) * 1_000)
        except TimeoutError:
            patience = PATIENCE_SECONDS * 1_000
            return Took(path, 599, patience, patience, patience, 0, budget_of(path))
    return Took(path, status, statistics.median(took), max(took), statistics.median(used), size, budget_of(path))


def budget_of(path: str) -> int:
    return next((budget for begin, budget in _BUDGETS if path.startswith(begin)), OTHER_MS)


async def searched(session: ClientSession, address: str, wanted: Mapping[str, str]) -> list[Took]:
    """The search as somebody uses it: by a lead's id, by a request's id, by a telephone and by a mail address."""
    async with session.get(f"{address}/console/help/terms") as answer:
        token = re.search(r'name="csrf" value="([^"]+)"', await answer.text())
    assert token is not None, "the page has no form"
    made = []
    for name, text in wanted.items():
        took, used, status = [], [], 0
        for at in range(TIMES + 1):
            began, processor = time.perf_counter(), time.process_time()
            form = {"csrf": token[1], "q": text}
            async with session.post(f"{address}/console/search", data=form, allow_redirects=False) as answer:
                await answer.read()
                status = 200 if answer.status == 404 else answer.status  # nobody of that name is an answer too
            if at:
                took.append((time.perf_counter() - began) * 1_000)
                used.append((time.process_time() - processor) * 1_000)
        times = (statistics.median(took), max(took), statistics.median(used))
        made.append(Took(f"/console/search by {name}", status, *times, 0, SEARCH_MS))
    return made


async def run(folder: Path, leads: int, days: int, only: str = "") -> list[Took]:
    now_file = folder.with_suffix(".now")
    began = time.monotonic()
    if not now_file.exists():
        now_file.write_text(str(make(folder, leads, days)))
        print(f"made in {time.monotonic() - began:.0f} s", flush=True)
    clock = SimulatedClock(int(now_file.read_text()))
    settings = load_settings(folder / "exchange.toml")
    async with open_market(settings, clock=clock, process=False) as market:
        began = time.monotonic()
        counted = await count(market)
        print(f"{counted} hours and requests counted in {time.monotonic() - began:.0f} s", flush=True)
        file = folder / "exchange.db"
        known, written = known_names(file), written_values(file)
        took: list[Took] = []
        for side, who in known_people(file).items():
            asked = await list_paths(market, side, written)
            asked = [each for each in dict.fromkeys([*(paths(known) if side == "console" else ()), *asked])
                     if only in each]  # fmt: skip
            async with served(market, folder, who) as (address, session):
                took += [await measure(session, address, path) for path in asked]
                if side == "console" and not only:
                    wanted = {"lead": known["lead_id"], "request": known["request_id"]}
                    wanted |= {"phone": "602 958 0142", "mail": "nobody@consumer.example"}
                    took += await searched(session, address, wanted)
        return took


def report(took: Iterable[Took]) -> bool:
    """Print the table, the slowest first; whether every budget is met."""
    ordered = sorted(took, key=lambda each: -each.median_ms / each.budget_ms)
    print(f"{'page':76}  http    median     worst  processor        KB  budget")
    for each in ordered:
        print(each.line())
    over = [each for each in ordered if not each.met]
    print(f"\n{len(ordered)} pages, {len(over)} over their budget or failed")
    return not over


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--folder", type=Path, help="where to keep it; else it is deleted at the end")
    parser.add_argument("--only", default="", help="pages whose address holds this")
    given = parser.parse_args()
    if given.folder is not None:
        return 0 if report(asyncio.run(run(given.folder.absolute(), given.leads, given.days, given.only))) else 1
    with tempfile.TemporaryDirectory() as folder:
        return 0 if report(asyncio.run(run(Path(folder) / "made", given.leads, given.days, given.only))) else 1


if __name__ == "__main__":
    sys.exit(main())
