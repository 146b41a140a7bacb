"""What is about oneself, whoever one is: how one signs in, and where one is signed in."""

from __future__ import annotations

from aiohttp import web

from exchange.web.account import account, notifications, notify_settings, passkeys, two_factor
from exchange.web.auth import for_anybody
from exchange.web.pages import add_table


def add_account(app: web.Application) -> None:
    for each in (account, two_factor, passkeys, notify_settings, notifications):
        add_table(app, each.pages(), for_anybody)
