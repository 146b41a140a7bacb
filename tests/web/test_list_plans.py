"""No list reads a big table from end to end, whatever it is filtered or ordered by, on either engine.

Tables are empty: what is looked at is which way the engine would go. SQLite goes by its own guesses, as it does where
it serves; PostgreSQL is kept from scans that it would prefer of tables so small: those it has no other way for stay.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from bench.pages_lists import asked_for, shapes
from exchange.model.actor import Actor, Role
from exchange.storage.database import Db, Row, Tx
from exchange.storage.lead_filters import LeadFilter
from exchange.storage.lead_search import edge_of
from exchange.storage.leads import list_leads
from exchange.storage.ledger_views import LedgerFilter, edge_of_postings, list_postings
from exchange.storage.spans import Span
from exchange.web.lists.shape import COUNTED
from exchange.web.words import Times
from tests.market import Exchange, buying, open_exchange, selling
from tests.web.served import Served
from tests.web.test_lists import prices
from tests.web.visitor import signed_in

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class Asked:
    """A statement and its parameters."""

    sql: str
    params: Mapping[str, Any]


class _Heard:
    """A transaction that keeps what it is asked."""

    def __init__(self, tx: Tx, heard: list[Asked]) -> None:
        self._tx, self._heard = tx, heard

    async def fetch(self, sql: str, **params: Any) -> list[Row]:
        self._heard.append(Asked(sql, params))
        return await self._tx.fetch(sql, **params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


async def _listen(tx: Tx, heard: list[Asked], query: Callable[..., Awaitable[T]], *args: Any) -> T:
    return await query(_Heard(tx, heard), *args)


@dataclass
class Listening:
    """A database of which every statement that is read is kept."""

    db: Db
    heard: list[Asked] = field(default_factory=list)

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.db.read(_listen, self.heard, query, *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)


BIG = (
    "leads", "requests", "attempts", "sales", "deliveries", "postings", "transactions", "audit_lines", "lead_events",
    "dispositions", "sale_dispositions", "return_requests", "screened", "sightings", "trails", "quotes", "asks",
    "alerts", "reconciliations", "receipts",
    "revocations", "revocation_notices", "store_items", "store_claims",
)  # fmt: skip
ACTORS = {
    "console": Actor(Role.OPERATOR, "olive"),
    "buyer": Actor(Role.BUYER, "ann", "acme"),
    "seller": Actor(Role.SELLER, "sam", "cedar"),
}


WALKED = {
    "/console/leads": frozenset(
        {"bid", "channel", "consent", "field", "grade", "missed", "pinged", "price", "return", "status", "way"}
    ),
    "/console/deliveries": frozenset({"channel", "status"}),
    "/console/disputes": frozenset({"buyer", "channel", "seller"}),
    "/console/revocations": frozenset({"state"}),
    "/console/store": frozenset({"campaign", "grade", "seller", "state", "status", "vertical"}),
    "/console/reconcile": frozenset({"state"}),
    "/console/ledger": frozenset({"amount", "kind", "period"}),
    "/console/audit": frozenset({"role", "told"}),
    "/buyer/pings": frozenset({"result"}),
}
"""Filters whose rows are looked for along the time: what most rows have, what is rare and led to by a small index of
its own, and what is looked through no further than one look goes."""


async def test_sqlite_finds_every_page_of_a_list_by_an_index(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        found = [f"{name}: {line}" async for name, line in _ways(exchange, "sqlite")]
    assert [] == sorted(set(found))


async def test_postgresql_finds_every_page_of_a_list_by_an_index(tmp_path: Path, postgres_db: Db) -> None:
    async with open_exchange(tmp_path, db=postgres_db) as exchange:
        found = [f"{name}: {line}" async for name, line in _ways(exchange, "postgresql")]
    assert [] == sorted(set(found))


async def _ways(exchange: Exchange, engine: str) -> AsyncIterator[tuple[str, str]]:
    """What is wrong with how a list is read: its address, and the line of the plan."""
    await exchange.add(*selling("cedar"), *buying("acme"))
    market = exchange.market
    listening = Listening(market.db)
    heard = replace(market, db=listening)
    times = Times(ZoneInfo(market.zone), market.clock.now())
    seen: set[str] = set()
    for shape in shapes():
        actor = ACTORS[shape.path.split("/")[1]]
        for query in asked_for(market, shape):
            listening.heard.clear()
            walks = set(query.given) <= WALKED.get(shape.path, frozenset())
            await shape.read(heard, actor, query.asked(times, 51))
            await shape.count(heard, actor, query.all_of(times), COUNTED)
            for asked in list(listening.heard):
                if asked.sql not in seen:
                    seen.add(asked.sql)
                    for line in await market.db.read(_plan, engine, asked):
                        if wrong := _wrong(asked.sql, line, walks):
                            yield query.url(), wrong


async def _plan(tx: Tx, engine: str, asked: Asked) -> list[str]:
    if engine == "sqlite":
        return [row["detail"] for row in await tx.fetch(f"EXPLAIN QUERY PLAN {asked.sql}", **asked.params)]
    await tx.fetch("SELECT set_config('enable_seqscan', 'off', true)")
    return [row["QUERY PLAN"] for row in await tx.fetch(f"EXPLAIN {asked.sql}", **asked.params)]


def _wrong(sql: str, line: str, walks: bool) -> str:
    """A big table that is read without an index, or along one for something that few rows may have."""
    for table in BIG:
        for name in _names(sql, table):
            if (found := re.search(rf"SCAN {name}\b(.*)", line)) and not (walks and "USING" in found[1]):
                return line
            bare = re.search(rf"Seq Scan on {table}\b", line)
            if bare:
                return line
    return ""


def _names(sql: str, table: str) -> Iterable[str]:
    """What a statement calls a table."""
    after = r"(?!WHERE|ORDER|GROUP|LIMIT|JOIN|LEFT|ON|UNION)"
    for found in re.finditer(rf"\b(?:FROM|JOIN)\s+{table}\b(?:\s+AS)?(?:\s+{after}(\w+))?", sql):
        yield found[1] or table


async def test_what_is_looked_through_part_by_part_leaves_no_lead_and_no_entry_out(served: Served) -> None:
    await prices(served, "20.00", "40.00", "30.00", "20.00", "20.00")
    db, actor = served.exchange.market.db, ACTORS["console"]
    for falling in (True, False):
        wanted = LeadFilter(prices=(200_000, 300_000), span=Span(falling=falling))
        whole = [row["id"] for row in await db.read(list_leads, actor, wanted)]
        parts, looks = [], 0
        while True:
            looks += 1
            edge = await db.read(edge_of, actor, wanted, 2)
            parts += [row["id"] for row in await db.read(list_leads, actor, replace(wanted, edge=edge))]
            if edge is None:
                break
            wanted = replace(wanted, span=replace(wanted.span, after=edge))
        assert (4, whole, 3) == (len(whole), parts, looks)

    seek = LedgerFilter(amount=160_000)
    all_of_it = [line.id for line in await db.read(list_postings, actor, seek)]
    found: list[str] = []
    while (reached := await db.read(edge_of_postings, seek, 3)) is not None:
        found += [line.id for line in await db.read(list_postings, actor, replace(seek, edge=reached))]
        seek = replace(seek, span=replace(seek.span, after=reached))
    found += [line.id for line in await db.read(list_postings, actor, seek)]
    assert 3 == len(all_of_it) and all_of_it == found


async def test_a_lead_is_listed_once_for_its_buyer_by_every_way_and_page(served: Served) -> None:
    made = await prices(served, "20.00", "40.00", "30.00")
    async with signed_in(served) as visitor:
        for query in ("buyer=acme", "contract=acme-solar", "buyer=acme&status=sold", "buyer=acme&sort=received"):
            shown = (await visitor.open(f"/console/leads.json?{query}")).fields["leads"]
            ids = [each["lead_id"] for each in shown]
            assert (made if "sort=" in query else made[::-1]) == ids, query
            rest = (await visitor.open(f"/console/leads.json?{query}&after=1~{ids[0]}")).fields["leads"]
            assert ids[1:] == [each["lead_id"] for each in rest], query
