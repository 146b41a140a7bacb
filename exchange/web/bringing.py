"""A file of leads brought with a form, by the people of the exchange or of the seller whose leads they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from exchange.flows.import_desk import Bringing, Spool, TooLarge, TooMany
from exchange.intake.batch import BadFile
from exchange.intake.bring_file import bring_file
from exchange.intake.upload import NoFile, Sent, receive
from exchange.model.batch import Columns
from exchange.model.lead import Mode
from exchange.model.party import Campaign
from exchange.web.auth import actor_of, without_token
from exchange.web.keys import MARKET
from exchange.web.pages import see_other
from exchange.web.render import address, mode_of
from exchange.web.uploads import NotFromHere, closed, require_token

Show = Callable[[web.Request, str, int], Awaitable[web.StreamResponse]]
"""The page again, with what was wrong and as which HTTP status."""


class _NoCampaign(Exception):
    """Nobody can send leads through it."""


async def bring(request: web.Request, base: str, campaigns: Sequence[Campaign], show: Show) -> web.StreamResponse:
    """A form with a file for one of these. It is read straight to where it is kept, so its fields come before it."""
    market = request.app[MARKET]
    spools: list[tuple[Spool, Campaign]] = []

    def begin(sent: Sent) -> Spool:
        require_token(request, sent)
        campaign = next((each for each in campaigns if each.id == sent.fields.get("campaign", "")), None)
        if campaign is None:
            raise _NoCampaign
        spool = Spool(market)
        spools.append((spool, campaign))
        return spool

    try:
        sent = await receive(request, begin)
        ((spool, campaign),) = spools
        mode = Mode(mode_of(request))
        row = await bring_file(market, spool, Bringing(campaign, mode, sent.name, actor_of(request)), Columns())
    except NotFromHere:
        return closed(await without_token(request))
    except _NoCampaign:
        return closed(await show(request, "Choose the campaign whose leads these are.", 422))
    except (BadFile, NoFile, TooLarge, TooMany) as error:
        for spool, _ in spools:
            spool.drop()
        return closed(await show(request, str(error), 422))
    except BaseException:
        for spool, _ in spools:
            spool.drop()
        raise
    return see_other(address(f"{base}/{row.id}", mode="test" if mode is Mode.TEST else None))
