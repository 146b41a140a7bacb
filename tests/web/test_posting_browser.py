"""The posting page in a real browser: a request tried without leaving it, the same without a script, open to all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, ConsoleMessage, Page, Request, ViewportSize

from exchange.flows.specs import page_of
from tests.web.served import Served
from tests.web.test_console_browser import NARROW, NARROWEST, TOO_SMALL, WIDE, browsing
from tests.web.test_posting_try import BROKEN
from tests.web.visitor import login_path

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def address(served: Served) -> str:
    return f"{served.address}/p/{page_of(served.exchange.market, 'cedar-solar')}"


@asynccontextmanager
async def opened(
    browser: Browser,
    served: Served,
    viewport: ViewportSize = WIDE,
    *,
    script: bool = True,
    dark: bool = False,
    query: str = "",
) -> AsyncIterator[Page]:
    """The page as somebody without a session sees it. It must complain of nothing and ask nobody else."""
    context = await browser.new_context(
        viewport=viewport, java_script_enabled=script, color_scheme="dark" if dark else "light"
    )
    page = await context.new_page()
    complaints: list[str] = []
    asked: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        complaints.append(message.text)

    def ask(request: Request) -> None:
        asked.append(request.url)

    page.on("console", complain)
    page.on("request", ask)
    await page.goto(address(served) + query)
    yield page
    assert [] == complaints
    assert [] == [url for url in asked if not url.startswith(served.address)]
    await context.close()


async def send(page: Page, body: str) -> None:
    await page.get_by_test_id("try-body").fill(body)
    await page.get_by_test_id("send").click()
    await page.get_by_test_id("result").wait_for()


async def test_a_broken_body_is_marked_beside_its_lines_and_mended_by_the_sample(served: Served) -> None:
    async with browsing(served) as browser, opened(browser, served) as page:
        await send(page, BROKEN)
        assert ["4", "6"] == [
            await each.get_attribute("data-line") for each in await page.locator(".gutter .bad").all()
        ]
        assert ["8"] == [await each.get_attribute("data-line") for each in await page.locator(".gutter .warn").all()]
        assert BROKEN == await page.get_by_test_id("try-body").input_value()
        assert page.url == address(served)  # the page was not left

        await page.get_by_test_id("try-body").press("End")
        await page.get_by_test_id("try-body").press("Enter")
        assert 0 == await page.locator(".gutter .bad").count()
        assert BROKEN.count("\n") + 2 == await page.locator(".gutter div").count()

        await page.get_by_test_id("fill").click()
        await page.get_by_test_id("result").wait_for(state="detached")
        await page.get_by_test_id("try-body").press("Control+Enter")
        await page.get_by_test_id("result").wait_for()
        assert "200 accepted" in await page.get_by_test_id("result").inner_text()
        assert "Passed" in await page.get_by_test_id("steps").inner_text()


async def test_an_invited_seller_comes_to_a_working_ping_in_three_clicks(served: Served) -> None:
    async with browsing(served) as browser:
        page = await (await browser.new_context(viewport=WIDE)).new_page()
        await page.goto(served.address + await login_path(served, "ann@cedar.example", "seller", "cedar"))
        await page.get_by_test_id("way-on").click()
        await page.get_by_test_id("send").click()
        await page.get_by_test_id("result").wait_for()
        assert "200 accepted" in await page.get_by_test_id("result").inner_text()
        assert "ck_live_…0001" in await page.get_by_test_id("live-keys").inner_text()


async def test_fields_filter_while_one_types_and_another_format_fills_them_anew(served: Served) -> None:
    async with browsing(served) as browser, opened(browser, served) as page:
        await page.keyboard.press("f")
        await page.keyboard.type("trustedform")
        assert 1 == await page.locator("[data-testid=field]:visible").count()
        await page.get_by_test_id("try-body").focus()
        await page.keyboard.type("f")
        assert "trustedform" == await page.get_by_test_id("field-filter").input_value()

        await page.get_by_test_id("try-format").select_option("xml")
        await page.locator("textarea", has_text="<lead>").wait_for()
        await page.get_by_test_id("try-call").select_option("post")
        await page.locator("textarea", has_text="<first_name>").wait_for()
        await page.get_by_test_id("try-outcome").select_option("sold")
        await page.get_by_test_id("send").click()
        await page.get_by_test_id("result").wait_for()
        assert "<status>accepted</status>" in await page.get_by_test_id("raw").inner_text()


async def test_without_a_script_everything_works_by_forms_and_links(served: Served) -> None:
    async with browsing(served) as browser, opened(browser, served, script=False) as page:
        await send(page, BROKEN)
        assert 2 == await page.get_by_test_id("error").count()
        assert 2 == await page.locator(".gutter .bad").count()
        await page.get_by_test_id("fill").click()
        assert 0 == await page.get_by_test_id("result").count()
        await page.locator("label[for=lang-php]").click()
        assert await page.locator("#ping-php").is_visible() and not await page.locator("#ping-curl").is_visible()
        await page.locator("label[for=show-required]").click()
        assert 10 == await page.locator("[data-testid=field]:visible").count()
        await page.get_by_test_id("field-filter").fill("phone")
        await page.get_by_test_id("field-filter").press("Enter")
        assert await page.locator("[data-testid=field]").count() in (2, 3)
        assert 0 == await page.locator("[data-needs-script]:visible").count()


async def test_no_rule_of_accessibility_is_broken_and_nothing_sticks_out(served: Served) -> None:
    async with browsing(served) as browser:
        for viewport, dark, query in ((WIDE, False, ""), (NARROW, True, "?q=zip"), (NARROWEST, False, "")):
            async with opened(browser, served, viewport, dark=dark, query=query) as page:
                await send(page, BROKEN)
                await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
                assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, viewport
                assert [] == await page.evaluate(TOO_SMALL), viewport
                if viewport != NARROWEST:
                    found = await Axe().run(page, options=WCAG)
                    assert [] == found.response["violations"], found.generate_report()
