"""The stream's truth, and an exchange in this process that every row is sent through on the stream's own clock.

`class` is what a row is (clean, fixable, bad, fraud, duplicate), `dirt` what is wrong with it, `canonical` what its
values mean, `dup_of` whom it repeats, `trap` which harmless rows look like harm.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.crowd import Crowd, settle_in
from bench.quality_cost import Cost, TimedChecks, collected_as_served
from buyers import connectors
from buyers.family import load
from exchange.bootstrap import Catalog, load_catalog, open_market
from exchange.clock import SimulatedClock, month_of
from exchange.courier.scripted import SIMULATED, ScriptedCourier, by_url
from exchange.demo.stream import WORDS, Row, Told, epoch_ms, rfc3339, seller_slug
from exchange.fields.networks import HOSTERS, REGIONS, TOR, VPNS
from exchange.fields.table import Kind as Table
from exchange.flows.case import begin
from exchange.flows.dispositions import record_disposition
from exchange.flows.market import Market, refresh
from exchange.flows.shapes import FileDocument
from exchange.flows.simulated import answer_as_asked
from exchange.flows.submit import submit
from exchange.flows.tables import update_table
from exchange.flows.trail import read_trail
from exchange.intake.encode import encode
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from exchange.model.lead import Kind, Mode, Submission
from exchange.model.ledger import Billing
from exchange.model.money import Money
from exchange.model.party import Buyer, Campaign, Contract, Payout, SaleMode, Seller, State, Strategy, Tier
from exchange.model.wire import HttpMessage, Reply
from exchange.settings import load_settings
from exchange.storage.database import Tx
from exchange.storage.parties import save_buyer, save_campaign, save_contract, save_seller
from exchange.worker import duties, run_jobs

BUYER = "quality"
LISTS: Mapping[str, Table[Any]] = {
    "x4bnet_datacenter_ipv4.txt": HOSTERS,
    "x4bnet_vpn_ipv4.txt": VPNS,
    "tor_exit_ipv4.txt": TOR,
    "ip_geo_synthetic.csv": REGIONS,
}
DAY_MS = 86_400_000
NOBODY = Crowd()
TEND_MS = 300_000  # how often the worker's duties are done, on the stream's clock
_TENDED = frozenset(
    {
        "refresh",
        "lists",
        "learn",
        "screen",
        "share what sellers try",
        "learn to screen",
        "settle by rule",
        "refuse what nobody decided",
        "recover",
    }
)


@dataclass(frozen=True, slots=True)
class Truth:
    """What one row is, by the file beside the stream."""

    lead_id: str
    kind: str
    dirt: tuple[str, ...]
    reject: bool
    canonical: Mapping[str, str]
    dup_of: str | None
    trap: str | None
    converted: bool
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the exchange made of one row. `found` holds (check, outcome, reason) of each stored finding."""

    row: Row
    lead_id: str
    status: str
    reason: str
    found: tuple[tuple[str, str, str], ...]
    values: Mapping[str, str]  # clean, by field
    duplicate_of: str | None  # the stream's id of the row it was paired with
    score: int | None = None  # its chance to convert, in thousandths

    @property
    def refused(self) -> bool:
        """Whether no buyer was asked: what nobody wanted to buy is not refused."""
        return self.status in ("invalid", "rejected", "duplicate", "error")

    @property
    def by(self) -> str:
        """What refused it: the check, else the reason of the answer."""
        return next((check for check, outcome, _ in self.found if outcome in ("refused", "held")), self.reason)


def read_truths(path: Path) -> dict[str, Truth]:
    """Every row's truth by the row's id."""
    return {truth.lead_id: truth for truth in map(_truth, path.read_bytes().splitlines())}


def _truth(line: bytes) -> Truth:
    found = orjson.loads(line)
    return Truth(
        found["lead_id"],
        found["class"],
        tuple(found["dirt"]),
        found["expect"] == "reject",
        found["canonical"],
        found.get("dup_of"),
        found.get("trap"),
        found.get("converted", False),
        tuple(Told(epoch_ms(t["ts"]), t["status"], t.get("reason") or "") for t in found.get("dispositions") or ()),
    )


Evening = Callable[[Market], Awaitable[None]]


async def replay(
    folder: Path,
    rows: Iterable[Row],
    truths: Mapping[str, Truth],
    cost: Cost,
    lists: Path,
    evening: Evening | None = None,
    crowd: Crowd = NOBODY,
) -> list[Seen]:
    """Send every row, say what buyers said of sold ones when they said it, and read what was stored of each.

    `evening` is called at the end of each day of the stream.
    """
    rows = list(rows)
    clock = SimulatedClock(rows[0].at)
    with TimedChecks(cost):
        async with _market(folder, clock, rows, lists) as market:
            await settle_in(market, crowd)
            await refresh(market)
            runner = _Runner(market, clock, truths, cost)
            with collected_as_served():
                for row in rows:
                    if evening is not None and row.at // DAY_MS > clock.now() // DAY_MS:
                        midnight = row.at - row.at % DAY_MS
                        await runner.say_until(midnight)
                        clock.set(max(midnight, clock.now()))
                        await evening(market)
                    await runner.take(row)
            await runner.end()
            return await _seen(market, rows, runner.answers)


