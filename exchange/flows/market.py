"""What every flow works with: one frozen `Market`, the deals as they stand now, and how much of the caps is used."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exchange import limits
from exchange.clock import Clock
from exchange.courier.breaker import Breaker
from exchange.courier.courier import Courier
from exchange.courier.mail_domains import MailDomains
from exchange.courier.outside import Outside
from exchange.fields.places import ZIPS, Places
from exchange.fields.table import Tables
from exchange.flows.connection import Connection
from exchange.flows.deals import Deals, compile_deals
from exchange.flows.doors import Doors
from exchange.flows.kept_back import collapsed, kept_back
from exchange.flows.lists import Lists
from exchange.flows.pulse import Pulse
from exchange.flows.scoring import Scorer
from exchange.flows.screening import Screening
from exchange.flows.shapes import Workshop
from exchange.flows.standing_house import house_of
from exchange.flows.standings import Standings
from exchange.flows.stored_shapes import read_shapes
from exchange.flows.table_watch import read_tables
from exchange.ids import Ids
from exchange.model.hold import BalanceShort, CapFull, Held
from exchange.model.house import FiledHouse, House
from exchange.model.money import Money
from exchange.model.party import Buyer, Contract
from exchange.model.sign_in import Fixed
from exchange.model.statement import Issuer
from exchange.model.vertical import Vertical
from exchange.model.watched import Parts, Texting, Watched
from exchange.model.work import Intent
from exchange.rates import Bucket, Rates
from exchange.sources.document import Source
from exchange.stages.caps import cap_windows
from exchange.stages.schedule import ZoneWindows
from exchange.stages.scrub.lead import Tools, tools_of
from exchange.storage.database import Db
from exchange.storage.holds import CapUse, all_cap_use
from exchange.storage.house import read_chosen
from exchange.storage.ledger import all_balances
from exchange.storage.parties import read_parties, read_version
from exchange.storage.selling import mark_sending
from exchange.vault import Vault

_LOOK_SECONDS = 0.2  # whether another worker still reads a spreadsheet
_QUARTER_HOUR_MS = 900_000  # every window of every zone starts on a quarter hour


@dataclass(frozen=True, slots=True)
class Running:
    """A request at work under a key: others with the same key wait for its end."""

    request_id: str
    body_hash: bytes
    ended: asyncio.Future[None]


class Live:
    """What changes while the exchange runs: the current deals, cap use and balances as last seen, and who was served.

    Only eligibility reads the use and the balances; the hold in the database decides, so being late costs a
    refused hold and never a cap.
    """

    def __init__(self, deals: Deals, tables: Tables, rates: Rates | None = None) -> None:
        self.deals, self.tables, self.house = deals, tables, House()
        self.rates = rates or Rates()
        self.pulse = Pulse()
        self.available: Mapping[str, Money] = {}
        self._cap_use: Mapping[tuple[str, int], int] = {}
        self._reached: Mapping[tuple[str, int], int] = {}
        self._use_now: Mapping[str, int] = {}
        self._reached_now: Mapping[str, int] = {}
        self._use_until = 0
        self.broken: Mapping[str, str] = {}
        self.collapsed: Mapping[str, str] = {}  # buyers that suddenly take nothing, and why they are kept back
        self.latency_ms: Mapping[str, int] = {}
        self.served: dict[str, int] = {}
        self.keys_used: dict[str, int] = {}  # by key, when it was used last and that is not written yet
        self.specs_made_of: dict[str, tuple[int, str, str]] = {}  # by campaign, what its kept instructions say
        self.write_report: Callable[..., Awaitable[Any]] | None = None  # set by who serves pages
        self.lead_hearers: frozenset[str] = frozenset()  # buyers of whose people somebody hears of every lead
        self.told_spent: set[str] = set()  # names of full caps and low balances that somebody was told of
        self.running: dict[tuple[str, str, str], Running] = {}
        self.followed_to: tuple[int, str] | None = None  # dispositions up to this one are in followed leads' stages
        self.followed: dict[str, int] = {}  # those of the last minutes, with when they were told
        self.stages_of: dict[str, str] = {}  # by vertical, the mapping that all its stages were made under
        self._tests: dict[str, Bucket] = {}
        self._one_sheet = asyncio.Semaphore()
        self.hashing = asyncio.Semaphore(limits.HASHED_AT_ONCE)  # of passwords
        self._sheets = self.rates.running("spreadsheets")
        self.codes: dict[str, str] = {}  # how buyers hear of sellers without an alias, by seller id
        self.scorer, self.standings = Scorer(), Standings()
        self.requests, self.storage_full = 0, False
        self._buckets: dict[tuple[str, float], Bucket] = {}
        self._windows: dict[str, ZoneWindows] = {}

    @asynccontextmanager
    async def one_sheet(self, clock: Clock) -> AsyncIterator[None]:
        """Reading a spreadsheet may take 2 GB: this process reads one at a time, and waits for other workers' too."""
        async with self._one_sheet:
            while self._sheets.count:
                await clock.sleep(_LOOK_SECONDS)
            self._sheets.add(1)
            try:
                yield
            finally:
                self._sheets.add(-1)

    def note_hold(self, intent: Intent, got: Held | CapFull | BalanceShort | None) -> None:
        """What a hold told about caps and money, so that the next lead is judged by it. A buyer that is only tried
        gets no other lead until it is known what it made of this one.
        """
        if intent.buyer_id in self.collapsed:
            self.broken = {**self.broken, intent.buyer_id: self.collapsed[intent.buyer_id]}
        if intent.hold is None:
            return
        starts = {cap.key: cap.window_start for cap in intent.hold.caps}
        match got:
            case Held():
                use = {(key, starts[key]): used for key, used in got.used}
                full = [each for each in intent.hold.caps if use.get((each.key, each.window_start), 0) >= each.most]
                self._note_use(use, {(each.key, each.window_start): intent.made_at for each in full})
                self.available = {**self.available, intent.buyer_id: got.available}
            case CapFull():
                window = (got.key, starts[got.key])
                self._note_use({window: got.used}, {window: got.reached} if got.reached is not None else {})
            case BalanceShort():
                self.available = {**self.available, intent.buyer_id: got.available}
            case None:
                pass

    def take_up(self, caps: CapUse, available: Mapping[str, Money]) -> None:
        """What the database says about caps and money."""
        self._cap_use, self._reached, self.available, self._use_until = caps.used, caps.reached, available, 0

    def cap_use(self, now: int) -> Mapping[str, int]:
        """By cap key, what its window of now has used. The mapping is never changed afterwards."""
        if now >= self._use_until:
            deals = self.deals
            of_contracts = (cap_windows(each, now, self.windows(each.zone)) for each in deals.contracts.values())
            counted = (*of_contracts, *deals.cap_windows(now))
            windows = [window for each in counted for window in each if window in self._cap_use]
            self._use_now = {window[0]: self._cap_use[window] for window in windows}
            self._reached_now = {window[0]: self._reached[window] for window in windows if window in self._reached}
            self._use_until = now - now % _QUARTER_HOUR_MS + _QUARTER_HOUR_MS
        return self._use_now

    def reached(self, now: int) -> Mapping[str, int]:
        """By cap key, when the last of its window of now was taken, of those that are used up."""
        self.cap_use(now)
        return self._reached_now

    def windows(self, zone: str) -> ZoneWindows:
        """The cap windows of a zone as they lie now."""
        windows = self._windows.get(zone)
        if windows is None:
            windows = self._windows[zone] = ZoneWindows(zone)
        return windows

    def _note_use(self, used: Mapping[tuple[str, int], int], reached: Mapping[tuple[str, int], int]) -> None:
        self._cap_use = {**self._cap_use, **used}
        self._use_now = {**self._use_now, **{key: amount for (key, _), amount in used.items()}}
        if reached:
            self._reached = {**self._reached, **reached}
            self._reached_now = {**self._reached_now, **{key: at for (key, _), at in reached.items()}}

    def over_rate(self, contracts: Iterable[Contract], now: int) -> frozenset[str]:
        """Contracts that had their requests of this second. Asking counts nothing; `ask` counts those it pings."""
        return frozenset(
            contract.id for contract in contracts if contract.per_second and not self._bucket(contract).has_room(now)
        )

    def count_ping(self, contract: Contract, now: int) -> None:
        if contract.per_second:
            self._bucket(contract).take(now)

    def tests_of(self, buyer_id: str) -> Bucket:
        """How many tests a buyer may still send to its own system."""
        if buyer_id not in self._tests:
            per_second = limits.OWN_TESTS_A_MINUTE / 60
            self._tests[buyer_id] = self.rates.bucket(f"tests:{buyer_id}", per_second, limits.OWN_TESTS_AT_ONCE)
        return self._tests[buyer_id]

    def _bucket(self, contract: Contract) -> Bucket:
        known = (contract.id, contract.per_second)
        bucket = self._buckets.get(known)
        if bucket is None:
            burst = max(1, int(contract.per_second))
            bucket = self._buckets[known] = self.rates.bucket(f"contract:{contract.id}", contract.per_second, burst)
        return bucket


