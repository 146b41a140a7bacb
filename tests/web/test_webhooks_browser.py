"""The pages of webhooks in a real browser: narrow and wide, light and dark, without a script."""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.flows.receivers import CEDAR, hook, listen, run_all
from tests.market import reply
from tests.web.leads import sell
from tests.web.served import Served
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, browsing, signed_in
from tests.web.test_form_browser import WCAG
from tests.web.visitor import login_path

SIDEWAYS = "Math.max(...[...document.querySelectorAll('.scroll')].map(each => each.scrollWidth - each.clientWidth))"


async def test_the_console_page_fits_and_complains_of_nothing(served: Served) -> None:
    served.exchange.buyers.answers_posts("ember", reply(http_status=500))
    await listen(served.exchange, hook("ember", "/a/rather/long/path?with=values&and=more"), CEDAR, "lead.*")
    await sell(served, 1)
    await run_all(served.exchange)
    async with browsing(served) as browser:
        for viewport in (WIDE, NARROW):
            seen = await signed_in(browser, served, viewport)
            page = await seen.open("/console/webhooks")

            assert "HTTP 500" in await page.inner_text('[data-testid="sends"]')
            assert (0, [], []) == (await seen.overhang(), seen.complaints, seen.elsewhere)
            assert [] == await page.evaluate(TOO_SMALL)
            assert viewport == WIDE or 0 == await page.evaluate(SIDEWAYS), viewport
            assert await page.is_visible("text=lead.sold") and await page.is_visible('text="1 of 8"')


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing(served: Served, theme: Literal["light", "dark"]) -> None:
    served.exchange.buyers.answers_posts("ember", reply(http_status=410))
    await listen(served.exchange, hook("ember"), CEDAR, "lead.*")
    await sell(served, 1)
    await run_all(served.exchange)
    async with browsing(served) as browser:
        for role, party, path in (
            ("operator", None, "/console/webhooks"),
            ("seller", "cedar", "/seller/postbacks?state=failed"),
        ):
            context = await browser.new_context(viewport=WIDE, color_scheme=theme)
            page = await context.new_page()
            await page.goto(served.address + await login_path(served, f"{role}@party.example", role, party))
            await page.goto(served.address + path)

            found = await Axe().run(page, options=WCAG)
            assert [] == [each["id"] for each in found.response["violations"]], found.generate_report()


async def test_a_seller_adds_and_tests_a_postback_without_a_script(served: Served) -> None:
    async with browsing(served) as browser:
        context = await browser.new_context(viewport=NARROW, java_script_enabled=False, color_scheme="dark")
        page = await context.new_page()
        await page.goto(served.address + await login_path(served, "ann@cedar.example", "seller", "cedar"))
        await page.goto(served.address + "/seller/postbacks")
        await page.fill('[data-testid="url"]', hook("ember", "/p?id={seller_lead_id}"))
        await page.click('[data-testid="test"]')
        tried = await page.inner_text('[data-testid="tried"]')
        await page.click('[data-testid="save"]')

        assert "The test arrived" in tried and hook("ember", "/p?id=A-1001") in tried
        assert "1 address" in await page.inner_text('[data-testid="total"]')
