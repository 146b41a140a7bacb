"""The steps from a stranger to somebody who is signed in: open to everybody."""

from __future__ import annotations

from aiohttp import web

from exchange.web.pages import add_table
from exchange.web.way_in import forgot, link, new_password, passkey, second, sign_on


def add_ways_in(app: web.Application) -> None:
    for each in (forgot, new_password, passkey, second, sign_on, link):
        add_table(app, each.pages())
