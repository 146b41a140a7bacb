"""An open dashboard in a real browser: it follows what happens, stands still when asked to, and moves nothing at all
for those who want no motion.
"""

from __future__ import annotations

import asyncio

from playwright.async_api import Page

from tests.web.leads import sell
from tests.web.served import Served
from tests.web.test_console_browser import WIDE, browsing, signed_in
from tests.web.visitor import later

TICK = "() => new Promise(done => document.addEventListener('tick', () => done(true), { once: true }))"
DOT = """() => new Promise(done => new MutationObserver((found, watch) => {
    if (document.querySelector('.dot')) { watch.disconnect(); done(true); }
}).observe(document.body, { childList: true, subtree: true }))"""
FIGURE = "[data-testid=figure-leads] .v"


async def told(page: Page, served: Served, number: int) -> None:
    """A lead comes, later than those before it, and the page has heard of it."""
    later(served, 1)
    heard = asyncio.create_task(page.evaluate(TICK))
    await page.evaluate("true")  # it listens now
    await sell(served, number)
    await heard


async def leads(page: Page, count: str) -> None:
    await page.locator(FIGURE, has_text=count).wait_for()


async def test_an_open_dashboard_follows_and_pauses_and_a_drawer_opens_over_live_traffic(served: Served) -> None:
    await sell(served, 1)
    async with browsing(served) as browser:
        seen = await signed_in(browser, served, WIDE)
        page = await seen.open("/console")
        moved = asyncio.create_task(page.evaluate(DOT))
        await told(page, served, 2)
        await leads(page, "2")
        assert await moved
        await page.get_by_role("button", name="Pause motion").click()
        await told(page, served, 3)
        assert "2" == await page.locator(FIGURE).inner_text()
        await page.get_by_role("button", name="Go on").click()
        await leads(page, "3")

        await page.emulate_media(reduced_motion="reduce")
        await told(page, served, 4)
        await leads(page, "4")
        assert 0 == await page.locator(".dot").count()
        band = page.locator("[data-band='s:cedar>passed']")
        await band.click()
        await page.wait_for_url("**/console/leads?status=passed&seller=cedar**")

        await seen.open("/console/live?tab=requests")
        await page.locator("a[data-drawer]").first.click()
        await page.get_by_role("link", name="Open lead").wait_for()
        assert await page.locator("dialog[open] h2").first.is_visible()
        assert [] == seen.elsewhere and [] == seen.complaints


async def test_new_rows_wait_and_move_no_row_under_the_pointer(served: Served) -> None:
    await sell(served, 1)
    async with browsing(served) as browser:
        seen = await signed_in(browser, served, WIDE)
        for path, rows in (("/console/leads", "lead"), ("/console/live?tab=requests", "row")):
            page = await seen.open(path)
            row = page.get_by_test_id(rows).last
            await row.hover()
            before = await row.bounding_box()
            count = await page.get_by_test_id(rows).count()
            await told(page, served, count + 1)
            show = page.get_by_test_id("show-new")
            await show.filter(has_text="1 new, show").wait_for()
            assert before == await row.bounding_box()
            assert count == await page.get_by_test_id(rows).count()
            await show.click()
            await page.get_by_test_id(rows).nth(count).wait_for()
            await show.wait_for(state="hidden")
        assert [] == seen.elsewhere and [] == seen.complaints
