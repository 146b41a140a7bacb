"""Somebody fills in Evergreen's form, page by page, as long as a person takes."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import replace
from html import unescape

from exchange.demo.acts import Act, Scene
from exchange.demo.homes import CityHomes
from exchange.demo.people import EVEN, generate

NAME = "solar"
CAMPAIGN = "evergreen-solar"
_FIRST_SECONDS, _EVERY_SECONDS = 4.0, 45.0
_SECONDS = (3.0, 14.0, 7.0)  # a step takes at least, at most, mostly
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)"(?: value="([^"]*)")?')
_ASKED = re.compile(r' name="([a-z]\w*)"')


def act() -> Act:
    return Act("form", _FIRST_SECONDS, _EVERY_SECONDS, fill_in)


async def fill_in(scene: Scene) -> None:
    """From the first page to the thanks. Raises `LookupError` when the form does not go on."""
    clock = scene.running.clock
    rng = random.Random(clock.now())
    values = _somebody(scene, clock.now())
    url = f"{scene.url}/f/{NAME}"
    headers = {"User-Agent": values["user_agent"], "Accept": "text/html"}
    async with scene.session.get(url, params={"sub_id1": values["sub_id1"], "utm_source": "search"}) as answer:
        shown = await answer.text()
    for _ in scene.running.market.deals.shapes.forms[NAME].steps:
        await clock.sleep(rng.triangular(*_SECONDS))
        async with scene.session.post(url, data=filled_in(shown, values), headers=headers) as answer:
            shown = await answer.text()
    if 'data-testid="thanks"' not in shown:
        raise LookupError("the form did not come to its thanks")


def filled_in(page: str, values: Mapping[str, str]) -> dict[str, str]:
    """What a browser would send of this page, filled in with these values."""
    hidden = {name: unescape(value or "") for name, value in _HIDDEN.findall(page)}
    asked = {name: values[name] for name in _ASKED.findall(page) if name in values}
    return {**hidden, **asked, "_zone": "America/Phoenix", "_robot": "no", "_go": "on", "_agree": "yes"}


def _somebody(scene: Scene, now: int) -> Mapping[str, str]:
    """A person who wants solar panels, another one each time."""
    market = scene.running.market
    habits = next(each for each in scene.running.cast.sellers if each.campaign == CAMPAIGN)
    vertical = market.verticals[market.deals.campaigns[CAMPAIGN].vertical]
    clean = replace(habits.source, dirt_bp={})
    people = generate(now, vertical, CityHomes(market.places), clean, starts_at=now, per_minute=1.0, hourly=EVEN)
    return next(people).values
