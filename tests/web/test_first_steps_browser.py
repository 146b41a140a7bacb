"""A newcomer at an empty exchange: by its own links and sentences alone, from the five steps to a sold test lead."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

from tests.market import open_exchange
from tests.web.served import serve_exchange
from tests.web.test_console_browser import WIDE, browsing, signed_in


async def press(page: Page, *names: str) -> None:
    """Links and buttons by what is written on them, one after another."""
    for name in names:
        await page.locator("a, button").get_by_text(name, exact=True).first.click()


async def follow(page: Page, step: str) -> None:
    """On the page where the last step ended stands the next one."""
    told = page.get_by_test_id("next-step")
    assert f"Next: {step}." in await told.inner_text()
    await page.get_by_test_id("next-step-go").click()


async def test_the_links_of_an_empty_exchange_lead_to_a_sold_test_lead_and_to_a_live_key(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange, serve_exchange(exchange) as served, browsing(served) as browser:
        seen = await signed_in(browser, served, WIDE)
        page = await seen.open("/console")
        await press(page, "Add a seller and its campaign")
        await page.get_by_label("Name").first.fill("Acme Media")
        await press(page, "Add the seller and go on to its campaign")
        await page.get_by_label("Vertical").select_option("solar")
        await press(page, "Make the campaign")

        await follow(page, "Add a buyer contract")
        await press(page, "Begin a new buyer")
        await page.get_by_role("textbox", name="Company").fill("Brightroof")
        await press(page, "Save and go on")
        await page.get_by_label("Vertical").select_option("solar")
        await press(page, "Save and go on")
        await page.get_by_label("Fixed price").fill("20.00")
        await press(page, "Save and go on")
        assert "Fetched by its program needs nothing" in await page.get_by_test_id("no-buyer-yet").inner_text()
        await page.get_by_text("Fetched by its program", exact=True).last.click()
        await press(page, "Save and go on", "Save and go on", "Go live")
        assert "buys" in await page.get_by_test_id("short").inner_text()

        await follow(page, "Send a test lead")
        await press(page, "Send test lead")
        await page.get_by_test_id("tried-lead").click()
        assert "Sold" in await page.get_by_test_id("status").inner_text()
        await press(page, "Dashboard")
        await follow(page, "Go live")
        await page.get_by_test_id("go-live").click()
        assert "Certificate: Not passed yet" in await page.get_by_test_id("problems").inner_text()
        await page.get_by_test_id("anyway").check()
        await page.get_by_test_id("go-live").click()
        await press(page, "Make a live key")
        await page.get_by_test_id("field-mode").select_option("live")
        await press(page, "Make a key", "Dashboard")

        assert "4 of 5 steps done" in await page.locator("main").inner_text()
        assert "is live and has a live key" in await page.get_by_test_id("step-5").inner_text()
        assert [] == seen.elsewhere and [] == seen.missing
