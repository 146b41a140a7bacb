"""`exchange simulate`: what recorded leads would have brought under other rules."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.flows.simulate import Simulated, Wanted

_LAST = re.compile(r"([1-9][0-9]{0,3})([hd])")
_MS = {"h": 3_600_000, "d": 86_400_000}
_TOLD = 5


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """The command and the examples that end its help."""
    first = "exchange simulate --last 7d --set tier.exclusive.floor=10 --set contract.northsun-solar.cap.day=80"
    return (("simulate", simulate, first, "exchange simulate --set buyer.northsun.state=paused --json"),)


def simulate(
    context: typer.Context,
    last: Annotated[str, typer.Option(help="Leads of the last hours or days: 12h, 7d.")] = "7d",
    since: Annotated[str, typer.Option("--from", help="Leads from this day or time on.")] = "",
    until: Annotated[str, typer.Option("--to", help="Leads before this day or time.")] = "",
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting as it would be; once for each.")
    ] = None,
    vertical: Annotated[str, typer.Option(help="Only leads of this vertical.")] = "",
    campaign: Annotated[str, typer.Option(help="Only of this campaign.")] = "",
    seller: Annotated[str, typer.Option(help="Only of this seller.")] = "",
    lead: Annotated[str, typer.Option(help="Only this lead.")] = "",
    seed: Annotated[int, typer.Option(min=0, max=2**31, help="Of what is drawn by lot.")] = 1,
) -> None:
    """What leads of a time would have brought under other rules. Nothing is sent, booked or used up."""
    from exchange.commands.opening import run

    given = {"vertical": vertical, "campaign_id": campaign, "seller_id": seller, "lead_id": lead}
    run(_simulate(context.obj, (last, since, until), "\n".join(settings or ()), given, seed))


async def _simulate(
    terminal: Terminal, period: tuple[str, str, str], draft: str, given: dict[str, str], seed: int
) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.commands.progress import progress
    from exchange.flows.market import refresh
    from exchange.flows.simulate import Wanted, read_draft
    from exchange.flows.simulate import simulate as run
    from exchange.stages.draft import BadDraft
    from exchange.storage.recordings import Span, count_recorded

    async with opened_market(settings_of(terminal)) as market:
        await refresh(market)
        try:
            read = read_draft(market, draft)
        except BadDraft as bad:
            raise Stop(Exit.USAGE, "These rules cannot be tried:", bad.problems) from bad
        start, end = (0, market.clock.now() + 1) if given["lead_id"] else _span(market, *period)
        wanted = Wanted(Span(start, end, **given), read, seed)
        found = await market.db.read(count_recorded, operator(), wanted.span, 1_000_000)
        with progress(terminal, "Simulating", found, market.clock) as bar:

            async def on_step(done: int, _: int) -> bool:
                bar.at(done)
                return True

            simulated = await run(market, operator(), wanted, on_step)
        assert simulated is not None, "nobody stops it"
        terminal.result(_document(wanted, simulated), _lines(market, wanted, simulated))


def _span(market: Market, last: str, since: str, until: str) -> tuple[int, int]:
    now = market.clock.now()
    end = _instant("--to", until) if until else now
    if since:
        start = _instant("--from", since)
    else:
        found = _LAST.fullmatch(last)
        if found is None:
            raise Stop(Exit.USAGE, "--last must be hours or days, such as 12h or 7d.")
        start = end - int(found[1]) * _MS[found[2]]
    if start >= end:
        raise Stop(Exit.USAGE, "--from must lie before --to.")
    return start, end


def _instant(flag: str, text: str) -> int:
    from exchange.fields.instant import read_instant

    at = read_instant(text if "T" in text or text.count("-") != 2 else f"{text}T00:00:00Z")
    if at is None:
        raise Stop(Exit.USAGE, f"{flag} must be a time such as 2026-11-20T14:00:00Z, or a day.")
    return at


def _document(wanted: Wanted, simulated: Simulated) -> dict[str, Any]:
    from exchange.stages.draft import draft_text

    told = {"draft": draft_text(wanted.draft).splitlines(), "cut": simulated.cut, "left_out": list(simulated.others)}
    return {**simulated.result.fields(), **told}


def _lines(market: Market, wanted: Wanted, simulated: Simulated) -> list[str]:
    from exchange.web.figures.simulated import headline, rows, winners

    told = simulated.result.fields()
    lines = [f"  {headline(told, wanted.draft)}"]
    lines += columns([["", "now", "then", "change"], *rows(told)])
    gain, lose = winners(told, lambda buyer_id: market.deals.buyers[buyer_id].name, _TOLD)
    if gain or lose:
        lines.append(f"  Winners  {', '.join(gain) or 'nobody'}    Losers  {', '.join(lose) or 'nobody'}")
    if simulated.cut:
        lines.append("  There are more leads: the newest were taken.")
    if simulated.others:
        lines.append(f"  Leads in {', '.join(simulated.others)} were left out.")
    return lines
