"""What the exchange is called, where and when it is, what its documents say; and whoever set that."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from aiohttp import web

from exchange import limits
from exchange.flows.house import CHOICES, Choice, WrongSetting, change_setting, chosen
from exchange.flows.logo import set_logo
from exchange.flows.standing_house import as_text
from exchange.intake.upload import NoFile
from exchange.model.house import House
from exchange.settings import settings_file, settings_given
from exchange.storage.house import Chosen
from exchange.web.auth import FORM, actor_of
from exchange.web.console.settings._shown import GENERAL, PAPERS, SIGN_IN, shown
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.pages import Page, see_other
from exchange.web.render import as_json, notice, page
from exchange.web.uploads import HeldTooLarge, NotFromHere, closed, receive_held
from exchange.web.words import utc

HOME = "/console/settings/general"
OWN = ("name", "colour", "invoice_address", "invoice_note", "payout_two_above_units")
BACKS = (HOME, "/console/settings/data")
_SAVED = "Saved. It holds at once, here and on every other node within a second."


class Line(NamedTuple):
    """A setting with a form. `fixed` is what set it where no page may; `chosen` when and by whom a page did."""

    choice: Choice
    text: str
    usual: str
    fixed: str
    chosen: Chosen | None

    def fields(self) -> dict[str, object]:
        at = utc(self.chosen.changed_at) if self.chosen is not None else None
        by = self.chosen.changed_by if self.chosen is not None else None
        return {"name": self.choice.setting, "value": self.text, "default": self.usual,
                "fixed_by": self.fixed or None, "changed_at": at, "changed_by": by}  # fmt: skip


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", show_json),
        Page("POST", "/console/settings/choice", change),
    )


def uploads() -> tuple[Page, ...]:
    return (Page("POST", f"{HOME}/logo", take_logo),)


async def show(request: web.Request) -> web.StreamResponse:
    settings = request.app[SETTINGS]
    return await page(
        request,
        "console/settings/general.html",
        title="General settings",
        here="settings",
        lines=await lines_of(request, OWN),
        logo=(await lines_of(request, ("logo",)))[0],
        logo_most=f"{limits.LOGO_BYTES // 1024} KB and {limits.LOGO_PIXELS:,} pixels wide and high",
        general=shown(settings, (each for each in GENERAL if each not in OWN)),
        sign_in=shown(settings, SIGN_IN),
        file=settings_file(settings),
        done=_SAVED if request.query.get("done") == "yes" else "",
        problem="",
    )


async def show_json(request: web.Request) -> web.StreamResponse:
    settings = request.app[SETTINGS]
    filed = shown(settings, (each for each in (*GENERAL, *PAPERS, *SIGN_IN)))
    own = [each.fields() for each in await lines_of(request, (*OWN, "logo"))]
    return as_json({"settings": own, "exchange_toml": [each.fields() for each in filed]})


async def change(request: web.Request) -> web.StreamResponse:
    """Set one by its form, or as it was at install."""
    form = request[FORM]
    text = None if form.get("do") == "reset" else form.get("value", "")
    back = form.get("back", "")
    back = back if back in BACKS else HOME
    try:
        await change_setting(request.app[MARKET], form.get("setting", ""), text, actor_of(request))
    except WrongSetting as error:
        links = [("Back to the settings", back)]
        return await notice(request, "Nothing was changed", str(error), http_status=422, links=links)
    return see_other(f"{back}?done=yes#{form.get('setting', '')}")


async def take_logo(request: web.Request) -> web.StreamResponse:
    """A form with the picture. Its token comes before it."""
    links = [("Back to the settings", HOME)]
    try:
        _, body = await receive_held(request, limits.LOGO_BYTES)
        await set_logo(request.app[MARKET], body, actor_of(request))
    except NotFromHere:
        return closed(await notice(request, "The form was not sent from here", "Open it again.", http_status=403))
    except HeldTooLarge:
        told = f"A logo has at most {limits.LOGO_BYTES // 1024} KB."
        return closed(await notice(request, "Nothing was changed", told, http_status=413, links=links))
    except (NoFile, WrongSetting) as error:
        return closed(await notice(request, "Nothing was changed", str(error), http_status=422, links=links))
    return see_other(f"{HOME}?done=yes#logo")


async def lines_of(request: web.Request, names: Iterable[str]) -> list[Line]:
    market, settings = request.app[MARKET], request.app[SETTINGS]
    given, file, set_here = settings_given(settings, os.environ), settings_file(settings), await chosen(market)
    found = []
    for name in names:
        choice = CHOICES[name]
        fixed = given.get(choice.setting, "exchange.toml") if name in market.filed_house.fixed else ""
        if file is not None and fixed == file.name:
            fixed = str(file)
        text = as_text(name, getattr(market.live.house, name))
        usual = as_text(name, getattr(House(), name))
        found.append(Line(choice, text, usual, fixed, None if fixed else set_here.get(name)))
    return found
