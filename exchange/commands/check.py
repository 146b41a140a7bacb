"""`exchange check`: settings, files, captured cases and parties, every problem at once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.bootstrap import Catalog
    from exchange.flows.connection import Connection
    from exchange.flows.shapes import Shapes
    from exchange.model.party import Contract
    from exchange.settings import Settings
    from exchange.storage.documents import DocumentRow
    from exchange.storage.parties import Parties


@dataclass(slots=True)
class Findings:
    """What was looked at: (what, told), and what is wrong with it."""

    fine: list[tuple[str, str]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def add(self, what: str, told: str, problems: Sequence[str]) -> None:
        if not problems:
            self.fine.append((what, told))
        self.problems += [(what, problem) for problem in problems]


def check(context: typer.Context) -> None:
    """Check settings, verticals, connections, presets, captured cases and parties. Exit 4 when something is wrong."""
    from exchange.commands.opening import run

    run(_check(context.obj))


@dataclass(frozen=True, slots=True)
class Read:
    """What could be read. `wrong` names settings that could not, `whole` says whether every file could."""

    settings: Settings
    wrong: frozenset[str]
    catalog: Catalog
    whole: bool

    @property
    def networks_known(self) -> bool:
        return "allowed_networks" not in self.wrong

    @property
    def database_known(self) -> bool:
        return bool(self.settings.database_url) and not self.wrong & {"database_url", "key_file"}


async def _check(terminal: Terminal) -> None:
    findings = Findings()
    settings, wrong = _settings(terminal, findings)
    _mail(settings, findings)
    read = _files(settings, wrong, findings)
    connections = _cases(read, findings)
    if read.database_known and (shapes := await _parties(read, findings)) is not None:
        connections = shapes.connections
    await _host_keys(connections, read, findings)
    document = {
        "ok": not findings.problems,
        "checks": [{"check": what, "told": told} for what, told in findings.fine],
        "problems": [{"check": what, "problem": problem} for what, problem in findings.problems],
    }
    rows = [("ok", *fine) for fine in findings.fine] + [("FAIL", *problem) for problem in findings.problems]
    terminal.result(document, columns(rows))
    if findings.problems:
        raise Stop(Exit.CHECK_FAILED)


def _settings(terminal: Terminal, findings: Findings) -> tuple[Settings, frozenset[str]]:
    """Those of the exchange meant, and the names of those that are wrong. Without an exchange what came with the
    program is checked."""
    from exchange.commands.opening import CONFIG_FOLDER, config_file, settings_of
    from exchange.settings import Settings, load_settings, readable_settings

    file = config_file(terminal)
    if file is None and not os.environ.get("EXCHANGE_DATABASE_URL"):
        terminal.remark("  No exchange.toml here: checking what came with the exchange.")
        settings = load_settings(None, database_url="", allowed_networks=("127.0.0.0/8",))  # the demo's buyers are here
        return settings, frozenset()
    try:
        settings = settings_of(terminal)
    except Stop as stop:
        findings.add(
            "configuration", "", [f"{file or 'environment'}: {each}" for each in stop.details] or [stop.sentence]
        )
        settings, wrong = readable_settings(file)
        beside = file.parent / CONFIG_FOLDER if file is not None else None
        if "config_dir" in wrong and beside is not None and beside.is_dir():
            settings = settings.model_copy(update={"config_dir": beside})
        return settings, wrong
    changed = sum(getattr(settings, name) != field.default for name, field in Settings.model_fields.items())
    told = f"{file.name if file else 'the environment'}, {len(Settings.model_fields)} settings, {changed} not default"
    findings.add("configuration", told, [])
    return settings, frozenset()


def _files(settings: Settings, wrong: frozenset[str], findings: Findings) -> Read:
    """Verticals, presets and connections. What is wrong with one file hides nothing that is wrong with another."""
    from exchange.bootstrap import read_catalog, without_file
    from exchange.catalog import Presets, default_config

    folder = settings.config_dir or default_config()
    demo = folder / "demo" / "connections"
    catalog, problems = read_catalog(folder, demo if demo.is_dir() else None)
    of_presets: list[str] = []
    presets = len([preset for preset in Presets(folder / "presets", of_presets).values() if preset])
    problems = list(dict.fromkeys([*problems, *of_presets, *without_file(folder)]))  # those in use were read before
    read = Read(settings, wrong, catalog, not problems)
    urls = _forbidden_urls(settings, catalog) if read.networks_known else []
    if problems:
        findings.add("files", "", [f"{folder}/{problem}" for problem in problems])
    else:
        findings.add("verticals", ", ".join(sorted(catalog.verticals)), [])
    if urls or not problems:
        findings.add("connections", f"{len(catalog.connections)}, and {presets} presets", urls)
    return read


def _mail(settings: Settings, findings: Findings) -> None:
    """The key that mail is signed with, told before a mail waits for it."""
    from exchange.courier.dkim import BadKey, read_signer

    if not settings.dkim_domain or settings.dkim_key_file is None:
        return
    try:
        signer = read_signer(settings.dkim_domain, settings.dkim_selector, settings.dkim_key_file)
    except BadKey as error:
        findings.add("mail", "", [f"dkim_key_file: {error}"])
    else:
        findings.add("mail", f"signed for {signer.domain}, key at {signer.selector}._domainkey.{signer.domain}", [])


def _forbidden_urls(settings: Settings, catalog: Catalog) -> list[str]:
    """Addresses that the exchange would refuse to connect to, told before a lead waits for one."""
    from exchange.courier.addresses import check_server

    spoken_to = [("connection", name, each.urls) for name, each in catalog.connections.items()]
    spoken_to += [("verifier", name, each.urls) for name, each in catalog.verifiers.items()]
    return [
        f"{kind} {name}: {place}: {problem}"
        for kind, name, urls in spoken_to
        for place, url in urls.items()
        if (problem := check_server(url, settings.allowed_networks)) is not None
    ]


def _cases(read: Read, findings: Findings) -> Mapping[str, Connection]:
    """Every captured exchange against the connection or verifier it lies beside, and hostile replies. Returns the
    connections."""
    from exchange.bootstrap import connections_of
    from exchange.cases import BadCase, read_cases, run_cases
    from exchange.catalog import default_config
    from exchange.commands.check_verifiers import verifier_cases

    folder = (read.settings.config_dir or default_config()) / "connections"
    ready = connections_of(read.catalog, os.environ)
    problems: list[str] = []
    count = 0
    for place in sorted(folder.glob("*/cases")):
        cases = []
        for file in sorted(place.glob("*.yaml")):
            try:
                cases += read_cases(file.read_text(encoding="utf-8"), str(file))
            except (BadCase, OSError, UnicodeDecodeError) as error:
                problems.append(str(error))
        if place.parent.name not in ready:
            continue
        count += len(cases)
        for result in run_cases(ready[place.parent.name].connector, cases):
            problems += [f"{place}: {result.name}: {problem}" for problem in result.problems]
    more, others = verifier_cases(read.catalog, folder.parent)
    count, problems = count + more, problems + others
    findings.add("cases", f"{count} captured exchanges read as they should be", problems)
    return ready


async def _host_keys(connections: Mapping[str, Connection], read: Read, findings: Findings) -> None:
    """What an SFTP server shows that nobody pinned."""
    from exchange.commands.host_keys import unpinned

    problems = await unpinned(connections, read.settings.allowed_networks) if read.networks_known else []
    if problems:
        findings.add("host keys", "", problems)


async def _parties(read: Read, findings: Findings) -> Shapes | None:
    """The rows of the database against the files: what a contract names must be there."""
    from exchange.bootstrap import workshop_of
    from exchange.commands.check_verifiers import verifier_problems
    from exchange.commands.opening import opened_database
    from exchange.flows.shapes import compile_shapes
    from exchange.storage.documents import read_documents, read_secrets
    from exchange.storage.parties import read_parties

    try:
        async with opened_database(read.settings) as db:
            parties, documents = await db.read(read_parties), await db.read(read_documents)
            kept = {secret.name: "kept" for secret in await db.read(read_secrets)}
    except Stop as stop:
        findings.add("database", "", [stop.sentence])
        return None
    shapes = compile_shapes(workshop_of(read.catalog, os.environ, read.settings.allowed_networks), documents, kept)
    if documents and read.whole and read.networks_known:  # else something may only seem wrong
        findings.add("documents", _documents_told(documents, read.catalog), list(shapes.problems))
    problems = [
        *_campaign_problems(parties, read, shapes),
        *contract_problems(parties.contracts, shapes, read.whole),
        *_source_problems(parties, read, shapes),
        *_form_problems(parties, read, shapes),
        *verifier_problems(parties.campaigns, shapes, read.whole),
    ]
    told = f"{len(parties.campaigns)} campaigns and {len(parties.contracts)} contracts fit the files"
    if problems or read.whole:
        findings.add("parties", told, problems)
    return shapes


def _documents_told(documents: Sequence[DocumentRow], catalog: Catalog) -> str:
    """How many there are, and which verticals are not what their file says."""
    over = [row.name for row in documents if row.kind == "vertical" and row.name in catalog.verticals]
    told = f"{len(documents)} made while it ran"
    return f"{told}; over the file of {', '.join(over)}" if over else told


def _campaign_problems(parties: Parties, read: Read, shapes: Shapes) -> Iterator[str]:
    from exchange.courier.addresses import check_url

    for campaign in parties.campaigns:
        where = f"campaign {campaign.id}"
        if read.whole and campaign.vertical not in shapes.verticals:
            yield f"{where}: no vertical is called {campaign.vertical}"
        url = campaign.postback_url if read.networks_known else None
        if url and (problem := check_url(url, read.settings.allowed_networks)):
            yield f"{where}: postback_url: {problem}"


def _form_problems(parties: Parties, read: Read, shapes: Shapes) -> Iterator[str]:
    """A form must ask what the vertical of its campaign needs, and its answers must have a campaign to go to."""
    from exchange.stages.forms import form_problems

    verticals = {campaign.id: shapes.verticals.get(campaign.vertical) for campaign in parties.campaigns}
    for name, form in sorted(shapes.forms.items()) if read.whole else ():
        vertical = verticals.get(form.campaign_id)
        if form.campaign_id not in verticals:
            yield f"form {name}: there is no campaign {form.campaign_id}"
        elif vertical is not None:
            yield from (f"form {name}: {problem}" for problem in form_problems(form, vertical))


def _source_problems(parties: Parties, read: Read, shapes: Shapes) -> Iterator[str]:
    """Whose leads a source brings, where it is, and what it needs to be let in."""
    from exchange.bootstrap import SECRET_PREFIX
    from exchange.courier.addresses import check_server

    campaigns = {campaign.id for campaign in parties.campaigns}
    for name, source in sorted(shapes.sources.items()):
        where = f"source {name}"
        if source.campaign_id not in campaigns:
            yield f"{where}: there is no campaign {source.campaign_id}"
        for place, url in source.document.urls().items() if read.networks_known else ():
            if (problem := check_server(url, read.settings.allowed_networks)) is not None:
                yield f"{where}: {place}: {problem}"
        for secret, value in source.secrets.items():
            if not value:
                yield f"{where}: needs the variable {SECRET_PREFIX}{secret.upper()}"


def contract_problems(contracts: Sequence[Contract], shapes: Shapes, whole: bool) -> Iterator[str]:
    """What contracts need and is not there, and what can never be pinged.

    A name that is missing is told only when every file could be read (`whole`): it may be that of one that could not.
    """
    from exchange.bootstrap import SECRET_PREFIX
    from exchange.stages.standard_fields import standard_fields

    used: dict[str, str] = {}
    for contract in contracts:
        where = f"contract {contract.id}"
        vertical, connection = shapes.verticals.get(contract.vertical), shapes.connections.get(contract.connection)
        if vertical is not None and (missing := sorted(_fields(contract.filters) - set(vertical.by_name))):
            yield f"{where}: {vertical.name} has no field {', '.join(missing)} to filter on"
        if vertical is not None:
            for name in sorted(_fields(contract.filters)):
                if law := vertical.why_no_filter(name):
                    yield f"{where}: {vertical.name} takes no filter on {name}: {law}"
        if vertical is None and whole:
            yield f"{where}: no vertical is called {contract.vertical}"
        yield from (f"{where}: schedule: {problem}" for problem in _schedule_problems(contract.schedule))
        if connection is not None:
            used.setdefault(contract.connection, where)
            yield from (f"{where}: {problem}" for problem in _delivery_problems(contract, connection))
        elif whole:
            yield f"{where}: no connection is called {contract.connection}"
    known = {field for vertical in shapes.verticals.values() for field in vertical.by_name} | set(standard_fields())
    for name, where in used.items():
        for unknown in sorted(shapes.connections[name].fields - known) if whole else ():
            near = get_close_matches(unknown, known, 1)
            meant = f": is it {near[0]}?" if near else ""
            yield f"{where}: connection {name} sends the field {unknown}, which no vertical has{meant}"
        for secret, value in shapes.connections[name].secrets.items():
            if not value:
                yield f"{where}: connection {name} needs the variable {SECRET_PREFIX}{secret.upper()}"


def _delivery_problems(contract: Contract, connection: Connection) -> Iterator[str]:
    """Terms that fit no delivery of this connection."""
    name = f"connection {contract.connection}"
    if contract.price is None and not connection.on_the_spot:
        yield f"needs a fixed price: {name} is never pinged"
    if contract.sold_when == "at_once" and connection.on_the_spot:
        yield f"sold_when: at_once is for what is delivered later, and {name} answers on the spot"
    if contract.schedule and connection.batches is None:
        yield f"schedule: {name} delivers one lead at a time"


def _schedule_problems(schedule: str) -> list[str]:
    from exchange.stages.timetable import BadTimetable, read_timetable

    try:
        read_timetable(schedule or "hourly")
    except BadTimetable as error:
        return [str(error)]
    return []


def _fields(group: object) -> set[str]:
    """Every field a group of filters asks about."""
    from exchange.model.party import Clause, Group

    if isinstance(group, Clause):
        return {group.field}
    return {name for each in group.clauses for name in _fields(each)} if isinstance(group, Group) else set()
