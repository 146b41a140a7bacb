"""`exchange doctor`: everything that may be wrong and that nobody is told of, each with its fix."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.flows.doctor import Finding
    from exchange.settings import Settings

_PAINTS = {"ok": "green", "warn": "yellow", "FAIL": "red"}


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    return (("doctor", doctor, "exchange doctor", "exchange doctor --json"),)


def doctor(context: typer.Context) -> None:
    """Look at database, disk, clock, backup, ledger, jobs, buyers' servers, mail and tables. Exit 4 if one fails."""
    from exchange.commands.opening import run

    run(_doctor(context.obj))


async def _doctor(terminal: Terminal) -> None:
    from exchange.commands.opening import config_file, database_file, is_file, opened_market, settings_of
    from exchange.flows.doctor import Finding, Word, examine, mail_finding
    from exchange.settings import Settings

    settings = settings_of(terminal)
    changed = sum(getattr(settings, name) != field.default for name, field in Settings.model_fields.items())
    file = config_file(terminal)
    told = f"{file.name if file else 'the environment'}, {len(Settings.model_fields)} settings, {changed} not default"
    found = [Finding(Word.OK, "configuration", told), _key(settings)]
    async with opened_market(settings) as market:
        found += await examine(
            market, database_file(settings) if is_file(settings) else None, settings.allowed_networks
        )
        found.append(await mail_finding(market, settings.mail_relay, settings.allowed_networks))
    _tell(terminal, found)


def _key(settings: Settings) -> Finding:
    """Whether others on this machine may read the master key."""
    from exchange.flows.doctor import Finding, Word

    file = settings.key_file
    if file.is_file() and file.stat().st_mode & 0o077:
        return Finding(Word.FAIL, "master key", f"{file} may be read by others on this machine", f"chmod 600 {file}")
    return Finding(
        Word.OK, "master key", f"{file.name} is its owner's alone" if file.is_file() else "in the environment"
    )


def _tell(terminal: Terminal, found: list[Finding]) -> None:
    counted = {word: sum(each.word.value == word for each in found) for word in _PAINTS}
    document = {
        "ok": not counted["FAIL"],
        "checks": [{"word": each.word.value, "check": each.what, "told": each.told, "fix": each.fix} for each in found],
    }
    rows = columns([(each.word.value, each.what, each.told, each.fix) for each in found])
    lines = [_painted(terminal, each.word.value, row) for each, row in zip(found, rows, strict=True)]
    warnings = f"{counted['warn']} warning{'' if counted['warn'] == 1 else 's'}"
    failures = f"{counted['FAIL']} failure{'' if counted['FAIL'] == 1 else 's'}"
    terminal.result(document, [*lines, f"  {len(found)} checks: {counted['ok']} ok, {warnings}, {failures}"])
    if counted["FAIL"]:
        raise Stop(Exit.CHECK_FAILED)


def _painted(terminal: Terminal, word: str, row: str) -> str:
    return row.replace(word, terminal.paint(word, _PAINTS[word]), 1)
