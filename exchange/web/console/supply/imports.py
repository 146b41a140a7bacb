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
from exchange.web.auth import actor_of, without_token
from exchange.web.import_list import IMPORTS, PATH
from exchange.web.keys import MARKET
from exchange.web.lists.twins import pages_of
from exchange.web.lists.view import view_of
from exchange.web.pages import Page, see_other
from exchange.web.render import address, mode_of, page
from exchange.web.uploads import NotFromHere, closed, require_token


class _NoCampaign(Exception):
    """Nobody can send leads through it."""


def pages() -> tuple[Page, ...]:
    return pages_of(IMPORTS, show)


def uploads() -> tuple[Page, ...]:
    return (Page("POST", PATH, take),)


async def show(request: web.Request) -> web.StreamResponse:
    return await _page(request)


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
    location = address(f"{PATH}/{row.id}", mode="test" if mode is Mode.TEST else None)
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
        view=await view_of(request, IMPORTS),
        campaigns=campaigns,
        most_mb=limits.IMPORT_BYTES // 1024 // 1024,
        problem=problem,
        http_status=http_status,
    )