@dataclass(frozen=True, slots=True)
class Market:
    """Built once by `bootstrap.open_market`, handed to everything."""

    db: Db
    clock: Clock
    ids: Ids
    courier: Courier
    trial_courier: Callable[[], Courier]  # a way out for one test alone: its own connections and breaker
    breaker: Breaker
    vault: Vault
    workshop: Workshop
    outside: Outside
    doors: Doors
    mail_domains: MailDomains
    live: Live
    lists: Lists
    zone: str
    aliases: Mapping[str, str] = field(default_factory=dict)  # how buyers may hear of sellers, by seller id
    mail_domain: str = ""  # the domain whose mail reaches the exchange
    mails: bool = False  # whether it has a mail server of its own
    public_url: str = ""  # where the exchange is reached, without a slash at the end
    files_dir: Path = Path("files")  # where files of leads lie, sealed
    backed_up: Parts | None = None  # what a backup is made of; None where none can be made from here
    backup_dir: Path = Path("backups")  # where it goes
    screening: Screening = field(default_factory=Screening)
    sms: Texting | None = None  # how the exchange itself sends texts
    watched: Watched = field(default_factory=Watched)  # what of the machine alerts look at
    fixed_rules: Fixed = field(default_factory=Fixed)  # what the settings file asks of those who sign in
    filed_house: FiledHouse = field(default_factory=FiledHouse)  # what it says of settings that have a page

    @property
    def name(self) -> str:
        """The operator's, on every page."""
        return self.live.house.name

    @property
    def issuer(self) -> Issuer:
        """Who stands on invoices."""
        return self.live.house.issuer

    @property
    def payout_two_above_units(self) -> int:
        """A payout above it is approved by two people."""
        return self.live.house.payout_two_above_units

    @property
    def retention_days(self) -> Mapping[str, int]:
        """By class of request: ping, lead, test."""
        return self.live.house.retention_days

    @property
    def deals(self) -> Deals:
        return self.live.deals

    @property
    def tables(self) -> Tables:
        return self.live.tables

    @property
    def scrub_tools(self) -> Tools:
        return tools_of(self.live.tables)

    @property
    def places(self) -> Places:
        return self.live.tables.value(ZIPS)

    @property
    def verticals(self) -> Mapping[str, Vertical]:
        return self.live.deals.shapes.verticals

    @property
    def connections(self) -> Mapping[str, Connection]:
        return self.live.deals.shapes.connections

    @property
    def sources(self) -> Mapping[str, Source]:
        return self.live.deals.shapes.sources

    def alias(self, seller_id: str) -> str:
        """How buyers hear of a seller: a name of its own, or a keyed short code that says nothing."""
        alias = self.aliases.get(seller_id) or self.live.codes.get(seller_id)
        if alias is None:
            alias = self.live.codes[seller_id] = f"s{self.vault.index('seller', seller_id).hex()[:8]}"
        return alias

    def mark_sending(self, attempt_id: str) -> Callable[[], Awaitable[None]]:
        """Awaited before the byte that may deliver. It raises when the attempt was settled meanwhile."""

        async def mark() -> None:
            if not await self.db.write(mark_sending, attempt_id):
                raise LookupError("the attempt is no longer reserved")

        return mark


