"""What recorded leads would have brought under drafted rules. Nothing is asked, sold, booked or used up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from exchange.flows.market import Market
from exchange.flows.recordings import LEADS_MOST, Recording, read_like, read_past, read_recording
from exchange.flows.redrawn import Redrawn, draft_problems, joining, parties_of
from exchange.model.actor import Actor
from exchange.model.draft import Draft
from exchange.model.worth import Worth
from exchange.stages.draft import BadDraft, parse_draft
from exchange.stages.simulate.period import Period, Setting
from exchange.stages.simulate.record import Recorded
from exchange.stages.simulate.result import Result
from exchange.stages.simulate.run import Source
from exchange.storage.recordings import Span, currencies_of

SEED = 1
_AT_A_STRETCH = 100  # leads, then others may work
Step = Callable[[int, int], Awaitable[bool]]


class Wanted(NamedTuple):
    """Leads of a span under a draft. Leads of one currency are simulated: that of most of them unless told."""

    span: Span
    draft: Draft
    seed: int = SEED


class Simulated(NamedTuple):
    """`cut`: there are more leads; the newest were taken. `others` are currencies that were left out."""

    wanted: Wanted
    result: Result
    cut: bool
    others: tuple[str, ...]


async def _go_on(_: int, __: int) -> bool:
    return True


def read_draft(market: Market, text: str) -> Draft:
    """A draft that could be published as it stands. Raises `BadDraft` with every problem."""
    draft = parse_draft(text, parties_of(market))
    if problems := draft_problems(market, draft):
        raise BadDraft(problems)
    return draft


async def simulate(
    market: Market, actor: Actor, wanted: Wanted, on_step: Step = _go_on, most: int = LEADS_MOST
) -> Simulated | None:
    """None when `on_step`, which is told how many of how many leads are done, said to stop."""
    currencies = await market.db.read(currencies_of, wanted.span)
    currency = wanted.span.currency or (currencies[0] if currencies else "USD")
    span = wanted.span._replace(currency=currency)
    recording = await read_recording(market, actor, span, most)
    period = await _period(market, recording, span, wanted)
    total = len(recording.leads)
    while not period.over:
        done = await asyncio.to_thread(period.go_on, _AT_A_STRETCH)
        if not await on_step(done, total):
            return None
    others = tuple(each for each in currencies if each != currency)
    return Simulated(wanted._replace(span=span), period.result, total >= most, others)


async def _period(market: Market, recording: Recording, span: Span, wanted: Wanted) -> Period:
    parties = parties_of(market)
    past = await read_past(market, recording, span, parties.buyers)
    like = await read_like(market, recording, span)
    standings = market.live.standings

    def band(lead: Recorded) -> str:
        return standings.band(lead.campaign.vertical, lead.campaign.seller_id, lead.sub_id).value

    def worth(lead: Recorded) -> Worth:
        return standings.worth(lead.campaign.vertical, lead.campaign.seller_id)

    given = Setting(
        recording.contracts,
        parties.buyers,
        past,
        span.currency,
        wanted.seed,
        Redrawn(market, wanted.draft, recording.rows),
        joining(market, wanted.draft, parties.contracts),
        Source(band, worth),
    )
    return await asyncio.to_thread(Period, recording.leads, wanted.draft, given, like)
