"""`exchange replay`: deliveries of a buyer or a time sent again, after a look at how many there are; or one lead run
again on its record under the rules of now, of which nothing is sent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.commands.terminal import Exit, Stop, Terminal

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.storage.delivery_views import DeliveryFilter

STATUSES = {"failed": ("failed", "refused"), "put_aside": ("waiting",), "nobody_knows": ("expired",)}
MOST = 10_000
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which deliveries, as they were asked for."""

    buyer: str
    status: str
    since: int | None
    until: int | None


def replay(
    context: typer.Context,
    lead: Annotated[str, typer.Argument(help="A lead to run again under the rules of now.")] = "",
    diff: Annotated[bool, typer.Option("--diff", help="What of the lead's steps would go otherwise.")] = False,
    mode: Annotated[str, typer.Option(help="test: nothing real happens. There is no other.")] = "test",
    deliveries: Annotated[bool, typer.Option("--deliveries", help="Send deliveries again.")] = False,
    buyer: Annotated[str, typer.Option(help="Only of this buyer.")] = "",
    status: Annotated[str, typer.Option(help="failed, put_aside or nobody_knows.")] = "failed",
    since: Annotated[str, typer.Option(help="Sold at or after this time, such as 2026-11-20T14:00.")] = "",
    until: Annotated[str, typer.Option(help="Sold before this time.")] = "",
    rate: Annotated[str, typer.Option(help="At most so many: 5/s, 60/min.")] = "5/s",
) -> None:
    """Send deliveries again that failed, were put aside, or may have arrived where repeats are safe."""
    from exchange.commands.imports import per_second
    from exchange.commands.opening import run

    if lead:
        if deliveries or mode != "test":
            raise Stop(Exit.USAGE, "A lead is replayed in test alone, and without --deliveries.")
        run(_replay_lead(context.obj, lead, diff=diff))
        return
    if not deliveries:
        raise Stop(Exit.USAGE, "Say what to replay: a lead, or --deliveries.")
    if status not in STATUSES:
        raise Stop(Exit.USAGE, f"--status is one of {', '.join(STATUSES)}.")
    wanted = Wanted(buyer, status, _instant("--since", since), _instant("--until", until))
    run(_replay(context.obj, wanted, per_second(rate)))


async def _replay_lead(terminal: Terminal, lead_id: str, *, diff: bool) -> None:
    """Both ways of one lead: by its record, and under the rules of now."""
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.earn_now import earn_now
    from exchange.flows.market import refresh
    from exchange.web.figures.replayed import replayed, result_words

    async with opened_market(settings_of(terminal)) as market:
        await refresh(market)
        found = await earn_now(market, operator(), lead_id)
        if found is None:
            raise Stop(Exit.FAILED, f"{lead_id} is no lead that contracts were judged for, or its values are gone.")
        told = replayed(market, found.was.steps, found.now.steps)
        lines = [f"  same     {told.same} of {told.all} steps"]
        if diff:
            lines += [f"  changed  {line}" for line in told.changed]
        was, now = result_words(market, found.was), result_words(market, found.now)
        lines.append(f"  result   {was} -> {now}")
        document = {"lead_id": lead_id, "same": told.same, "steps": told.all, "changed": told.changed}
        terminal.result({**document, "result": {"record": was, "now": now}}, lines)


def _instant(flag: str, text: str) -> int | None:
    from exchange.fields.instant import read_instant

    at = read_instant(text if "T" in text or text.count("-") != 2 else f"{text}T00:00:00Z") if text else None
    if text and at is None:
        raise Stop(Exit.USAGE, f"{flag} must be a time such as 2026-11-20T14:00:00Z, or a day.")
    return at


async def _replay(terminal: Terminal, wanted: Wanted, per_second: float) -> None:
    from exchange.commands.opening import opened_market, settings_of

    async with opened_market(settings_of(terminal)) as market:
        if wanted.buyer and wanted.buyer not in market.deals.buyers:
            raise Stop(Exit.FAILED, f"There is no buyer {wanted.buyer}.")
        ids = await _found(market, wanted)
        if ids:
            terminal.confirm(f"{len(ids)} deliveries would be sent again. Go on?", "Nothing was sent.")
        sent, refused = await _send(terminal, market, ids, per_second)
    lines = [f"  {len(sent)} of {len(ids)} deliveries go out again.", *(f"  {why}" for why in refused.values())]
    terminal.result({"found": len(ids), "queued": sent, "refused": refused}, lines)
    if refused:
        raise Stop(Exit.SOME_FAILED)


async def _found(market: Market, wanted: Wanted) -> list[str]:
    """The ids, oldest first."""
    from exchange.commands.opening import operator
    from exchange.storage.delivery_views import DeliveryFilter, list_deliveries
    from exchange.storage.spans import Span

    page = DeliveryFilter(
        "live",
        STATUSES[wanted.status],
        wanted.buyer or None,
        since=wanted.since,
        until=wanted.until,
        span=Span(limit=_PAGE),
    )
    ids: list[str] = []
    next_page: DeliveryFilter | None = page
    while next_page is not None and len(ids) < MOST:
        rows = await market.db.read(list_deliveries, operator(), next_page)
        aside = wanted.status != "put_aside"
        ids += [row["attempt_id"] for row in rows if aside or (row["dead"] and row["run_at"] is None)]
        last = (rows[-1]["made_at"], rows[-1]["attempt_id"]) if len(rows) == _PAGE else None
        next_page = replace(page, span=Span(after=last, limit=_PAGE)) if last is not None else None
    return ids[:MOST][::-1]


async def _send(
    terminal: Terminal, market: Market, ids: list[str], per_second: float
) -> tuple[list[str], dict[str, str]]:
    """One after another, at their pace. Returns those that go out, and for the others the reason."""
    from exchange.commands.opening import operator
    from exchange.commands.progress import progress
    from exchange.flows.resend import resend
    from exchange.flows.settle import CannotSettle

    sent: list[str] = []
    refused: dict[str, str] = {}
    with progress(terminal, "Sending", len(ids), market.clock) as bar:
        for number, attempt_id in enumerate(ids, start=1):
            try:
                await resend(market, attempt_id, operator())
            except CannotSettle as error:
                refused[attempt_id] = str(error)
            else:
                sent.append(attempt_id)
            bar.at(number, f"{len(refused)} refused" if refused else "")
            if number < len(ids) and per_second:
                await market.clock.sleep(1 / per_second)
    return sent, refused
