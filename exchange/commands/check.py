"""`exchange check`: settings, files, captured cases and parties, every problem at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.bootstrap import Catalog
    from exchange.flows.shapes import Shapes
    from exchange.model.party import Contract
    from exchange.settings import Settings
    from exchange.storage.documents import DocumentRow


@dataclass(slots=True)
class Findings:
    """What was looked at: (what, told), and what is wrong with it."""

    fine: list[tuple[str, str]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def add(self, what: str, told: str, problems: list[str]) -> None:
        if not problems:
            self.fine.append((what, told))
        self.problems += [(what, problem) for problem in problems]


def check(context: typer.Context) -> None:
    """Check settings, verticals, connections, presets, captured cases and parties. Exit 4 when something is wrong."""
    from exchange.commands.opening import run

    run(_check(context.obj))


async def _check(terminal: Terminal) -> None:
    findings = Findings()
    settings = _settings(terminal, findings)
    catalog = _catalog(settings, findings) if settings is not None else None
    if catalog is not None and settings is not None:
        _cases(settings, catalog, findings)
        await _parties(settings, catalog, findings)
    document = {
        "ok": not findings.problems,
        "checks": [{"check": what, "told": told} for what, told in findings.fine],
        "problems": [{"check": what, "problem": problem} for what, problem in findings.problems],
    }
    rows = [("ok", *fine) for fine in findings.fine] + [("FAIL", *problem) for problem in findings.problems]
    terminal.result(document, columns(rows))
    if findings.problems:
        raise Stop(Exit.CHECK_FAILED)


def _settings(terminal: Terminal, findings: Findings) -> Settings | None:
    """Those of the exchange meant. Without one, what came with the program is checked."""
    from exchange.commands.opening import config_file, settings_of
    from exchange.settings import Settings, load_settings

    file = config_file(terminal)
    if file is None and not os.environ.get("EXCHANGE_DATABASE_URL"):
        terminal.remark("  No exchange.toml here: checking what came with the exchange.")
        return load_settings(None, database_url="", allowed_networks=("127.0.0.0/8",))  # the demo's buyers are here
    try:
        settings = settings_of(terminal)
    except Stop as stop:
        findings.add("configuration", "", [f"{file}: {each}" for each in (*stop.details,)] or [stop.sentence])
        return None
    changed = sum(getattr(settings, name) != field.default for name, field in Settings.model_fields.items())
    told = f"{file.name if file else 'the environment'}, {len(Settings.model_fields)} settings, {changed} not default"
    findings.add("configuration", told, [])
    return settings


def _catalog(settings: Settings, findings: Findings) -> Catalog | None:
    from exchange.bootstrap import Presets, load_catalog
    from exchange.catalog import CatalogError, default_config

    folder = settings.config_dir or default_config()
    demo = folder / "demo" / "connections"
    try:
        catalog = load_catalog(folder, demo if demo.is_dir() else None)
    except CatalogError as error:
        findings.add("files", "", [f"{folder}/{problem}" for problem in error.problems])
        return None
    findings.add("verticals", ", ".join(sorted(catalog.verticals)), [])
    problems: list[str] = []
    presets = len([preset for preset in Presets(folder / "presets", problems).values() if preset])
    problems += _forbidden_urls(settings, catalog)
    findings.add("connections", f"{len(catalog.connections)}, and {presets} presets", problems)
    return catalog


def _forbidden_urls(settings: Settings, catalog: Catalog) -> list[str]:
    """Addresses that the exchange would refuse to connect to, told before a lead waits for one."""
    from exchange.courier.addresses import check_url

    return [
        f"connection {name}: {place}: {problem}"
        for name, connection in catalog.connections.items()
        for place, url in connection.urls.items()
        if (problem := check_url(url, settings.allowed_networks)) is not None
    ]


def _cases(settings: Settings, catalog: Catalog, findings: Findings) -> None:
    """Every captured exchange against the connection it lies beside, and hostile replies."""
    from exchange.bootstrap import connections_of
    from exchange.cases import BadCase, read_cases, run_cases
    from exchange.catalog import default_config

    folder = (settings.config_dir or default_config()) / "connections"
    ready = connections_of(catalog, os.environ)
    problems: list[str] = []
    count = 0
    for place in sorted(path for path in folder.glob("*/cases") if path.parent.name in ready):
        cases = []
        for file in sorted(place.glob("*.yaml")):
            try:
                cases += read_cases(file.read_text(encoding="utf-8"), str(file))
            except (BadCase, OSError, UnicodeDecodeError) as error:
                problems.append(str(error))
        count += len(cases)
        for result in run_cases(ready[place.parent.name].connector, cases):
            problems += [f"{place}: {result.name}: {problem}" for problem in result.problems]
    findings.add("cases", f"{count} captured exchanges read as they should be", problems)


async def _parties(settings: Settings, catalog: Catalog, findings: Findings) -> None:
    """The rows of the database against the files: what a contract names must be there."""
    from exchange.bootstrap import workshop_of
    from exchange.commands.opening import opened_database
    from exchange.courier.addresses import check_url
    from exchange.flows.shapes import compile_shapes
    from exchange.storage.documents import read_documents, read_secrets
    from exchange.storage.parties import read_parties

    if not settings.database_url:
        return
    try:
        async with opened_database(settings) as db:
            parties, documents = await db.read(read_parties), await db.read(read_documents)
            kept = {secret.name: "kept" for secret in await db.read(read_secrets)}
    except Stop as stop:
        findings.add("database", "", [stop.sentence])
        return
    shapes = compile_shapes(workshop_of(catalog, os.environ, settings.allowed_networks), documents, kept)
    findings.add("documents", _documents_told(documents, catalog), list(shapes.problems))
    problems = [
        f"campaign {campaign.id}: no vertical is called {campaign.vertical}"
        for campaign in parties.campaigns
        if campaign.vertical not in shapes.verticals
    ]
    problems += [
        f"campaign {campaign.id}: postback_url: {problem}"
        for campaign in parties.campaigns
        if campaign.postback_url and (problem := check_url(campaign.postback_url, settings.allowed_networks))
    ]
    problems += contract_problems(parties.contracts, shapes)
    told = f"{len(parties.campaigns)} campaigns and {len(parties.contracts)} contracts fit the files"
    findings.add("parties", told, problems)


def _documents_told(documents: Sequence[DocumentRow], catalog: Catalog) -> str:
    """How many there are, and which verticals are not what their file says."""
    over = [row.name for row in documents if row.kind == "vertical" and row.name in catalog.verticals]
    told = f"{len(documents)} made in the console"
    return f"{told}; over the file of {', '.join(over)}" if over else told


def contract_problems(contracts: Sequence[Contract], shapes: Shapes) -> list[str]:
    """What the contracts name and is not there, and how they cannot be asked."""
    from exchange.bootstrap import SECRET_PREFIX

    problems = []
    used: dict[str, str] = {}
    for contract in contracts:
        where = f"contract {contract.id}"
        vertical = shapes.verticals.get(contract.vertical)
        connection = shapes.connections.get(contract.connection)
        if vertical is None:
            problems.append(f"{where}: no vertical is called {contract.vertical}")
        elif unknown := sorted(_fields(contract.filters) - set(vertical.by_name)):
            problems.append(f"{where}: {vertical.name} has no field {', '.join(unknown)} to filter on")
        if connection is None:
            problems.append(f"{where}: no connection is called {contract.connection}")
        else:
            used.setdefault(contract.connection, where)
            if contract.price is None and not connection.on_the_spot:
                problems.append(f"{where}: needs a fixed price: connection {contract.connection} is never pinged")
    for name, where in used.items():
        for secret, value in shapes.connections[name].secrets.items():
            if not value:
                problems.append(f"{where}: connection {name} needs the variable {SECRET_PREFIX}{secret.upper()}")
    return problems


def _fields(group: object) -> set[str]:
    """Every field a group of filters asks about."""
    from exchange.model.party import Clause, Group

    if isinstance(group, Clause):
        return {group.field}
    return {name for each in group.clauses for name in _fields(each)} if isinstance(group, Group) else set()