class _Runner:
    """One run: what was answered to each row, and what is still to be said about sold ones."""

    def __init__(self, market: Market, clock: SimulatedClock, truths: Mapping[str, Truth], cost: Cost) -> None:
        self._market, self._clock, self._truths, self._cost = market, clock, truths, cost
        self._due: list[tuple[int, int, str, str, str]] = []
        self._tended = 0
        self._duties = [duty for duty in duties(encode) if duty.name in _TENDED]
        self._done: dict[str, int] = {}
        self.answers: dict[str, Mapping[str, Any]] = {}

    async def take(self, row: Row) -> None:
        await self.say_until(row.at)
        self._clock.set(max(row.at, self._clock.now()))
        if row.at - self._tended >= TEND_MS:
            await self._tend()
        market, cost = self._market, self._cost
        sent = _submission(market, row)
        began = time.process_time()
        begin(sent, market)
        read = time.process_time()
        written = await submit(sent, market, encode)
        cost.whole += time.process_time() - read
        cost.begin += read - began
        cost.leads += 1
        answer = self.answers[row.lead_id] = orjson.loads(written.body)
        truth = self._truths.get(row.lead_id)
        if truth is not None and answer["status"] == "accepted":
            for told in truth.told:
                heapq.heappush(self._due, (told.at, len(self._due), answer["lead_id"], row.vertical, told.kind))

    async def end(self) -> None:
        await self.say_until(None)
        await self._tend()

    async def say_until(self, at: int | None) -> None:
        while self._due and (at is None or self._due[0][0] <= at):
            due, _, lead_id, vertical, kind = heapq.heappop(self._due)
            self._clock.set(max(due, self._clock.now()))
            words = self._market.verticals[vertical].dispositions
            word = next((each for each in WORDS.get(kind, (kind,)) if each in words), kind)
            report = Report(lead_id, word, "", None, due)
            await record_disposition(report, self._market, Actor(Role.BUYER, "quality", BUYER))

    async def _tend(self) -> None:
        self._tended = now = self._clock.now()
        for duty in self._duties:
            if now - self._done.get(duty.name, 0) >= duty.every_seconds * 1_000:
                await duty.do(self._market)
                self._done[duty.name] = now
        await run_jobs(self._market)


@asynccontextmanager
async def _market(folder: Path, clock: SimulatedClock, rows: Iterable[Row], lists: Path) -> AsyncIterator[Market]:
    """A market with the stream's sellers, one campaign for each of their verticals, and a buyer that takes all."""
    settings = load_settings(
        None,
        database_url=str(folder / "exchange.db"),
        key_file=folder / "exchange.key",
        files_dir=folder / "files",
        mx_ms=0,  # the stream's domains are real ones: nobody is asked about them
    )
    catalog = _with_buyer(load_catalog(None))

    def way_out(clock: Any, _: Any) -> ScriptedCourier:
        return ScriptedCourier(by_url({SIMULATED: answer_as_asked, "http://": _takes_all}), clock)

    async with open_market(settings, process=False, clock=clock, catalog=catalog, courier=way_out) as market:
        pairs = {(seller_slug(row.seller_id), row.vertical) for row in rows}
        await market.db.write(_save_parties, sorted(pairs), clock.now())
        await _load_lists(market, lists)
        await refresh(market)
        yield market


async def _load_lists(market: Market, folder: Path) -> None:
    """Lists of networks that lie beside the stream, taken into use as an operator does it. Says which are not there."""
    day = rfc3339(market.clock.now())[:10]
    for file, kind in LISTS.items():
        if not (folder / file).exists():
            print(f"{folder / file} is not there: {kind.name} stays as packaged.")
            continue
        head = f"# table: {kind.name}\n# version: {day}\n# source: {file}\n# licence: see the list\n"
        content = head.encode() + (folder / file).read_bytes()
        await update_table(market, content, Actor(Role.SYSTEM, "quality"), smaller=True)


def _with_buyer(catalog: Catalog) -> Catalog:
    """The catalog with a connection of two JSON calls, to nobody."""
    yes = {"means": "accepted", "when": {"where": "json:status", "equals": "accepted"}}
    reading = {"outcomes": [yes], "carries": {"price": "json:price", "reference": "json:reference"}}
    stage = {"body": {"zip": "zip", "id": {"term": "reference"}}, "reading": reading}
    document = {
        "connection": BUYER,
        "connector": "json_http",
        "ping": {"url": "http://quality.buyer.example/ping", **stage},
        "post": {"url": "http://quality.buyer.example/post", **stage},
    }
    connections = {**catalog.connections, BUYER: load(document, {}, connectors())}
    files = {**catalog.files, BUYER: FileDocument("connections/quality/connection.yaml", document)}
    return Catalog(catalog.verticals, connections, catalog.presets, files)


