"""Helio One tops up by card, lets the card be kept, and has its account filled up by itself from then on.

It is one of its people with a browser: signed in by a link, on its own Billing page and the provider's.
"""

from __future__ import annotations

import re
from decimal import Decimal

from aiohttp import ClientSession, CookieJar

from exchange.demo.acts import Act, Scene
from exchange.flows.sign_in import create_user, make_login_link

BUYER, PERSON = "helio_one", "buyer-helio@demo.local"
AMOUNT, FILLED_WITH, ROOM = "250.00", "300.00", Decimal(150)
_CARD = "4242424242424242"
_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


def payers() -> Act:
    async def play(scene: Scene) -> None:
        market = scene.running.market
        await create_user(market, PERSON, "buyer", BUYER)
        link = await make_login_link(market, PERSON)
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            async with browser.get(f"{scene.url}/login/{link}", allow_redirects=False):
                pass
            await _top_up(browser, f"{scene.url}/buyer/billing")
            await _fill_up(browser, f"{scene.url}/buyer/billing")

    return Act("payers", 20.0, 0.0, play)


async def _top_up(browser: ClientSession, billing: str) -> None:
    """The form leads to the provider's page, where the card is typed in."""
    form = {"csrf": await _token(browser, billing), "amount": AMOUNT, "save": "yes"}
    async with browser.post(f"{billing}/top-up", data=form) as sent:
        place = sent.headers["Refresh"].removeprefix("0; url=")
    async with browser.post(place, data={"card": _CARD}, allow_redirects=False):
        pass


async def _fill_up(browser: ClientSession, billing: str) -> None:
    """As soon as the card is kept; a little below what is there, so that the next leads bring it about."""
    async with browser.get(f"{billing}.json") as told:
        balance = Decimal((await told.json())["available"])
    threshold = max(balance + Decimal(AMOUNT) - ROOM, Decimal(50))
    form = {"threshold": f"{threshold:.2f}", "auto_amount": FILLED_WITH, "most_per_day": "3", "on": "yes"}
    for _ in range(30):
        token = await _token(browser, billing)
        async with browser.post(f"{billing}/auto", data={"csrf": token, **form}) as saved:
            if saved.status == 200:
                return


async def _token(browser: ClientSession, page: str) -> str:
    async with browser.get(page) as shown:
        found = _TOKEN.search(await shown.text())
    assert found is not None, "the page has no form"
    return found[1]
