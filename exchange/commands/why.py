"""`exchange why`: what was decided about a lead and every contract, in the words of the lead's page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.web.story.contracts import Panel


def why(
    context: typer.Context,
    lead: Annotated[str, typer.Argument(help="A lead, request, ping or delivery id, a buyer's reference, a phone.")],
    contract: Annotated[str, typer.Argument(help="A contract's id or name, or its buyer's; all when left out.")] = "",
) -> None:
    """Why a contract did or did not get a lead: every check, as it stood when it was decided."""
    from exchange.commands.opening import run

    run(_why(context.obj, lead, contract))


async def _why(terminal: Terminal, text: str, wanted: str) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.model.actor import SYSTEM
    from exchange.storage.timeline import read_lead_rows
    from exchange.web.story.page import tell
    from exchange.web.story.records import open_story

    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        lead_id = await _find(market, text)
        rows = await market.db.read(read_lead_rows, SYSTEM, lead_id) if lead_id else None
        if rows is None:
            raise Stop(Exit.FAILED, f"Nothing here goes by {text}.")
        lead, told = rows.lead, tell(market, open_story(market, rows)).panels
        if wanted:
            told = tuple(each for each in told if wanted.lower() in _names(market, each))
    if wanted and not told:
        raise Stop(Exit.FAILED, f"{wanted} was not looked at for {lead['id']}: no contract goes by that name.")
    document = {
        "lead_id": lead["id"],
        "state": lead["state"],
        "reason": lead["reason"],
        "contracts": [each.fields() for each in told],
    }
    head = "  " + ", ".join(part for part in (f"{lead['id']}  {lead['state']}", lead["reason"]) if part)
    terminal.result(document, [head, *(_in_full(told) if wanted else _in_lines(told))])


async def _find(market: Market, text: str) -> str | None:
    """The lead behind whatever was given. A phone or an email is looked up by its keyed hash."""
    from exchange.storage.leads import find_by_any_id

    digits = "".join(character for character in text if character.isdigit())
    phone = f"+1{digits[-10:]}" if len(digits) >= 10 and not text[:1].isalpha() else text
    return await market.db.read(
        find_by_any_id, text, market.vault.index("phone", phone), market.vault.index("email", text.lower())
    )


def _names(market: Market, each: Panel) -> tuple[str, ...]:
    contract = market.deals.contracts.get(each.contract_id)
    names = (each.contract_id, each.contract, each.buyer, contract.buyer_id if contract else "")
    return tuple(name.lower() for name in names)


def _in_lines(told: Sequence[Panel]) -> list[str]:
    """One line a contract: the first sentence, and how many more there are."""
    rows = []
    for each in told:
        more = f" And {len(each.sentences) - 1} more." if len(each.sentences) > 1 else ""
        rows.append((each.contract_id, each.word, each.sentences[0] + more))
    return columns(rows) or ["  No contract was looked at."]


def _in_full(told: Sequence[Panel]) -> list[str]:
    lines: list[str] = []
    for each in told:
        name = each.contract if each.buyer in each.contract else f"{each.buyer}, {each.contract}"
        lines += [f"  {name} ({each.contract_id}): {each.word}"]
        lines += [f"    {sentence}" for sentence in each.sentences]
    return lines
