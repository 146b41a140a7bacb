"""Ping trees: tiers and cards, edited as a draft by buttons, tried on the last week, published, lit by a lead."""

from __future__ import annotations

import re
import shutil
from typing import Any

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import async_playwright

from exchange.model.party import Cap, State, Strategy, Tier, Window
from exchange.worker import run_jobs
from tests.market import POST, buying, selling
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.test_console_browser import ARGUMENTS
from tests.web.visitor import OPERATOR, later, login_path, signed_in

TREE = "/console/trees/cedar-solar"
FLOOR: Any = {"set:floor": "9", "set:tier.1.strategy": "second_price"}
_CARD = re.compile(r'data-tier="(\d*)"|data-testid="card" data-contract="([a-z-]+)"')


def order(source: str) -> list[str]:
    """Tiers and cards as they stand."""
    return [f"tier {tier}" if tier else card for tier, card in _CARD.findall(source)]


async def filled(served: Served) -> None:
    two = (Tier(1, "First", Strategy.HIGHEST_PRICE), Tier(2, "Rest", Strategy.PRIORITY))
    await served.exchange.add(
        *selling("cedar", tiers=two),
        *buying("acme", caps=(Cap(Window.DAY, "count", 5),)),
        *buying("birch"),
        *buying("cobalt", tier=2, state=State.PAUSED),
    )
    served.exchange.buyers.bids("acme", "30.00")
    served.exchange.buyers.bids("birch", "24.00")
    for number in range(3):
        await sell(served, number)
        later(served, 60)


async def test_a_tree_is_drafted_tried_published_and_rolled_back(served: Served) -> None:
    await filled(served)
    market = served.exchange.market
    async with signed_in(served) as olive:
        listed, plain = await olive.open("/console/trees"), await olive.open(TREE)
        await olive.submit(f"{TREE}/move", contract="birch-solar", way="up")
        moved = await olive.submit(f"{TREE}/move", contract="acme-solar", way="below")
        await olive.submit(f"{TREE}/tier", do="add")
        drafted = await olive.submit(f"{TREE}/set", subject="campaign:cedar-solar", follow=True, **FLOOR)
        gone = await olive.submit(f"{TREE}/move", contract="nobody", way="up")
        wrong = await olive.submit(f"{TREE}/set", subject="contract:acme-solar", follow=True, **{"set:tier": "0"})
        while await run_jobs(market):
            pass
        tried = await olive.open(TREE)
        lit = await olive.submit(f"{TREE}/test", lead="\n".join(f"{name}={value}" for name, value in POST.items()))
        empty = await olive.submit(f"{TREE}/test", lead="hello")
        before = market.deals.campaigns["cedar-solar"].version
        published = await olive.submit(f"{TREE}/publish", note="second price for all")

        assert "Cedar solar" in listed.part("trees") and "1 First auction, first price, 2 contracts" in listed.text
        assert ["tier 1", "acme-solar", "birch-solar", "tier 2", "cobalt-solar"] == order(plain.source)
        assert "2 of 5 a day" in plain.text and "Paused" in plain.text
        assert ["tier 1", "birch-solar", "tier 2", "acme-solar", "cobalt-solar"] == order(moved.source)
        assert "it begins in a moment" in drafted.part("answer")
        assert (404, 422) == (gone.http_status, wrong.http_status)
        assert "3 leads, 1 campaign, 2 contracts and 2 tiers changed" in tried.part("answer")
        assert "Revenue $90.00 → $" in tried.part("answer")
        assert "Wins this lead" in lit.text and "Birch bids 24.00 estimated" in lit.part("lit")
        assert 422 == empty.http_status
        now = market.deals.campaigns["cedar-solar"]
        assert (before + 1, 3, "second_price") == (now.version, len(now.tiers), now.tiers[0].strategy.value)
        assert ["tier 1", "birch-solar", "tier 2", "acme-solar", "cobalt-solar", "tier 3"] == order(published.source)
        line = re.search(r'action="(/console/simulator/roll-back/[^"]+)"', published.source)
        assert line is not None
        back = await olive.submit(line[1], back=TREE)
        assert ["tier 1", "acme-solar", "birch-solar", "tier 2", "cobalt-solar"] == order(back.source)


async def test_a_tree_is_usable_by_everybody_and_cards_may_be_dragged(served: Served) -> None:
    await filled(served)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        page = await browser.new_page(viewport={"width": 1440, "height": 1400})
        await page.goto(served.address + await login_path(served, OPERATOR))
        await page.goto(served.address + TREE)
        async with page.expect_navigation():
            await page.drag_and_drop('[data-contract="birch-solar"] dl', '[data-tier="2"] > header')
        dragged = order(await page.content())
        found = await Axe().run(page)
        await page.set_viewport_size({"width": 375, "height": 800})
        wide = await page.evaluate("document.documentElement.scrollWidth")
        await browser.close()
    assert ["tier 1", "acme-solar", "tier 2", "birch-solar", "cobalt-solar"] == dragged
    assert 0 == found.violations_count, found.generate_report()
    assert wide <= 375
