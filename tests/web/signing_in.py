"""Somebody with a password of their own, and how they sign in by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.web.served import Served
from tests.web.visitor import OPERATOR, Page, Visitor, signed_in

PASSWORD = "kettle lantern pebble"
OTHER = "seven green lanterns"


async def form_token(visitor: Visitor) -> str:
    """What a form of somebody who is not signed in sends: their browser keeps it too."""
    await visitor.open("/login/forgot")
    [token] = [each.value for each in visitor.session.cookie_jar if each.key == "exchange_form"]
    return token


async def try_password(visitor: Visitor, email: str, password: str, *, follow: bool = False) -> Page:
    token = await form_token(visitor)
    return await visitor.send("/login", follow=follow, csrf=token, email=email, password=password)


async def choose_password(visitor: Visitor, new: str = PASSWORD, again: str = "", password: str = "") -> Page:
    token = (await visitor.open("/account")).token
    return await visitor.send("/account/password", csrf=token, new=new, again=again or new, password=password)


@asynccontextmanager
async def with_password(
    served: Served, email: str = OPERATOR, role: str = "operator", party: str | None = None
) -> AsyncIterator[Visitor]:
    """Somebody who followed a link and chose `PASSWORD`; still signed in."""
    async with signed_in(served, email, role, party) as visitor:
        chosen = await choose_password(visitor)
        assert "Your password is changed" in chosen.text, chosen.text
        yield visitor


def is_in(page: Page) -> bool:
    return page.http_status == 303 and page.headers["Location"] == "/console"
