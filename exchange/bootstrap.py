"""Builds everything: the one file that knows which connectors exist. `open_market` is the way in for all commands."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson

import verifiers as vendors
from buyers import connectors
from buyers.family import ConnectionProblems, Loaded
from buyers.loading import load_connection
from buyers.teaching import Lessons
from exchange.catalog import default_config, read_vertical
from exchange.clock import Clock, SystemClock
from exchange.config_files import Catalog as Catalog
from exchange.config_files import load_catalog as load_catalog
from exchange.config_files import read_catalog as read_catalog
from exchange.config_files import without_file as without_file
from exchange.courier.addresses import Network, check_server
from exchange.courier.breaker import Breaker
from exchange.courier.courier import Courier, HttpCourier
from exchange.courier.mail_domains import Dns, MailDomains, NameService
from exchange.courier.outside import Outside
from exchange.courier.scripted import RoutedCourier, ScriptedCourier
from exchange.courier.side_lanes import side_lanes
from exchange.courier.smtp import mail_house
from exchange.flows.connection import Connection, ready
from exchange.flows.deals import compile_deals
from exchange.flows.doors import Doors
from exchange.flows.house import CHOICES
from exchange.flows.lists import Lists, take_up_lists
from exchange.flows.market import Live, Market, refresh
from exchange.flows.master_keys import agree
from exchange.flows.shapes import (
    Document,
    DocumentProblems,
    Keyed,
    KeyedPayments,
    KeyedSource,
    KeyedVerifier,
    ReadyPayments,
    Secrets,
    Workshop,
    compile_shapes,
)
from exchange.flows.simulated import CONNECTION as SIMULATED
from exchange.flows.simulated import answer_as_asked
from exchange.flows.standing_house import house_of
from exchange.flows.stored_shapes import read_shapes
from exchange.flows.table_watch import read_tables
from exchange.flows.verifier import ready_verifier
from exchange.ids import Ids, SystemIds
from exchange.intake.batch import look_through, records
from exchange.intake.encode import encode
from exchange.intake.pollers import fetchers, pollers, readers
from exchange.intake.sheets import is_sheet, sheet_as_csv
from exchange.model.house import FiledHouse, House
from exchange.model.money import read_units
from exchange.model.vertical import Vertical
from exchange.model.watched import Parts, Watched
from exchange.payments import payment_secrets, providers
from exchange.payments.protocol import Access
from exchange.rates import Rates
from exchange.settings import Settings, settings_file, settings_given
from exchange.sources.document import Source, SourceDocument
from exchange.sources.read import BadSource, read_source
from exchange.stages.screen.lines import packaged_list
from exchange.stages.scrub.lead import tools_of
from exchange.stages.tables import packaged_tables
from exchange.storage.database import Db
from exchange.storage.engine import is_postgres, open_database
from exchange.storage.house import read_chosen
from exchange.storage.migrate import migrate
from exchange.storage.parties import read_parties
from exchange.storage.rehearsal import rehearse
from exchange.vault import make_key_file, open_vault

if TYPE_CHECKING:
    from exchange.web.app import Beside, Listener

SECRET_PREFIX = "EXCHANGE_SECRET_"


def workshop_of(catalog: Catalog, environment: Mapping[str, str], allowed: Sequence[Network] = ()) -> Workshop:
    """Makes shapes as the files do. Secrets come from the environment (`EXCHANGE_SECRET_ACME_KEY`), else the store.

    A document made later may only name addresses that are public, or `allowed`.
    """
    table = connectors()

    def secrets_of(names: Iterable[str], stored: Secrets) -> Secrets:
        return {name: environment.get(SECRET_PREFIX + name.upper()) or stored.get(name, "") for name in names}

    def keyed(loaded: Loaded) -> Keyed:
        simulated, urls = loaded.name == SIMULATED, tuple(loaded.urls.values())
        able = ready(loaded.build(), {}, simulated=simulated, reports=loaded.reports, urls=urls, fields=loaded.fields)

        def with_secrets(stored: Secrets) -> Connection:  # at every change of anything: abilities are looked for once
            return replace(able, secrets=secrets_of(loaded.secrets, stored))

        return with_secrets

    def connection(name: str, document: Document) -> Keyed:
        try:
            loaded = load_connection(document, catalog.presets, table)
        except ConnectionProblems as error:
            raise DocumentProblems(f"{problem.path}: {problem.message}" for problem in error.problems) from None
        if loaded.name != name:
            raise DocumentProblems([f"connection: is {loaded.name!r}, but the document's name is {name!r}"])
        _check_servers(loaded.urls, allowed)
        return keyed(loaded)

    def source(name: str, document: Document) -> KeyedSource:
        try:
            read = read_source(document, catalog.source_presets)
        except BadSource as error:
            raise DocumentProblems(error.problems) from None
        if read.name != name:
            raise DocumentProblems([f"source: is {read.name!r}, but the document's name is {name!r}"])
        _check_servers(read.urls(), allowed)
        return keyed_source(read)

    def keyed_source(document: SourceDocument) -> KeyedSource:
        return lambda stored: Source(document, secrets_of(document.secret_names(), stored))

    keyed_verifier = partial(_keyed_verifier, secrets_of)

    def vertical(name: str, document: Document) -> Vertical:
        problems: list[str] = []
        found = read_vertical(name, orjson.dumps(document), name, problems)
        if found is None:
            raise DocumentProblems(problems)
        return found

    files = {name: keyed(loaded) for name, loaded in catalog.connections.items()}
    sources = {name: keyed_source(document) for name, document in catalog.sources.items()}
    return Workshop(
        catalog.verticals,
        MappingProxyType(files),
        MappingProxyType(sources),
        vertical,
        connection,
        source,
        Lessons(catalog.presets, table),
        catalog.files,
        catalog.vertical_document,
        lambda name, document: keyed_verifier(_checked_verifier(name, document, allowed)),
        catalog.forms,
        {name: keyed_verifier(loaded) for name, loaded in catalog.verifiers.items()},
    )


def payments_of(settings: Settings, environment: Mapping[str, str]) -> KeyedPayments:
    """The provider of the settings: none without one, or as long as its key is missing."""
    provider = providers().get(settings.payment_provider)

    def keyed(stored: Secrets) -> ReadyPayments | None:
        names = payment_secrets(settings.payment_provider)
        key, *signed = (environment.get(SECRET_PREFIX + name.upper()) or stored.get(name, "") for name in names)
        if provider is None or not key:
            return None
        return ReadyPayments(provider, Access(settings.payment_url.rstrip("/"), key, tuple(signed)))

    return keyed


def _keyed_verifier(secrets_of: Callable[[Iterable[str], Secrets], Secrets], loaded: vendors.Loaded) -> KeyedVerifier:
    return lambda stored: ready_verifier(loaded.verifier, secrets_of(loaded.secrets, stored))


def _checked_verifier(name: str, document: Document, allowed: Sequence[Network]) -> vendors.Loaded:
    try:
        loaded = vendors.read(document)
    except vendors.VerifierProblems as error:
        raise DocumentProblems(f"{problem.path}: {problem.message}" for problem in error.problems) from None
    if loaded.name != name:
        raise DocumentProblems([f"verifier: is {loaded.name!r}, but the document's name is {name!r}"])
    _check_servers(loaded.urls, allowed)
    return loaded


def _check_servers(urls: Mapping[str, str], allowed: Sequence[Network]) -> None:
    checked = {place: check_server(url, allowed) for place, url in urls.items()}
    if forbidden := [f"{place}: {problem}" for place, problem in checked.items() if problem is not None]:
        raise DocumentProblems(forbidden)


def connections_of(catalog: Catalog, environment: Mapping[str, str]) -> Mapping[str, Connection]:
    """The connections of the files, ready for use without a database."""
    return compile_shapes(workshop_of(catalog, environment), (), {}).connections


def load_once(settings: Settings) -> None:
    """Everything that is alike in all serving processes: what is loaded before they part they share."""
    for module in ("exchange.web.app", "exchange.worker"):
        import_module(module)
    packaged_list()
    tools_of(packaged_tables())
    read_catalog(settings.config_dir or default_config())  # what is wrong with it the first that opens it tells


def doors() -> Doors:
    """How bytes come in and go out beside requests."""
    return Doors(encode, look_through, records, is_sheet, sheet_as_csv, pollers(), fetchers(), readers())


def besides(*, for_all: bool = True) -> tuple[Beside, ...]:
    """What runs beside the application as long as it does; not `for_all` in a worker beside the machine's first."""
    from exchange.worker import work  # a command that serves nobody starts without it

    return (partial(work, for_all=for_all),)


