"""Brings the demo up: its folder, its buyers, its past, its market; and its sellers or a stream of leads."""

from __future__ import annotations

import ctypes
import gc
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from exchange.bootstrap import Catalog, load_catalog, open_market
from exchange.catalog import default_config
from exchange.clock import Clock, FrozenClock, SetClock, SimulatedClock, SystemClock
from exchange.courier.scripted import SIMULATED, ScriptedCourier, by_url
from exchange.demo import folder as on_disk
from exchange.demo import instructions
from exchange.demo.billing_day import leave_short, set_buyers_terms
from exchange.demo.buyers import DemoBuyers
from exchange.demo.folder import FROZEN_AT, ZONE, Note
from exchange.demo.founding import begin_buyer, found, invite_everybody, keep_secrets, make_keys
from exchange.demo.history import keep_proofs, make_history
from exchange.demo.homes import CityHomes
from exchange.demo.market import read_parties
from exchange.demo.market_model import Parties
from exchange.demo.media import place_accounts, set_media
from exchange.demo.payday import set_terms
from exchange.demo.peers import Neighbours, neighbours, peers
from exchange.demo.personalities import Cast, read_cast
from exchange.demo.scripted import CastScript
from exchange.demo.second_chance import begin_nurture
from exchange.demo.stream import Access, read_rows
from exchange.demo.traffic import Channel, Traffic, TrafficEvent
from exchange.flows.charges import connect_events
from exchange.flows.market import Market
from exchange.flows.recover import recover
from exchange.flows.simulated import answer_as_asked
from exchange.ids import SeededIds
from exchange.intake.encode import encode
from exchange.model.actor import SYSTEM
from exchange.settings import Settings, settings_document
from exchange.storage.file_lock import hold_file
from exchange.storage.sqlite import open_sqlite
from exchange.worker import duties, run_jobs

HISTORY_DAYS = 14
_ROUNDS = 2  # what one duty leaves another takes up


@dataclass(frozen=True, slots=True)
class Wanted:
    """What kind of demo. `stream` replays a file of leads on the file's own clock, in a market made for it."""

    folder: Path
    host: str
    port: int
    seed: int
    frozen: bool = False
    public: bool = False
    reset: bool = False
    stream: Path | None = None
    history_leads: int = 300

    @property
    def market(self) -> str:
        return "stream" if self.stream is not None else "market"

    def goes_on_with(self, note: Note) -> bool:
        """Whether this start goes on with data a demo left. One that is open to others has no key that is in print."""
        if self.stream is not None or self.frozen or note.frozen:
            return False
        return (note.market, note.public) == (self.market, self.public)


@dataclass(frozen=True, slots=True)
class Running:
    """A demo that is up. `secrets` are keys by `campaign:acme-solar:live` and `buyer:lumen:live`; `ports` are the real
    ones of the peers by those the documents name. `begin` lets what happens of itself begin: see `acts.story`."""

    wanted: Wanted
    settings: Settings
    market: Market
    clock: Clock
    parties: Parties
    cast: Cast
    secrets: Mapping[str, str]
    ports: Mapping[int, int]
    begin: Callable[[], None]


Told = Callable[[int], None]


@asynccontextmanager
async def opened_demo(
    wanted: Wanted, on_lead: Told, clock: Clock | None = None, *, process: bool = True
) -> AsyncIterator[Running]:
    """A market with its buyers answering on this machine. `on_lead` hears how much of the past is made.

    `clock` takes the place of the system's; without `process` the database is written in this one.

    Raises `NotADemo` when the folder holds something else, `FileInUse` when this demo runs already, `OSError` when
    another program has its port; then nothing was changed.
    """
    note = on_disk.read_note(wanted.folder)
    wanted.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with hold_file(wanted.folder / on_disk.LOCKED):
        _try_port(wanted.host, wanted.port)
        if note is not None and (wanted.reset or not wanted.goes_on_with(note)):
            on_disk.delete(wanted.folder)
            note = None
        async with _opened(wanted, note, on_lead, clock, process) as running:
            yield running


