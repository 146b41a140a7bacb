"""The six things to try tick themselves, whichever way they are done, until somebody dismisses them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from exchange.demo.tries import FILE, LAST, Tries
from exchange.flows.pausing import pause_buyer
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.model.actor import Actor, Role
from tests.market import PING, buying, key_for_tests, open_exchange, selling
from tests.web.leads import refused_then_sold
from tests.web.served import Served, serve_exchange
from tests.web.visitor import OPERATOR, Page, signed_in

FLOOR: Any = {"set:floor": "9"}
NAMES = ("follow", "why", "ping", "return", "pause", "floor")


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with open_exchange(tmp_path) as exchange:
        await exchange.add(*selling("cedar"), *buying("acme"), *buying("birch"), *buying("cobalt"))
        tries = Tries(exchange.market, tmp_path, "cedar-solar", "acme", OPERATOR)
        async with serve_exchange(exchange, to_try=tries) as running:
            yield running


def ticked(page: Page) -> list[str]:
    return [name for name in NAMES if f'<li class="done" data-testid="try-{name}"' in page.source]


async def test_each_ticks_itself_when_it_is_done_elsewhere_and_leads_to_its_page(
    served: Served, tmp_path: Path
) -> None:
    answer = await refused_then_sold(served)
    market = served.exchange.market
    async with signed_in(served) as visitor:
        before = await visitor.open("/console")
        links = [before.source.split(f'data-testid="try-{name}"')[1].split('href="')[1].split('"')[0] for name in NAMES]
        found = [(await visitor.open(link.partition("#")[0])).http_status for link in links]
        await served.send("ping", {**PING, "zip": "1"}, key=key_for_tests("cedar"))
        await pause_buyer(market, "acme", None, "CRM migration", Actor(Role.OPERATOR, OPERATOR))
        after = await visitor.open("/console")
        kept = [thing.done for thing in await Tries(market, tmp_path, "cedar-solar", "acme", OPERATOR).things()]
        return_id = await asked_back(served, answer["lead_id"])
        await visitor.submit(f"/console/returns/{return_id}", act="approve", why="It is so.")
        decided = await visitor.open("/console")
        await visitor.submit("/console/simulator/set", subject="campaign:cedar-solar", **FLOOR)
        await visitor.submit("/console/simulator/run", days="7")
        at_last = await visitor.open("/console")

    assert [] == ticked(before)
    assert "0 of 6 done" in before.source and LAST in before.source
    assert f"/console/leads/{answer['lead_id']}" == links[0]
    assert [200] * 6 == found
    assert ["follow", "why", "ping", "pause"] == ticked(after)
    assert "4 of 6 done" in after.source
    assert [True, True, True, False, True, False] == kept
    assert ["follow", "why", "ping", "return", "pause"] == ticked(decided)
    assert 'data-testid="to-try"' not in at_last.source  # all six are done
    told = json.loads((tmp_path / FILE).read_text("utf-8"))
    assert (sorted(NAMES), [FILE]) == (told["done"], [each.name for each in tmp_path.glob(f"{FILE}*")])


async def asked_back(served: Served, lead_id: str) -> str:
    """Birch asks its money back for the lead; returns the return's id."""
    birch = Actor(Role.BUYER, "ben@birch.example", "birch")
    found = await find_returnable(served.exchange.market, birch, lead_id)
    assert found is not None
    made = await ask_return(served.exchange.market, birch, found, Asking("wrong_person"))
    assert isinstance(made, Asked)
    return str(made.request["id"])


async def test_who_dismisses_them_sees_them_no_more(served: Served) -> None:
    await refused_then_sold(served)
    async with signed_in(served) as visitor:
        shown = await visitor.open("/console")
        after = await visitor.submit("/console/to-try")

    assert 'data-testid="to-try"' in shown.source
    assert (200, False) == (after.http_status, 'data-testid="to-try"' in after.source)
