"""`exchange doctor`: everything that may be wrong and that nobody is told of, each with its fix."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.model.health import Finding

_PAINTS = {"ok": "green", "warn": "yellow", "FAIL": "red"}


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    return (("doctor", doctor, "exchange doctor", "exchange doctor --json"),)


def doctor(context: typer.Context) -> None:
    """Look at machine, database, backup, ledger, jobs, buyers' servers, mail and providers. Exit 4 if one fails."""
    from exchange.commands.opening import run

    run(_doctor(context.obj))


async def _doctor(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.doctor import examine

    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        found = await examine(market, settings, os.environ, whole=True)
    _tell(terminal, found)


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
