"""The pages of buyers in a real browser: a buyer paused on a phone, terms written while they are counted."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe

from tests.flows.lab import post
from tests.web.served import Served
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, browsing, signed_in
from tests.web.test_form_browser import WCAG


async def test_a_buyer_is_paused_in_three_taps_from_the_dashboard_of_a_phone(served: Served) -> None:
    await post(served.exchange)
    async with browsing(served) as browser:
        seen = await signed_in(browser, served, NARROW)
        page = await seen.open("/console")
        await page.get_by_test_id("dock-buyers").click()
        await page.get_by_test_id("pause-acme").click()
        assert 0 == await seen.overhang()
        await page.get_by_test_id("pause-hour").click()
        await page.wait_for_url("**/console/buyers/acme")

        assert "Paused" in await page.get_by_test_id("standing").inner_text()
        assert 0 == await seen.overhang()
        assert [] == await page.evaluate(TOO_SMALL)
        await seen.open("/console/contracts/acme-solar")
        assert 0 == await seen.overhang()
        assert [] == seen.complaints


async def test_terms_are_counted_while_they_are_written_and_saved_as_a_version(served: Served) -> None:
    await post(served.exchange)
    async with browsing(served) as browser:
        seen = await signed_in(browser, served, WIDE)
        page = await seen.open("/console/contracts/acme-solar")
        matches = page.get_by_test_id("matches")
        assert "Matches 1 of the last 7 days' 1 lead" in await matches.inner_text()
        await page.get_by_test_id("add-0").click()
        await page.select_option("[name='f.0.1.field']", "state")
        await page.fill("[name='f.0.1.v']", "NV")
        await page.get_by_text("Matches 0 of the last 7 days' 1 lead").wait_for()
        await page.fill("[name='f.0.1.v']", "NV, AZ")
        await page.get_by_text("State is one of NV, AZ.").wait_for()
        await page.get_by_test_id("save").click()
        await page.get_by_test_id("saved").wait_for()
        terms = "/console/contracts/acme-solar"
        for path in (terms, f"{terms}/versions?with=1", f"{terms}/missed", "/console/buyers/acme", "/console/buyers"):
            await seen.open(path)
            found = await Axe().run(page, options=WCAG)
            assert [] == [each["id"] for each in found.response["violations"]], found.generate_report()

        assert 2 == served.exchange.market.deals.contracts["acme-solar"].version
        assert ([], []) == (seen.complaints, seen.elsewhere)
