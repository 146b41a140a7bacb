"""`exchange campaign pause`, `resume` and `live`: whether a campaign runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.commands.campaign import Which
from exchange.commands.terminal import Exit, Stop, Terminal

if TYPE_CHECKING:
    from exchange.flows.market import Market


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    ours = "exchange campaign"
    return (
        ("pause", pause, f'{ours} pause solar-acme --why "bad phone numbers"', f"{ours} pause solar-acme --yes --json"),
        ("resume", resume, f"{ours} resume solar-acme", f"{ours} resume solar-acme --json"),
        ("live", live, f"{ours} live solar-acme --cap 40", f"{ours} live solar-acme --anyway --json"),
    )


def pause(
    context: typer.Context,
    campaign: Which,
    why: Annotated[str, typer.Option(help="The reason, as its seller reads it.")] = "",
) -> None:
    """Take nothing of a campaign: its next post is answered 403, within a second."""
    from exchange.commands.opening import operator, run
    from exchange.flows.campaign_state import pause as stop

    terminal: Terminal = context.obj
    terminal.confirm(f"Pause {campaign}? Its posts are answered 403 from now on.", f"{campaign} goes on.")
    run(_change(terminal, campaign, lambda market: stop(market, campaign, why, operator()), "is paused"))


def resume(context: typer.Context, campaign: Which) -> None:
    """Let a paused campaign run again."""
    from exchange.commands.opening import operator, run
    from exchange.flows.campaign_state import resume as start

    run(_change(context.obj, campaign, lambda market: start(market, campaign, operator()), "runs again"))


def live(
    context: typer.Context,
    campaign: Which,
    cap: Annotated[str, typer.Option(help="At first at most so many sales a day.")] = "",
    anyway: Annotated[bool, typer.Option("--anyway", help="Also without the steps of its certificate.")] = False,
) -> None:
    """Take live leads of a campaign that took test leads alone until now."""
    from exchange.commands.opening import operator, run
    from exchange.flows.campaign_state import go_live

    run(_change(context.obj, campaign, lambda market: go_live(market, campaign, cap, anyway, operator()), "is live"))


async def _change(terminal: Terminal, campaign_id: str, change: Callable[[Market], Awaitable[None]], told: str) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.sellers import CannotSave
    from exchange.flows.specs import keep_specs

    async with opened_market(settings_of(terminal)) as market:
        try:
            await change(market)
        except CannotSave as error:
            raise Stop(Exit.FAILED, str(error)) from error
        await keep_specs(market)
        campaign = market.deals.campaigns[campaign_id]
    fields = {
        "campaign": campaign.id,
        "version": campaign.version,
        "state": campaign.state.value,
        "live": campaign.live,
    }
    terminal.result(fields, [f"  {campaign.id} {told}: version {campaign.version}."])
