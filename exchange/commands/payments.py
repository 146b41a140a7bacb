"""`exchange payments`: the provider that takes cards."""

from __future__ import annotations

from collections.abc import Callable

import typer

from exchange.commands.terminal import Exit, Stop, Terminal


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    return (("connect", connect, "exchange payments connect", "exchange payments connect --json"),)


def connect(context: typer.Context) -> None:
    """Have the provider send its events here, and keep the secret that they are signed with."""
    from exchange.commands.opening import run

    run(_connect(context.obj))


async def _connect(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.charges import CannotCharge, NotHeard, connect_events

    async with opened_market(settings_of(terminal)) as market:
        try:
            url = await connect_events(market, operator())
        except CannotCharge as error:
            told = "Set payment_provider, and save its key as the secret stripe_key."
            raise Stop(Exit.FAILED, f"No provider can be spoken to. {told}") from error
        except NotHeard as error:
            raise Stop(Exit.FAILED, f"The provider said no: {error}") from error
    terminal.result({"url": url}, [f"  The provider sends its events to {url}."])