def _takes_all(message: HttpMessage) -> Reply:
    answer = {"status": "accepted", "price": "20.00", "reference": "q1"}
    return Reply(200, {"content-type": "application/json"}, orjson.dumps(answer))


async def _save_parties(tx: Tx, pairs: Iterable[tuple[str, str]], now: int) -> None:
    zero, most = Money.parse("0", "USD"), Money.parse("60", "USD")
    tier = Tier(1, "Everybody", Strategy.HIGHEST_PRICE)
    pairs = list(pairs)
    for seller in sorted({seller for seller, _ in pairs}):
        await save_seller(tx, Seller(seller, seller), now)
    for seller, vertical in pairs:
        campaign = Campaign(
            campaign_id(seller, vertical), 1, seller, vertical, vertical, State.ACTIVE, "USD", Payout(zero, 7_000),
            (tier,), zero, zero,
        )  # fmt: skip
        await save_campaign(tx, campaign, now, "quality")
    await save_buyer(tx, Buyer(BUYER, "Quality", State.ACTIVE, Billing.CREDIT, Money.parse("900000000", "USD")), now)
    for vertical in sorted({vertical for _, vertical in pairs}):
        contract = Contract(
            f"{BUYER}-{vertical}", 1, BUYER, vertical, vertical, BUYER, State.ACTIVE, Mode.LIVE, SaleMode.EXCLUSIVE,
            1, BUYER, None, None, most,
        )  # fmt: skip
        await save_contract(tx, contract, now, "quality")


def campaign_id(seller: str, vertical: str) -> str:
    return f"{seller}-{vertical}"


def _submission(market: Market, row: Row) -> Submission:
    now = market.clock.now()
    seller = seller_slug(row.seller_id)
    fields = dict(row.values)
    return Submission(
        market.ids.new("req", now), seller, campaign_id(seller, row.vertical), Mode.LIVE, Kind.DIRECT, "api", fields,
        orjson.dumps(fields), "application/json", "json", "198.51.100.20", f"key_{seller}", None, now, month_of(now),
    )  # fmt: skip


async def _seen(market: Market, rows: Iterable[Row], answers: Mapping[str, Mapping[str, Any]]) -> list[Seen]:
    stored = await market.db.read(_leads)
    wrapped = await market.db.read(_keys)
    trails = await market.db.read(_trails)
    later = await market.db.read(_flagged_later)
    sent_as = {lead["id"]: lead["seller_lead_id"] for lead in stored.values()}
    seen = []
    for row in rows:
        answer, lead = answers[row.lead_id], stored.get(answers[row.lead_id].get("lead_id", ""))
        values: dict[str, str] = {}
        if lead is not None:
            values = orjson.loads(lead["facts"])
            key = market.vault.data_key(wrapped[lead["subject"]])
            sealed = orjson.loads(market.vault.open(key, f"lead:{lead['id']}", bytes(lead["sealed"])))
            values |= {name: clean for name, (_, clean, _) in sealed["values"].items()}
        steps = trails.get(answer["request_id"], ())
        found = tuple(
            (step["check"], step["name"].removeprefix("check:"), step.get("reason") or "")
            for step in steps
            if "check" in step
        )
        if lead is not None and lead["id"] in later:
            found = (*found, ("screen", "flagged", ""))
        pair = sent_as.get(lead["duplicate_of"]) if lead is not None and lead["duplicate_of"] else None
        status, reason = answer["status"], answer.get("reason", "")
        score = lead["score"] if lead is not None else None
        seen.append(Seen(row, answer.get("lead_id", ""), status, reason, found, values, pair, score))
    return seen


async def _leads(tx: Tx) -> dict[str, dict[str, Any]]:
    found = await tx.fetch("SELECT id, seller_lead_id, subject, facts, sealed, duplicate_of, score FROM leads")
    return {row["id"]: dict(row) for row in found}


async def _flagged_later(tx: Tx) -> set[str]:
    """Leads that the screen took for part of a burst or a farm, also after they had passed."""
    return {row["lead_id"] for row in await tx.fetch("SELECT lead_id FROM screened WHERE alert_id IS NOT NULL")}


async def _keys(tx: Tx) -> dict[str, bytes]:
    return {row["subject"]: bytes(row["wrapped"]) for row in await tx.fetch("SELECT subject, wrapped FROM data_keys")}


async def _trails(tx: Tx) -> dict[str, list[dict[str, Any]]]:
    found = await tx.fetch("SELECT request_id, document FROM trails")
    return {row["request_id"]: read_trail(bytes(row["document"]))["steps"] for row in found}
