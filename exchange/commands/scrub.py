"""`exchange campaign scrub`: what becomes of the scrub's rules in one campaign."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns
from exchange.model.scrub import Action

_USUAL = "usual"  # as the vertical says
_SAYS = (*(action.value for action in Action), _USUAL)


def rules(
    context: typer.Context,
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's id.")],
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE=ACTION]...", help="refuse, hold, flag, ignore or usual.")
    ] = None,
) -> None:
    """Every rule of the scrub with what becomes of a lead it finds something in; with changes, those first."""
    from exchange.commands.opening import run

    run(_rules(context.obj, campaign, _read(changes or ())))


def _read(changes: Sequence[str]) -> dict[str, Action | None]:
    found: dict[str, Action | None] = {}
    for change in changes:
        code, equals, action = change.partition("=")
        if not equals or action not in _SAYS:
            raise Stop(
                Exit.USAGE, f"{change}: write a rule and {', '.join(_SAYS[:-1])} or {_SAYS[-1]}: email_role=flag."
            )
        found[code] = None if action == _USUAL else Action(action)
    return found


async def _rules(terminal: Terminal, campaign_id: str, changes: dict[str, Action | None]) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.scrub_rules import BadRules, set_scrub

    async with opened_market(settings_of(terminal)) as market:
        if campaign_id not in market.deals.campaigns:
            raise Stop(Exit.FAILED, f"There is no campaign {campaign_id}.")
        if changes:
            try:
                await set_scrub(market, campaign_id, changes, operator())
            except BadRules as error:
                raise Stop(Exit.USAGE, str(error)) from error
        actions = market.deals.intakes[campaign_id].scrub_terms.actions
        own = dict(market.deals.campaigns[campaign_id].scrub)
    lines = columns(
        (rule.code, action.value, "of this campaign" if rule.code in own else "", rule.sentence)
        for rule, action in actions.values()
    )
    terminal.result({rule.code: action.value for rule, action in actions.values()}, lines)
