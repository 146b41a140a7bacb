"""`exchange key rotate` and `retire`: another master key in the place of the one that seals personal data."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange.commands.terminal import Exit, Stop, Terminal

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.settings import Settings


def rotate(
    context: typer.Context,
    status: Annotated[bool, typer.Option("--status", help="Tell how far it came, and change nothing.")] = False,
) -> None:
    """Put a new master key in the place of the one that seals. A job seals anew what older ones sealed."""
    from exchange.commands.opening import run

    run(_rotate(context.obj, status))


async def _rotate(terminal: Terminal, status: bool) -> None:
    from exchange.commands.opening import is_file, opened_market, operator, settings_of
    from exchange.flows.master_keys import rotate as flow

    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        rows = await _rows(market)
        if not status and rows[0]["done_at"] is not None:
            if max(market.vault.numbers) <= rows[0]["number"]:
                number = _add(settings, market)
                market.vault.take_up()
                if not is_file(settings):
                    return _added(terminal, settings, number)
            await flow(market, operator())
            rows = await _rows(market)
        left = await _left(market, rows[0]["number"])
    row = rows[0]
    lines = [f"  Master key {row['number']} seals what comes."]
    if row["done_at"] is None:
        lines += [f"  {left:,} values are to be sealed anew; a running exchange does it: exchange key rotate --status"]
    else:
        lines += [
            f"  Nothing is sealed with key {each['number']} any more: exchange key retire {each['number']}"
            for each in rows[1:]
            if each["retired_at"] is None and each["number"] in market.vault.numbers and not left
        ]
        lines += [f"  {left:,} values cannot be opened and stay as they are: see the log."] if left else []
    document = {"number": row["number"], "done": row["done_at"] is not None, "resealed": row["resealed"], "left": left}
    terminal.result(document, lines)


async def _rows(market: Market) -> list[dict[str, Any]]:
    from exchange.storage.master_keys import read_master_keys

    return [dict(row) for row in await market.db.read(read_master_keys)]


async def _left(market: Market, number: int) -> int:
    from exchange.storage.master_keys import sealed_by_others

    return await market.db.read(sealed_by_others, number)


def _add(settings: Settings, market: Market) -> int:
    """A new key in the key file. Its number."""
    from exchange.vault import ENVIRONMENT, add_master_key

    if os.environ.get(ENVIRONMENT):
        raise Stop(
            Exit.REFUSED,
            f"The master keys come from {ENVIRONMENT}: add {max(market.vault.numbers) + 1}:KEY to it after a comma, KEY"
            " being 32 random bytes in base64, on every machine, start each anew, and run this again.",
        )
    try:
        return add_master_key(settings.key_file, market.ids)
    except OSError as error:
        raise Stop(Exit.FAILED, f"{settings.key_file} cannot be changed: {error.strerror}.") from error


def _added(terminal: Terminal, settings: Settings, number: int) -> None:
    lines = [
        f"  Added master key {number} to {settings.key_file}. Nothing is sealed with it yet.",
        "  Copy the file to every other machine of this exchange, then: exchange key rotate",
    ]
    terminal.result({"number": number, "added": True}, lines)


def retire(
    context: typer.Context, number: Annotated[int, typer.Argument(help="The number of a key that was replaced.")]
) -> None:
    """Take a replaced master key out of the key file. Backups from before cannot be read without it."""
    from exchange.commands.opening import run

    run(_retire(context.obj, number))


async def _retire(terminal: Terminal, number: int) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.master_keys import CannotRetire, give_up
    from exchange.vault import ENVIRONMENT, VaultError, drop_master_key

    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        question = f"Retire master key {number}? No backup made while it sealed can be read without it."
        terminal.confirm(question, f"Master key {number} was not retired.")
        try:
            await give_up(market, number, operator())
        except CannotRetire as error:
            raise Stop(Exit.REFUSED, str(error)) from error
    if os.environ.get(ENVIRONMENT):
        return _retired_elsewhere(terminal, number)
    try:
        drop_master_key(settings.key_file, number)
    except (VaultError, OSError) as error:
        raise Stop(Exit.FAILED, f"{settings.key_file} cannot be changed: {error}.") from error
    lines = [f"  Took master key {number} out of {settings.key_file}. Destroy the copies of it that you kept."]
    terminal.result({"number": number, "retired": True}, lines)


def _retired_elsewhere(terminal: Terminal, number: int) -> None:
    """Where keys come from the environment a person takes one out. The index key may hang on it."""
    from exchange.vault import ENVIRONMENT, index_line

    instead = index_line(os.environ[ENVIRONMENT])
    lines = [f"  Master key {number} is needed no more: take it out of {ENVIRONMENT} on every machine."]
    if instead is not None:
        lines.append(f"  Put this there instead, or nobody is found by phone or email any more: {instead}")
    terminal.result({"number": number, "retired": True, "put_instead": instead}, lines)
