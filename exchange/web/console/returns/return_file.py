"""An operator decides many returns by one file: the list of the queue, brought back with a decision in each row."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.return_files import RowTold, decide_all, look_at_decisions
from exchange.model.actor import Actor
from exchange.stages.returns.files import decide_rows
from exchange.web import return_files
from exchange.web.auth import ip_of
from exchange.web.pages import Page
from exchange.web.return_list import PATH


async def _look(market: Market, actor: Actor, text: str, _: web.Request) -> list[RowTold]:
    return await look_at_decisions(market, actor, decide_rows(text))


async def _do(market: Market, actor: Actor, text: str, request: web.Request) -> list[RowTold]:
    return await decide_all(market, actor, decide_rows(text), ip_of(request))


_PLACE = return_files.Place(f"{PATH}/file", "console/returns/return_file.html", "Decide by a file", _look, _do)


def pages() -> tuple[Page, ...]:
    return return_files.pages(_PLACE)


def uploads() -> tuple[Page, ...]:
    return return_files.uploads(_PLACE)
