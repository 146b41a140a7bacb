"""Several returns decided together: first what it comes to in all, then one decision for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.return_decide import CannotDecide, Choice, decide_return, outlook
from exchange.flows.settle import StillAtWork
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.stages.returns.words import TEMPLATES
from exchange.storage.return_views import read_request
from exchange.web.auth import FORM, actor_of, ip_of
from exchange.web.console.returns.return_case import ACTS
from exchange.web.keys import MARKET
from exchange.web.listed.return_rows import ReturnLine, line_of
from exchange.web.listed.returns import PATH, RETURNS
from exchange.web.lists.query import read_query
from exchange.web.pages import Page, see_other
from exchange.web.render import notice, page, times_of
from exchange.web.words import plural

_CHOSEN = "id:"
AT_ONCE = 100
"""So many are decided at once: each is booked by itself, and somebody waits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One of them, what its decision would do, or why it cannot be made."""

    line: ReturnLine
    sentence: str
    credit: Money
    debit: Money
    possible: bool


@dataclass(frozen=True, slots=True)
class Total:
    """The sum in one currency."""

    credit: Money
    debit: Money

    @property
    def margin(self) -> Money:
        return self.credit - self.debit


def pages() -> tuple[Page, ...]:
    return (Page("POST", f"{PATH}/bulk", decide),)


async def decide(request: web.Request) -> web.StreamResponse:
    """Without `sure` the total is shown and nothing is done."""
    market, form, actor = request.app[MARKET], request[FORM], actor_of(request)
    wanted, why = form.get("act", ""), form.get("why", "").strip()[:500]
    ids = await _meant(request)
    if wanted not in ("approve", "decline") or not ids:
        return await notice(request, "Nothing was chosen", "Choose the returns and what to do.", http_status=422)
    if not form.get("sure") or (wanted == "decline" and not why):
        return await _ask(request, market, actor, wanted, ids)
    done, left = 0, []
    for return_id in ids:
        try:
            choice = Choice(ACTS[wanted], why, seen=form.get(f"asked:{return_id}", ""))
            made = await decide_return(market, return_id, choice, actor, ip_of(request))
            done += made.first
        except (CannotDecide, StillAtWork) as error:
            left.append(str(error))
    if left or done < len(ids):
        told = [f"{plural(done, 'return')} decided, {len(ids) - done} left as they were.", *left[:10]]
        return await notice(request, "Not all were decided", *told, http_status=409, links=[("To the queue", PATH)])
    return see_other(PATH)


async def _meant(request: web.Request) -> list[str]:
    """Those chosen, or all that match, the oldest first, as many as are decided at once."""
    form = request[FORM]
    if form.get("which") != "all":
        return [name.removeprefix(_CHOSEN) for name in form if name.startswith(_CHOSEN)][:AT_ONCE]
    given = dict(parse_qsl(form.get("query", "")[:2_000]))
    query = read_query(RETURNS, {**given, "sort": "asked"}, "test" if given.get("mode") == "test" else "live")
    asked = query.asked(times_of(request), AT_ONCE)
    return [line.id for line in await RETURNS.read(request.app[MARKET], actor_of(request), asked)]


async def _ask(request: web.Request, market: Market, actor: Actor, wanted: str, ids: list[str]) -> web.StreamResponse:
    outcomes = [each for return_id in ids if (each := await _outcome(market, actor, wanted, return_id)) is not None]
    possible = [each for each in outcomes if each.possible]
    return await page(
        request,
        "console/returns/return_bulk.html",
        title=f"{'Approve' if wanted == 'approve' else 'Decline'} {plural(len(possible), 'return')}",
        here="returns",
        act=wanted,
        outcomes=outcomes,
        possible=possible,
        totals=_totals(possible),
        begin=TEMPLATES[0][1],
    )


async def _outcome(market: Market, actor: Actor, wanted: str, return_id: str) -> Outcome | None:
    row = await market.db.read(read_request, actor, return_id)
    if row is None:
        return None
    line, zero = line_of(market, row), Money.zero(row["currency"])
    if not line.waits:
        return Outcome(line, "It was decided meanwhile.", zero, zero, False)
    try:
        told = await outlook(market, row, Choice(ACTS[wanted]))
    except CannotDecide as error:
        return Outcome(line, str(error), zero, zero, False)
    return Outcome(line, told.sentence, told.effect.credit, told.effect.debit, True)


def _totals(outcomes: list[Outcome]) -> list[Total]:
    found: Mapping[str, Total] = {}
    for each in outcomes:
        before = found.get(each.credit.currency)
        now = Total(each.credit, each.debit)
        if before is not None:
            now = Total(before.credit + each.credit, before.debit + each.debit)
        found = {**found, each.credit.currency: now}
    return list(found.values())
