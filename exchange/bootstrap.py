"""Builds everything: the one file that knows which connectors exist. `open_market` is the way in for all commands."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import orjson

import verifiers as vendors
from buyers import connectors
from buyers.family import ConnectionProblems, Loaded, load
from buyers.teaching import Lessons
from exchange.catalog import CatalogError, Presets, default_config, read_file, read_vertical, read_verticals, read_yaml
from exchange.clock import Clock, SystemClock
from exchange.courier.addresses import Network, check_server
from exchange.courier.breaker import Breaker
from exchange.courier.courier import Courier, HttpCourier
from exchange.courier.outside import Outside
from exchange.courier.scripted import RoutedCourier, ScriptedCourier
from exchange.courier.side_lanes import side_lanes
from exchange.courier.smtp import mail_house
from exchange.fields.places import ZIPS
from exchange.flows.connection import Connection, ready
from exchange.flows.doors import Doors
from exchange.flows.market import Live, Market, compile_deals, read_shapes, refresh
from exchange.flows.shapes import (
    Document,
    DocumentProblems,
    FileDocument,
    Keyed,
    KeyedSource,
    KeyedVerifier,
    Secrets,
    Workshop,
    compile_shapes,
)
from exchange.flows.simulated import CONNECTION as SIMULATED
from exchange.flows.simulated import answer_as_asked
from exchange.flows.table_watch import read_tables
from exchange.flows.verifier import ready_verifier
from exchange.ids import Ids, SystemIds
from exchange.intake.batch import look_through, records
from exchange.intake.encode import encode
from exchange.intake.pollers import fetchers, pollers, readers
from exchange.intake.sheets import is_sheet, sheet_as_csv
from exchange.model.form import Form
from exchange.model.vertical import Vertical
from exchange.settings import Settings
from exchange.sources.document import Source, SourceDocument
from exchange.sources.form import BadForm, read_form
from exchange.sources.read import BadSource, read_source
from exchange.storage.database import Db
from exchange.storage.engine import is_postgres, open_database
from exchange.storage.migrate import migrate
from exchange.storage.parties import read_parties
from exchange.storage.rehearsal import rehearse
from exchange.vault import make_key_file, open_vault

if TYPE_CHECKING:
    from exchange.web.app import Beside, Listener

SECRET_PREFIX = "EXCHANGE_SECRET_"


@dataclass(frozen=True, slots=True)
class Catalog:
    """What the files under `config_dir` say. `presets` are there for documents that are made later."""

    verticals: Mapping[str, Vertical]
    connections: Mapping[str, Loaded]
    presets: Mapping[str, Mapping[str, Any]]
    files: Mapping[str, FileDocument]  # what the connections' files say
    sources: Mapping[str, SourceDocument] = field(default_factory=dict)
    source_presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    forms: Mapping[str, Form] = field(default_factory=dict)
    verifiers: Mapping[str, vendors.Loaded] = field(default_factory=dict)


def load_catalog(folder: Path | None) -> Catalog:
    """Read and check all files. Raises `CatalogError` with every problem of every file."""
    catalog, problems = read_catalog(folder or default_config())
    if problems:
        raise CatalogError(problems)
    return catalog


def read_catalog(folder: Path, extra_connections: Path | None = None) -> tuple[Catalog, list[str]]:
    """What the sound files say, and every problem of the others."""
    problems: list[str] = []
    verticals = read_verticals(folder, problems)
    presets = Presets(folder / "presets", problems)
    found: dict[str, Loaded] = {}
    files: dict[str, FileDocument] = {}
    places = [(folder / "connections", "*/connection.yaml")]
    if extra_connections is not None:
        places.append((extra_connections, "*.yaml"))
    for place, pattern in places:
        for file in sorted(place.glob(pattern)):
            where = str(file.relative_to(folder) if file.is_relative_to(folder) else file)
            document = _document(file, where, problems)
            connection = _connection(document, where, presets, problems) if document is not None else None
            if document is None or connection is None:
                continue
            if connection.name in found:
                problems.append(f"{where}: connection: {connection.name} is the name of another file's connection too")
            found[connection.name] = connection
            files[connection.name] = FileDocument(where, document)
    source_presets = Presets(folder / "sources" / "presets", problems)
    sources, forms = _sources(folder, source_presets, problems), _forms(folder, problems)
    asked = _verifiers(folder, problems)
    return Catalog(verticals, found, presets, files, sources, source_presets, forms, asked), problems


def _document(file: Path, where: str, problems: list[str]) -> Document | None:
    """What one file says; None when it cannot be read, which is then told with its place."""
    told = len(problems)
    content = read_file(file, where, problems)
    document = read_yaml(content, where, problems) if content is not None else None
    if isinstance(document, Mapping):
        return document
    if len(problems) == told:
        problems.append(f"{where}: document: is not a mapping of names to values")
    return None


def _connection(
    document: Document, where: str, presets: Mapping[str, Mapping[str, Any]], problems: list[str]
) -> Loaded | None:
    """One document's connection; None when something is wrong with it, which is then told with its place."""
    try:
        return load(document, presets, connectors())
    except ConnectionProblems as error:
        problems += [f"{where}: {problem.path}: {problem.message}" for problem in error.problems]
        return None


def _sources(folder: Path, presets: Presets, problems: list[str]) -> Mapping[str, SourceDocument]:
    """The sources of the files; what is wrong with the others is told with its place."""
    found: dict[str, SourceDocument] = {}
    for file in sorted((folder / "sources").glob("*.yaml")):
        where = f"sources/{file.name}"
        if (document := _document(file, where, problems)) is None:
            continue
        try:
            source = read_source(document, presets)
        except BadSource as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
            continue
        if source.name in found:
            problems.append(f"{where}: source: {source.name} is the name of another file's source too")
        found[source.name] = source
    return found