def listeners(settings: Settings) -> tuple[Listener, ...]:
    """What takes leads beside HTTP, as the settings say."""
    found: list[Listener] = []
    if settings.inbox_port is not None:
        from exchange.intake.mail.listener import Listening, listening  # slow to import, and few exchanges use it

        place = Listening(
            settings.inbox_host,
            settings.inbox_port,
            urlsplit(settings.public_url).hostname or "",
            settings.inbox_certificate,
            settings.inbox_key_file,
        )
        found.append(partial(listening, place=place))
    if settings.sftp_port is not None:
        from exchange.intake import sftp_in  # as slow

        drop = sftp_in.Listening(settings.sftp_host, settings.sftp_port, settings.sftp_key_file)
        found.append(partial(sftp_in.listening, place=drop))
    return tuple(found)


def _as_set(settings: Settings) -> partial[Market]:
    """A market with what the settings say in so many words."""
    return partial(
        Market,
        public_url=settings.public_url.rstrip("/"),
        mail_domain=settings.mail_domain,
        mails=settings.mail_relay is not None,
        files_dir=settings.files_dir,
        backed_up=Parts(settings.database_url, settings.files_dir, settings.config_dir, settings_file(settings)),
        backup_dir=settings.backup_dir,
        sms=settings.texting,
        watched=_watched(settings),
        fixed_rules=settings.fixed_rules,
        filed_house=_house(settings),
    )


