"""Somebody who looks at pages: signed in by a real link, with the cookies of a browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from typing import Any

import orjson
from aiohttp import ClientSession, CookieJar, FormData

from exchange.clock import SimulatedClock
from exchange.flows.sign_in import create_user, make_login_link
from tests.web.served import Served

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
OPERATOR = "olive@operator.example"
_TAG = re.compile(r"<[^>]+>")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Page:
    """An answer as a person and a program see it. `text` is without tags."""

    http_status: int
    headers: Mapping[str, str]
    source: str

    @property
    def text(self) -> str:
        return _BLANKS.sub(" ", unescape(_TAG.sub(" ", self.source))).strip()

    @property
    def fields(self) -> Any:
        return orjson.loads(self.source)

    @property
    def token(self) -> str:
        """What the page's own forms would send."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.source)
        assert found is not None, "the page has no form"
        return found[1]

    def part(self, testid: str) -> str:
        """The text of the part marked so, up to the end of its section."""
        begin = self.source.index(f'data-testid="{testid}"')
        return _BLANKS.sub(" ", unescape(_TAG.sub(" ", self.source[begin:].split("</section>")[0].partition(">")[2])))

    def attributes(self, testid: str, name: str) -> list[str]:
        """An attribute of every element marked so, in order."""
        return re.findall(rf'data-testid="{testid}"[^>]*? {name}="([^"]*)"', self.source)

    def link(self, testid: str) -> str:
        """Where the link marked so leads."""
        before = re.findall(rf'href="([^"]*)"[^>]*? data-testid="{testid}"', self.source)
        assert before, f"no link is marked {testid}"
        return unescape(before[0])


@dataclass
class Visitor:
    """A browser without a script."""

    served: Served
    session: ClientSession

    async def open(self, path: str, *, follow: bool = True) -> Page:
        async with self.session.get(self.served.address + path, allow_redirects=follow) as response:
            return Page(response.status, response.headers, await response.text())

    async def send(self, path: str, *, follow: bool = True, **form: str) -> Page:
        """Post a form, as it is given."""
        url = self.served.address + path
        async with self.session.post(url, data=form, allow_redirects=follow) as response:
            return Page(response.status, response.headers, await response.text())

    async def submit(self, path: str, *, follow: bool = True, **form: str) -> Page:
        """Post a form of one of our pages: its token is in it."""
        token = (await self.open("/console/help/terms")).token
        return await self.send(path, follow=follow, csrf=token, **form)

    async def send_file(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> Page:
        """Post a form with a file."""
        form = FormData(dict(fields))
        form.add_field("file", content, filename=name, content_type="text/csv")
        async with self.session.post(self.served.address + path, data=form) as response:
            return Page(response.status, response.headers, await response.text())


@asynccontextmanager
async def stranger(served: Served) -> AsyncIterator[Visitor]:
    """Somebody who never signed in."""
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers={"User-Agent": BROWSER}) as session:
        yield Visitor(served, session)


@asynccontextmanager
async def signed_in(
    served: Served, email: str = OPERATOR, role: str = "operator", party: str | None = None
) -> AsyncIterator[Visitor]:
    """Somebody of this role who followed a sign-in link."""
    async with stranger(served) as visitor:
        await visitor.open(await login_path(served, email, role, party), follow=False)
        yield visitor


async def login_path(served: Served, email: str = OPERATOR, role: str = "operator", party: str | None = None) -> str:
    market = served.exchange.market
    await create_user(market, email, role, party)
    return f"/login/{await make_login_link(market, email)}"


def later(served: Served, seconds: float) -> None:
    """Let time pass."""
    clock = served.exchange.clock
    assert isinstance(clock, SimulatedClock)
    clock.advance(seconds)
