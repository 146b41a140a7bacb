"""Pages without sign-in: what their address holds is what lets somebody in."""

from __future__ import annotations

from aiohttp import web

from exchange.web.pages import add_table
from exchange.web.public import links, posting


def add_public(app: web.Application) -> None:
    for each in (links, posting):
        add_table(app, each.pages())
