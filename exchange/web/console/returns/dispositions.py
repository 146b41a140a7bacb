"""What buyers reported, by every way, newest first; and a list of leads that somebody reports for a buyer."""

from __future__ import annotations

from typing import NamedTuple

from aiohttp import web

from exchange import limits
from exchange.flows.dispositions import Teller, record_reports
from exchange.flows.market import Market
from exchange.flows.reports_in import contracts_over, read_now
from exchange.model.feedback import Channel, Report
from exchange.stages.dispositions import Verdict
from exchange.storage.disposition_polls import ReadState, read_states
from exchange.web.auth import FORM, actor_of
from exchange.web.keys import MARKET
from exchange.web.listed.leads import buyers
from exchange.web.listed.told import PATH, TOLD, kinds
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import address, mode_of, notice, page
from exchange.web.report_files import Place
from exchange.web.report_files import pages as file_pages
from exchange.web.report_files import uploads as file_uploads
from exchange.web.story.dispositions import CHANNELS, buyer_name
from exchange.web.told_in import PATH as TOLD_PATH
from exchange.web.words import plural

HOME = PATH
_FILES = Place(f"{HOME}/files", "dispositions", "Files of dispositions")
_SAID = (Verdict.RECORDED, Verdict.UNCHANGED, Verdict.NOT_FOUND, Verdict.INVALID)


class System(NamedTuple):
    """A buyer's system: how often it is asked (None: never), whether it calls by itself, and how that went."""

    name: str
    buyers: str
    every_ms: int | None
    calls: bool
    state: ReadState


def pages() -> tuple[Page, ...]:
    return (
        *pages_of(TOLD, show),
        Page("POST", f"{HOME}/many", tell),
        Page("POST", f"{HOME}/read", read),
        *file_pages(_FILES),
    )


def uploads() -> tuple[Page, ...]:
    return file_uploads(_FILES)


async def show(request: web.Request) -> web.StreamResponse:
    market = request.app[MARKET]
    return await page(
        request,
        "console/returns/dispositions.html",
        title="Dispositions",
        here="dispositions",
        view=await view_of(request, TOLD),
        channels=CHANNELS,
        buyers=buyers(market),
        kinds=kinds(market),
        most=limits.DISPOSITIONS_AT_ONCE,
        told=request.query.get("told", "")[:200],
        systems=await _systems(market),
        told_at=market.public_url + TOLD_PATH,
    )


async def read(request: web.Request) -> web.StreamResponse:
    """Have a buyer's system asked now."""
    name = request[FORM].get("connection", "")
    if not await read_now(request.app[MARKET], name, actor_of(request)):
        return await notice(request, "It cannot be asked", "No such system is ever asked.", http_status=404)
    told = f"{name} is asked within seconds"
    return see_other(address(HOME, told=told))


async def _systems(market: Market) -> list[System]:
    """The buyers' systems that tell by themselves or are asked."""
    states = await market.db.read(read_states)
    found: list[System] = []
    for name, connection in sorted(market.connections.items()):
        if connection.reports is not None:
            names = {buyer_name(market, contract.buyer_id) for contract in contracts_over(market, name)}
            every_ms, calls = connection.reports.every_ms, connection.reports.has_hook
            found.append(System(name, ", ".join(sorted(names)), every_ms, calls, states.get(name, ReadState(name))))
    return found


async def tell(request: web.Request) -> web.StreamResponse:
    """One word for a list of leads, told for their buyer by somebody of the exchange."""
    form, market, actor = request[FORM], request.app[MARKET], actor_of(request)
    names = form.get("leads", "").replace(",", " ").split()
    buyer_id, word = form.get("buyer", ""), form.get("disposition", "").strip()
    if buyer_id not in market.deals.buyers or not names or not word:
        told = "Choose the buyer and the word, and name the leads by id or reference."
        return await notice(request, "Nothing was recorded", told, http_status=422)
    if len(names) > limits.DISPOSITIONS_AT_ONCE:
        told = f"At most {limits.DISPOSITIONS_AT_ONCE} leads at once. Bring a file for more."
        return await notice(request, "Nothing was recorded", told, http_status=422)
    teller = Teller(Channel.CONSOLE, (buyer_id,), f"operator {actor.name}")
    outcomes = await record_reports(market, teller, [Report(name[:120], word) for name in dict.fromkeys(names)])
    counts = {verdict: sum(1 for each in outcomes if each.verdict is verdict) for verdict in _SAID}
    words = {
        Verdict.UNCHANGED: "said so already",
        Verdict.NOT_FOUND: "not matched",
        Verdict.INVALID: "without that word",
    }
    told = ", ".join(f"{plural(n, 'lead')} {words.get(verdict, 'recorded')}" for verdict, n in counts.items() if n)
    location = address(HOME, told=told, mode="test" if mode_of(request) == "test" else None)
    return see_other(location)
