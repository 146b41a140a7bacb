"""A buyer asks its money back for many leads by one file."""

from __future__ import annotations

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.return_files import RowTold, ask_all, look_at_asks
from exchange.model.actor import Actor
from exchange.stages.returns.files import ask_rows
from exchange.web import return_files
from exchange.web.buyer_portal.returns import HOME
from exchange.web.pages import Page


async def _look(market: Market, actor: Actor, text: str, _: web.Request) -> list[RowTold]:
    return await look_at_asks(market, actor, ask_rows(text))


async def _do(market: Market, actor: Actor, text: str, _: web.Request) -> list[RowTold]:
    return await ask_all(market, actor, ask_rows(text))


_PLACE = return_files.Place(f"{HOME}/file", "buyer_portal/return_file.html", "Ask by a file", _look, _do)


def pages() -> tuple[Page, ...]:
    return return_files.pages(_PLACE)


def uploads() -> tuple[Page, ...]:
    return return_files.uploads(_PLACE)