async def refresh(market: Market) -> bool:
    """Take up changes made elsewhere: deals and shapes when their version rose, cap use and balances always."""
    live = market.live
    changed = await market.db.read(read_version) != live.deals.version
    if changed:
        parties = await market.db.read(read_parties)
        shapes = await read_shapes(market.db, market.vault, market.workshop, live.deals.shapes)
        live.tables = await read_tables(market.db, live.tables)
        live.house = house_of(market.filed_house, await market.db.read(read_chosen))
        live.deals = compile_deals(parties, shapes, live.tables, live.deals)
        live.served.update(parties.served)
    now = market.clock.now()
    live.take_up(await market.db.read(all_cap_use, now), await available_in(market, "live"))
    live.collapsed = await collapsed(market.db)
    _note_health(market, now, await kept_back(market.db, now, live.collapsed))
    return changed


def available_of(buyers: Iterable[Buyer], balances: Iterable[tuple[str, Money]]) -> dict[str, Money]:
    """By buyer, what it may spend of the account it buys from, in the currency it buys in."""
    known = {(account, money.currency): money for account, money in balances}
    places = ((buyer.id, (buyer.account, buyer.limit.currency)) for buyer in buyers)
    return {buyer_id: known[place] for buyer_id, place in places if place in known}


async def available_in(market: Market, mode: str) -> dict[str, Money]:
    """By buyer, what it may spend by the books of now; of test leads nothing, for they move no money."""
    return available_of(market.deals.buyers.values(), await market.db.read(all_balances)) if mode == "live" else {}


def _note_health(market: Market, now: int, kept: Mapping[str, str]) -> None:
    """Who is left alone now, and how fast contracts answer, as eligibility reads it until the next refresh."""
    live, breaker = market.live, market.breaker
    states = {buyer_id: breaker.state(buyer_id, now) for buyer_id in live.deals.buyers}
    live.broken = {**kept, **{buyer_id: state.sentence for buyer_id, state in states.items() if state.open}}
    known = ((contract_id, breaker.latency_ms(contract_id)) for contract_id in live.deals.contracts)
    live.latency_ms = {contract_id: latency_ms for contract_id, latency_ms in known if latency_ms is not None}
