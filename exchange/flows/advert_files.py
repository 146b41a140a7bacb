"""Conversions as files, for accounts that are told by hand: made once, found again by their moment."""

from __future__ import annotations

from exchange.flows.adverts import NO_CLICK, event_of, has_click, why_not
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.advert import FILE_CLICKS, AdAccount, AdEvent, ConversionRow
from exchange.storage.adverts import put_in_file, read_conversion, waiting_words, words_in_file

WORDS_MOST = 5_000


async def make_file(market: Market, account: AdAccount, actor: Actor) -> int | None:
    """Put what waits into one file. Returns its moment, None when nothing waits that may be told."""
    now = market.clock.now()
    ended: list[tuple[ConversionRow, str, str]] = []
    outcome: dict[tuple[str, int], str] = {}
    for row in await market.db.read(waiting_words, account.id, WORDS_MOST):
        before = await market.db.read(read_conversion, account.id, row.lead_id, row.number - 1) if row.number else None
        if before is not None:
            before = before._replace(state=outcome.get((row.lead_id, row.number - 1), before.state))
        why = await why_not(market, account, before, row)
        event = await event_of(market, account, row) if why is None else None
        if event is None:
            why = why or "Its values were erased."
        elif (click := FILE_CLICKS.get(account.platform)) is not None and not event.clicks.get(click):
            why = f"A file knows a click by its {click} alone, and there is none."
        elif not has_click(account, event) and event.person is None:
            why = NO_CLICK
        state = "skipped" if why is not None else "sent"
        outcome[row.lead_id, row.number] = state
        ended.append((row, state, why or "In a file."))
    if not ended:
        return None
    after = {"words": str(sum(state == "sent" for _, state, _ in ended))}
    line = audit_line(market.ids, now, actor, "ad_account.file", f"ad_account:{account.id}", after=after)
    return now if await market.db.write(put_in_file, ended, now, line) else None


async def events_in(market: Market, account: AdAccount, made_at: int) -> list[AdEvent]:
    """What is in a file. Whoever took consent back since, or was erased, is in it no more."""
    events = []
    for row in await market.db.read(words_in_file, account.id, made_at):
        event = await event_of(market, account, row) if await why_not(market, account, None, row) is None else None
        if event is not None:
            events.append(event)
    return events