def _try_port(host: str, port: int) -> None:
    """A past takes seconds to make: that nobody could look at it is told before."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tried.bind((host, port))


@asynccontextmanager
async def _opened(
    wanted: Wanted, note: Note | None, on_lead: Told, given: Clock | None, process: bool
) -> AsyncIterator[Running]:
    cast = read_cast(default_config() / "demo" / ("stream_cast.yaml" if wanted.stream else "cast.yaml"))
    clock, wall = given or _clock(wanted), given or SystemClock()
    buyers = DemoBuyers(cast.buyers, wanted.seed, wall, hurry=wanted.stream is not None)
    beside, own = ((), ()) if wanted.stream is not None else (peers(), tuple(on_disk.LISTENERS.values()))
    try:
        ports = await _listen(buyers)
        async with (
            neighbours(beside, wanted.folder, wall, own, clock) as found,
            _on_files(
                wanted, note, _at_ports(cast, ports), ports, found, clock, on_lead, buyers.begin, process
            ) as running,
        ):
            yield running
    finally:
        await buyers.close()


@asynccontextmanager
async def _on_files(
    wanted: Wanted,
    note: Note | None,
    cast: Cast,
    ports: Mapping[int, int],
    found: Neighbours,
    clock: Clock,
    on_lead: Told,
    begin: Callable[[], None],
    process: bool,
) -> AsyncIterator[Running]:
    """The market on the files and the database of its folder; those are made when there are none."""
    on_disk.write_shapes(wanted.folder, {**ports, **found.ports})
    catalog = load_catalog(wanted.folder / "config")
    parties = read_parties(default_config() / "demo" / f"{wanted.market}.yaml", catalog.verticals)
    settings = on_disk.settings_for(
        wanted.folder, parties.name, ZONE, wanted.host, wanted.port, found.ports, frozen=wanted.frozen
    )
    _write_settings(settings, wanted.folder)
    if note is None:
        await _begin(wanted, settings, catalog, parties, cast, clock.now(), found.secrets, on_lead)
        _give_back()
    async with open_market(settings, process=process, clock=clock, catalog=catalog) as market:
        note = await _keys(wanted, market, parties, note)
        await keep_secrets(market, found.secrets)
        if settings.payment_provider:
            await connect_events(market, SYSTEM)
        if wanted.stream is None:
            await place_accounts(market, found.ports, settings.allowed_networks)
        await recover(market, clock.now() + 1, encode)
        if wanted.frozen:
            await _come_to_rest(market)
        yield Running(wanted, settings, market, clock, parties, cast, note.keys, found.ports, begin)


def _give_back() -> None:
    """What the past took and nobody needs any more goes back to the system, where its library can do that."""
    gc.collect()
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)


async def _come_to_rest(market: Market) -> None:
    """All that is due at the moment the clock stands at is done before anybody looks: every look sees the same."""
    for _ in range(_ROUNDS):
        for duty in duties(encode):
            await duty.do(market)
        while await run_jobs(market):
            continue


def _clock(wanted: Wanted) -> Clock:
    if wanted.stream is not None:
        return SetClock(next(iter(read_rows(wanted.stream))).at)
    return FrozenClock(FROZEN_AT) if wanted.frozen else SystemClock()


async def _listen(buyers: DemoBuyers) -> Mapping[int, int]:
    """The buyers at their own ports, or, when one is taken, all at free ones. Real ports by those of the cast."""
    try:
        return await buyers.start()
    except OSError:
        await buyers.close()
        return await buyers.start(any_port=True)


def _at_ports(cast: Cast, ports: Mapping[int, int]) -> Cast:
    """The cast where its buyers really are, as the connections know them."""
    moved = tuple(who.model_copy(update={"port": ports[who.port]}) for who in cast.buyers)
    return cast.model_copy(update={"buyers": moved})


def _write_settings(settings: Settings, folder: Path) -> None:
    """So that every other command works on the demo with --data."""
    names = (
        "name",
        "zone",
        "host",
        "port",
        "public_url",
        "allowed_networks",
        "frozen",
        *on_disk.LISTENERS,
        *on_disk.MONEY,
        *on_disk.MAILS,
    )
    chosen = {name: value for name in names if (value := getattr(settings, name)) is not None}
    document = settings_document(chosen | {"config_dir": "config"})
    (folder / "exchange.toml").write_text(document, encoding="utf-8")


async def _begin(
    wanted: Wanted,
    settings: Settings,
    catalog: Catalog,
    parties: Parties,
    cast: Cast,
    until: int,
    secrets: Mapping[str, str],
    on_lead: Told,
) -> None:
    """The market and its past, made on a clock of its own by buyers behind a script."""
    before = HISTORY_DAYS + instructions.DAYS
    clock = SimulatedClock(until - before * 86_400_000 if wanted.stream is None else until)
    buyers = CastScript(cast.buyers, wanted.seed, clock, until)
    script = by_url({SIMULATED: answer_as_asked, "": buyers})
    db = await open_sqlite(on_disk.database(settings), process=False, durable=False, packed=False)
    try:
        async with open_market(
            settings,
            clock=clock,
            ids=SeededIds(wanted.seed),
            catalog=catalog,
            courier=lambda clock, breaker: ScriptedCourier(script, clock, breaker=breaker),
            db=db,
        ) as market:
            await keep_secrets(market, secrets)
            await found(market, parties, frozen=wanted.frozen)
            if wanted.stream is None:
                await set_terms(market)
                await set_buyers_terms(market)
                await begin_nurture(market)
                await instructions.change_instructions(market, clock, wanted.folder / "config" / "verticals")
                await make_history(
                    market,
                    clock,
                    cast.sellers,
                    encode,
                    seed=wanted.seed,
                    until=until,
                    days=HISTORY_DAYS,
                    leads=wanted.history_leads,
                    on_lead=on_lead,
                    script=buyers,
                )
                await leave_short(market)
                await keep_proofs(market)
    finally:
        await db.close()


async def _keys(wanted: Wanted, market: Market, parties: Parties, note: Note | None) -> Note:
    """The keys of this demo and its users, made with its first start."""
    if note is not None:
        return note
    await invite_everybody(market, parties)
    secrets = await make_keys(market, parties, fixed=not wanted.public, frozen=wanted.frozen)
    if wanted.stream is None:
        await begin_buyer(market)
        await set_media(market, parties.buyers[0].id)
    note = Note(wanted.seed, wanted.market, wanted.public, wanted.frozen, secrets)
    on_disk.write_note(wanted.folder, note)
    return note


def traffic(running: Running, base_url: str, per_minute: float, on_event: Callable[[TrafficEvent], None]) -> Traffic:
    """The demo's sellers, ready to post to the public API."""
    names = {seller.id: seller.name for seller in running.parties.sellers}
    campaigns = {campaign.id: campaign for campaign in running.parties.campaigns}
    channels = [
        Channel(
            who.campaign,
            names[campaigns[who.campaign].seller_id],
            running.secrets[f"campaign:{who.campaign}:{who.mode}"],
            running.market.verticals[campaigns[who.campaign].vertical],
            who,
        )
        for who in running.cast.sellers
    ]
    return Traffic(
        base_url,
        channels,
        CityHomes(running.market.places),
        seed=running.clock.now() & 0xFFFF_FFFF,  # another start sends other people
        clock=running.clock,
        per_minute=per_minute,
        on_event=on_event,
    )


def access(running: Running) -> Access:
    """What a replayed stream needs of this market."""
    campaigns = running.parties.campaigns
    return Access(
        {each.id: running.secrets[f"campaign:{each.id}:live"] for each in campaigns},
        {buyer.id: running.secrets[f"buyer:{buyer.id}:live"] for buyer in running.parties.buyers},
        {(each.seller_id, each.vertical): each.id for each in campaigns},
        {name: vertical.dispositions for name, vertical in running.market.verticals.items()},
    )
