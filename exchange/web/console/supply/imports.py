"""Files of leads: the list of all imports, and the form that brings a new file."""

from __future__ import annotations

from aiohttp import web

from exchange import limits
from exchange.flows.import_desk import Bringing, Spool, TooLarge, TooMany
from exchange.intake.batch import BadFile
from exchange.intake.bring_file import bring_file
from exchange.intake.upload import NoFile, Sent, receive
from exchange.model.batch import Columns
from exchange.model.lead import Mode
from exchange.model.party import Campaign, State
from exchange.storage.imports import list_imports
from exchange.web.auth import actor_of, without_token
from exchange.web.import_rows import Shown, import_fields, shown
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import address, mode_of, page
from exchange.web.render import as_json as json_response
from exchange.web.uploads import NotFromHere, closed, require_token

HOME = "/console/imports"
LISTED = 200


class _NoCampaign(Exception):
    """Nobody can send leads through it."""


def pages() -> tuple[Page, ...]:
    return (Page("GET", HOME, show), Page("GET", f"{HOME}.json", as_json))


def uploads() -> tuple[Page, ...]:
    return (Page("POST", HOME, take),)


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


async def as_json(request: web.Request) -> web.StreamResponse:
    listed = await _listed(request)
    return json_response({"mode": mode_of(request), "imports": [import_fields(each) for each in listed]})


async def take(request: web.Request) -> web.StreamResponse:
    """A form with a file. It is read straight to where it is kept, so its fields come before it."""
    market = request.app[MARKET]
    spools: list[tuple[Spool, Campaign]] = []

    def begin(sent: Sent) -> Spool:
        require_token(request, sent)
        campaign = market.deals.campaigns.get(sent.fields.get("campaign", ""))
        if campaign is None or campaign.state is State.DELETED:
            raise _NoCampaign
        spool = Spool(market)
        spools.append((spool, campaign))
        return spool

    try:
        sent = await receive(request, begin)
        ((spool, campaign),) = spools
        mode = Mode(mode_of(request))
        bringing = Bringing(campaign, mode, sent.name, actor_of(request))
        row = await bring_file(market, spool, bringing, Columns())
    except NotFromHere:
        return closed(await without_token(request))
    except _NoCampaign:
        return closed(await _page(request, "Choose the campaign whose leads these are.", 422))
    except (BadFile, NoFile, TooLarge, TooMany) as error:
        for spool, _ in spools:
            spool.drop()
        return closed(await _page(request, str(error), 422))
    except BaseException:
        for spool, _ in spools:
            spool.drop()
        raise
    location = address(f"{HOME}/{row.id}", mode="test" if mode is Mode.TEST else None)
    return see_other(location)


async def _page(request: web.Request, problem: str = "", http_status: int = 200) -> web.Response:
    market = request.app[MARKET]
    campaigns = sorted(
        (each for each in market.deals.campaigns.values() if each.state is not State.DELETED),
        key=lambda each: each.name.lower(),
    )
    return await page(
        request,
        "console/supply/imports.html",
        title="Imports",
        here="imports",
        listed=await _listed(request),
        campaigns=campaigns,
        most_mb=limits.IMPORT_BYTES // 1024 // 1024,
        problem=problem,
        http_status=http_status,
    )


async def _listed(request: web.Request) -> list[Shown]:
    market = request.app[MARKET]
    rows = await market.db.read(list_imports, actor_of(request), mode_of(request), LISTED)
    return [shown(market, row) for row in rows]