def _house(settings: Settings) -> FiledHouse:
    """What the file and the environment say; a field of another name stands there in another form."""
    given = settings_given(settings, os.environ)
    house = House(
        settings.name,
        settings.invoice_address,
        settings.invoice_note,
        read_units(settings.payout_two_above),
        settings.retention_ping_days,
        settings.retention_raw_days,
        settings.retention_test_days,
        settings.colour,
    )
    return FiledHouse(house, frozenset(each.name for each in CHOICES.values() if each.setting in given))


def _watched(settings: Settings) -> Watched:
    """The disks of the database and its files, and the certificates that settings name."""
    ours = not is_postgres(settings.database_url)
    database = Path(settings.database_url.removeprefix("sqlite:///")).absolute().parent
    folders = dict.fromkeys([*([database] if ours else []), settings.files_dir.absolute()])
    named = settings.inbox_certificate
    certificates = (("the mailbox for leads", named.absolute()),) if named is not None else ()
    return Watched(tuple(folder for folder in folders if folder.is_dir()), certificates, ours)


@asynccontextmanager
async def open_market(
    settings: Settings,
    *,
    process: bool = True,
    clock: Clock | None = None,
    ids: Ids | None = None,
    catalog: Catalog | None = None,
    courier: Callable[[Clock, Breaker], Courier] | None = None,
    db: Db | None = None,
    names: NameService | None = None,
    rates: Rates | None = None,
) -> AsyncIterator[Market]:
    """A `Market` on an up-to-date database. `process` as in `open_database`; the rest replaces a part of it."""
    clock = clock or SystemClock()
    ids = ids or SystemIds()
    catalog = catalog or load_catalog(settings.config_dir)
    if not settings.key_file.exists() and not os.environ.get("EXCHANGE_MASTER_KEY"):
        make_key_file(settings.key_file, ids)
    vault = open_vault(ids, settings.key_file, os.environ)
    breaker = Breaker(ZoneInfo(settings.zone))
    make_courier = courier or partial(_courier, settings=settings)
    make_timed = courier or partial(_courier, settings=settings, timed=True)
    way_out = make_courier(clock, breaker)
    opened = db or await open_database(
        settings.database_url, process=process, size=settings.postgres_connections, clock=clock
    )
    outside = Outside(settings.allowed_networks)
    mail_domains = MailDomains(names or Dns(), clock, settings.mx_ms)
    made = workshop_of(catalog, os.environ, settings.allowed_networks)
    workshop = replace(made, payments=payments_of(settings, os.environ))
    lists = Lists(settings.files_dir, vault)
    try:
        await migrate(opened, clock.now())
        await agree(opened, vault, clock)
        if db is None and process:
            connections = settings.postgres_connections if is_postgres(settings.database_url) else 1
            await rehearse(opened, connections, clock.now())
        parties = await opened.read(read_parties)
        shapes = await read_shapes(opened, vault, workshop)
        tables = await read_tables(opened)
        packaged_list()  # now, so that no lead waits for it
        tools_of(tables)  # nor for these
        market = _as_set(settings)(
            opened,
            clock,
            ids,
            way_out,
            lambda: make_timed(clock, Breaker(ZoneInfo(settings.zone))),
            breaker,
            vault,
            workshop,
            outside,
            doors(),
            mail_domains,
            Live(compile_deals(parties, shapes, tables), tables, rates),
            lists,
            settings.zone,
        )
        market.live.house = house_of(market.filed_house, await opened.read(read_chosen))
        await take_up_lists(opened, lists)
        await refresh(market)
        yield market
    finally:
        lists.close()
        await way_out.close()
        await outside.close()
        await mail_domains.close()
        if db is None:
            await opened.close()


def _courier(clock: Clock, breaker: Breaker, settings: Settings, *, timed: bool = False) -> Courier:
    """Test leads go to the simulated buyers built in; everything else leaves by wire. `timed` takes times of parts."""
    signing = (settings.dkim_domain, settings.dkim_selector, settings.dkim_key_file)
    house = mail_house(settings.mail_relay, settings.mail_domain, *signing)
    lanes = partial(side_lanes, house=house, now=clock.now)
    real = HttpCourier(clock, breaker, settings.allowed_networks, lanes=lanes, timed=timed)
    return RoutedCourier(ScriptedCourier(answer_as_asked, clock), real)