def _forms(folder: Path, problems: list[str]) -> Mapping[str, Form]:
    """The forms of the files, by the names of the files."""
    found: dict[str, Form] = {}
    for file in sorted((folder / "forms").glob("*.yaml")):
        where = f"forms/{file.name}"
        if (document := _document(file, where, problems)) is None:
            continue
        try:
            found[file.stem] = read_form(file.stem, document)
        except BadForm as error:
            problems += [f"{where}: {problem}" for problem in error.problems]
    return found


def _verifiers(folder: Path, problems: list[str]) -> Mapping[str, vendors.Loaded]:
    """The verifiers of the files; what is wrong with the others is told with its place."""
    found: dict[str, vendors.Loaded] = {}
    for file in sorted((folder / "verifiers").glob("*/verifier.yaml")):
        where = str(file.relative_to(folder))
        if (document := _document(file, where, problems)) is None:
            continue
        try:
            loaded = vendors.read(document)
        except vendors.VerifierProblems as error:
            problems += [f"{where}: {problem.path}: {problem.message}" for problem in error.problems]
            continue
        if loaded.name in found:
            problems.append(f"{where}: verifier: {loaded.name} is the name of another file's verifier too")
        found[loaded.name] = loaded
    return found


def workshop_of(catalog: Catalog, environment: Mapping[str, str], allowed: Sequence[Network] = ()) -> Workshop:
    """Makes shapes as the files do. Secrets come from the environment (`EXCHANGE_SECRET_ACME_KEY`), else the store.

    A document made later may only name addresses that are public, or `allowed`.
    """
    table = connectors()

    def secrets_of(names: Iterable[str], stored: Secrets) -> Secrets:
        return {name: environment.get(SECRET_PREFIX + name.upper()) or stored.get(name, "") for name in names}

    def keyed(loaded: Loaded) -> Keyed:
        connector = loaded.build()

        def with_secrets(stored: Secrets) -> Connection:
            return ready(connector, secrets_of(loaded.secrets, stored), simulated=loaded.name == SIMULATED)

        return with_secrets

    def connection(name: str, document: Document) -> Keyed:
        try:
            loaded = load(document, catalog.presets, table)
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

    def keyed_verifier(loaded: vendors.Loaded) -> KeyedVerifier:
        return lambda stored: ready_verifier(loaded.verifier, secrets_of(loaded.secrets, stored))

    def verifier(name: str, document: Document) -> KeyedVerifier:
        try:
            loaded = vendors.read(document)
        except vendors.VerifierProblems as error:
            raise DocumentProblems(f"{problem.path}: {problem.message}" for problem in error.problems) from None
        if loaded.name != name:
            raise DocumentProblems([f"verifier: is {loaded.name!r}, but the document's name is {name!r}"])
        _check_servers(loaded.urls, allowed)
        return keyed_verifier(loaded)

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
        verifier,
        catalog.forms,
        {name: keyed_verifier(loaded) for name, loaded in catalog.verifiers.items()},
    )


def _check_servers(urls: Mapping[str, str], allowed: Sequence[Network]) -> None:
    checked = {place: check_server(url, allowed) for place, url in urls.items()}
    if forbidden := [f"{place}: {problem}" for place, problem in checked.items() if problem is not None]:
        raise DocumentProblems(forbidden)


def connections_of(catalog: Catalog, environment: Mapping[str, str]) -> Mapping[str, Connection]:
    """The connections of the files, ready for use without a database."""
    return compile_shapes(workshop_of(catalog, environment), (), {}).connections


def doors() -> Doors:
    """How bytes come in and go out beside requests."""
    return Doors(encode, look_through, records, is_sheet, sheet_as_csv, pollers(), fetchers(), readers())


def besides() -> tuple[Beside, ...]:
    """What runs beside the application as long as it does."""
    from exchange.worker import work  # a command that serves nobody starts without it

    return (work,)


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
    workshop = workshop_of(catalog, os.environ, settings.allowed_networks)
    try:
        await migrate(opened, clock.now())
        if db is None and process:
            connections = settings.postgres_connections if is_postgres(settings.database_url) else 1
            await rehearse(opened, connections, clock.now())
        parties = await opened.read(read_parties)
        shapes = await read_shapes(opened, vault, workshop)
        tables = await read_tables(opened)
        market = Market(
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
            Live(compile_deals(parties, shapes, tables.value(ZIPS)), tables),
            settings.zone,
            settings.name,
            {
                "ping": settings.retention_ping_days,
                "lead": settings.retention_raw_days,
                "test": settings.retention_test_days,
            },
            public_url=settings.public_url.rstrip("/"),
            files_dir=settings.files_dir,
        )
        await refresh(market)
        yield market
    finally:
        await way_out.close()
        await outside.close()
        if db is None:
            await opened.close()


def _courier(clock: Clock, breaker: Breaker, settings: Settings, *, timed: bool = False) -> Courier:
    """Test leads go to the simulated buyers built in; everything else leaves by wire. `timed` takes times of parts."""
    signing = (settings.dkim_domain, settings.dkim_selector, settings.dkim_key_file)
    house = mail_house(settings.mail_relay, settings.mail_domain, *signing)
    lanes = partial(side_lanes, house=house, now=clock.now)
    real = HttpCourier(clock, breaker, settings.allowed_networks, lanes=lanes, timed=timed)
    return RoutedCourier(ScriptedCourier(answer_as_asked, clock), real)
