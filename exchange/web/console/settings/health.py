"""Whether the exchange is well: the same checks as `exchange doctor`, from the same functions, in words."""

from __future__ import annotations

import os
from typing import NamedTuple

from aiohttp import web

from exchange import __version__
from exchange.flows.doctor import examine
from exchange.model.health import ABOUT, About, Finding, Word
from exchange.model.rights import Right
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page
from exchange.web.render import as_json, page
from exchange.web.words import utc

HOME = "/console/health"
_WORDS = {Word.OK: "good", Word.WARN: "watch", Word.FAIL: "bad"}


class Line(NamedTuple):
    finding: Finding
    about: About

    @property
    def word(self) -> str:
        return _WORDS[self.finding.word]

    def fields(self) -> dict[str, str]:
        told, about = self.finding, self.about
        return {"check": told.what, "word": self.word, "told": told.told, "means": about.means, "fix": told.fix}


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("POST", f"{HOME}/outside", show_whole, Right.EDIT),
    )


async def show(request: web.Request) -> web.StreamResponse:
    """What can be told at once, without asking anybody outside."""
    return await _page(request, await _lines(request, whole=False), whole=False)


async def show_whole(request: web.Request) -> web.StreamResponse:
    """With all pages of the database, the mail server and buyers' servers: as `exchange doctor` looks."""
    return await _page(request, await _lines(request, whole=True), whole=True)


async def show_json(request: web.Request) -> web.StreamResponse:
    lines = await _lines(request, whole=False)
    return as_json(
        {
            "at": utc(request.app[MARKET].clock.now()),
            "version": __version__,
            "ok": all(each.finding.word is not Word.FAIL for each in lines),
            "checks": [each.fields() for each in lines],
        }
    )


async def _lines(request: web.Request, *, whole: bool) -> list[Line]:
    found = await examine(request.app[MARKET], request.app[SETTINGS], os.environ, whole=whole)
    return [Line(each, ABOUT[each.what]) for each in found]


async def _page(request: web.Request, lines: list[Line], *, whole: bool) -> web.StreamResponse:
    worst = ("bad", "watch", "good")
    return await page(
        request,
        "console/settings/health.html",
        title="Health",
        here="health",
        lines=sorted(lines, key=lambda each: worst.index(each.word)),
        counted={word: sum(each.word == word for each in lines) for word in worst},
        whole=whole,
    )
