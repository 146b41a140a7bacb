"""The console in a real browser: wide and narrow, with and without a script, with hostile values in it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from playwright.async_api import Browser, ConsoleMessage, Page, Request, Response, ViewportSize, async_playwright

from exchange.model.wire import Loss, Lost
from exchange.web.rail import rail
from tests.market import POST, buying
from tests.web.leads import refused_then_sold, sell
from tests.web.served import Served
from tests.web.visitor import OPERATOR, later, login_path

WIDE = ViewportSize(width=1440, height=900)
NARROW = ViewportSize(width=375, height=812)
NARROWEST = ViewportSize(width=360, height=640)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
TOO_SMALL = """() => [...document.querySelectorAll('a, button, summary, input, select')].filter(each => {
    const box = each.getBoundingClientRect();
    const inline = getComputedStyle(each).display === 'inline';
    const small = box.height < 23.5 || box.width < 23.5;
    return small && box.width && each.type !== 'hidden' && !inline && !each.closest('.sr, .tick');
}).map(each => each.outerHTML.slice(0, 120))"""


@dataclass
class Seen:
    """A page and what the browser had to say about it."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # stylesheets, scripts and letters that were not there

    async def open(self, path: str) -> Page:
        await self.page.goto(self.address + path)
        return self.page

    async def overhang(self) -> int:
        """How many pixels stick out sideways."""
        wide: int = await self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return wide

    @property
    def elsewhere(self) -> list[str]:
        return [url for url in self.asked if not url.startswith(self.address)]


@asynccontextmanager
async def browsing(served: Served) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


async def signed_in(
    browser: Browser,
    served: Served,
    viewport: ViewportSize,
    *,
    script: bool = True,
    who: str = "operator",
    party: str | None = None,
) -> Seen:
    context = await browser.new_context(viewport=viewport, java_script_enabled=script)
    seen = Seen(await context.new_page(), served.address)

    def complain(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            seen.complaints.append(message.text)

    def ask(request: Request) -> None:
        seen.asked.append(request.url)

    seen.page.on("console", complain)

    def miss(response: Response) -> None:
        if response.status >= 400 and "/static/" in response.url:
            seen.missing.append(response.url)

    seen.page.on("request", ask)
    seen.page.on("response", miss)
    address = OPERATOR if who == "operator" else f"{who}@{party}.example"
    await seen.open(await login_path(served, address, who, party))
    return seen


async def some_leads(served: Served) -> str:
    """A resold lead whose id is given, an unclear one, an invalid one, and one with a long name."""
    await served.exchange.add(*buying("birch"), *buying("cobalt"))
    lead_id = (await refused_then_sold(served, sub_id1="a-very-long-sub-id-without-any-blank-" + "x" * 60))["lead_id"]
    later(served, 60)
    served.exchange.buyers.answers_posts("acme", Lost(Loss.TIMEOUT, "The buyer did not answer in time."))
    await sell(served, 1)
    await sell(served, 2, zip="123")
    return str(lead_id)


async def test_the_foot_of_a_small_screen_is_one_row_and_the_menu_leads_to_the_whole_rail(served: Served) -> None:
    await some_leads(served)
    async with browsing(served) as browser:
        seen = await signed_in(browser, served, NARROWEST, script=False)
        page = await seen.open("/console?mode=test")
        links = page.locator(".dock a")
        boxes = [await link.bounding_box() for link in await links.all()]
        words = [(await link.inner_text()).split("\n")[0] for link in await links.all()]
        assert ["Home", "Leads", "Returns", "Alerts", "Buyers"] == words
        assert 1 == len({box["y"] for box in boxes if box is not None})
        await page.get_by_test_id("menu").click()
        for group in rail():
            for entry in group.entries:
                href = await page.get_by_test_id(f"more-{entry.key}").get_attribute("href")
                assert f"{entry.path}?mode=test" == href
        await page.get_by_test_id("more-connectors").click()
        assert page.url.endswith("/console/connectors?mode=test")
        await seen.open("/console/more")
        await page.get_by_test_id("more-sign-out").click()
        assert page.url.endswith("/login")
        for who, party in (("seller", "cedar"), ("buyer", "acme")):
            page = await (await signed_in(browser, served, NARROWEST, script=False, who=who, party=party)).open(
                f"/{who}"
            )
            await page.get_by_test_id("menu").click()
            hrefs = [await link.get_attribute("href") for link in await page.locator("main .entries a").all()]
            assert [entry.path for group in rail(who) for entry in group.entries] == hrefs


async def test_without_a_script_lists_filter_forms_submit_and_lines_open(served: Served) -> None:
    await some_leads(served)
    async with browsing(served) as browser:
        seen = await signed_in(browser, served, WIDE, script=False)
        page = await seen.open("/console/leads")
        await page.get_by_test_id("filter-status").select_option("sold")
        await page.get_by_test_id("apply").click()
        assert 1 == await page.get_by_test_id("lead").count()
        await page.get_by_role("link", name="M. S.").click()
        refusal = page.get_by_test_id("line").filter(has_text="Acme rejected the post")
        assert not await refusal.get_by_text("How this was read").is_visible()
        await refusal.locator("summary").first.click()
        assert await refusal.get_by_text("How this was read").is_visible()
        await page.get_by_test_id("theme").click()
        assert "dark" == await page.locator("html").get_attribute("data-theme")
        await page.get_by_test_id("search").fill(POST["phone"])
        await page.get_by_test_id("search").press("Enter")
        assert "Maria S•••••" in await page.locator("h1").inner_text()
        await seen.open("/console/unclear")
        await page.get_by_label("Why, for the record").fill("they never got it")
        await page.get_by_test_id("refuse").click()
        assert "Nothing to settle" in await page.get_by_test_id("empty").inner_text()
        assert not await page.locator("[data-needs-script]:visible").count()
        assert await (await seen.open("/console")).locator("svg.chart").count() >= 2


async def test_keys_search_move_open_and_explain_but_never_while_typing(served: Served) -> None:
    for number in (1, 2, 3):
        await sell(served, number)
        later(served, 1)
    async with browsing(served) as browser:
        seen = await signed_in(browser, served, WIDE)
        page = await seen.open("/console/leads")
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("k")
        await page.keyboard.press("j")
        second = await page.locator("tr.at").get_attribute("data-lead")
        third = await page.get_by_test_id("lead").nth(2).get_attribute("data-lead")
        assert second == await page.get_by_test_id("lead").nth(1).get_attribute("data-lead")
        await page.keyboard.press("/")
        await page.keyboard.type("jk?")
        assert "jk?" == await page.get_by_test_id("search").input_value()
        assert not await page.locator("#help").is_visible()
        await page.get_by_test_id("search").blur()
        await page.keyboard.press("?")
        assert await page.locator("#help").is_visible()
        await page.keyboard.press("Escape")
        await page.locator("#help").wait_for(state="hidden")
        await page.keyboard.press("x")
        assert "1 chosen" in await page.get_by_test_id("bulk").inner_text()
        await page.keyboard.press("Control+k")
        await page.keyboard.type("Acme")
        await page.locator("#found a").first.wait_for()
        assert "Buyers" in await page.locator("#found").inner_text()
        await page.keyboard.press("Escape")
        await page.get_by_test_id("search").blur()
        await page.locator("tr.at td.who a").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/console/leads/{second}")
        await page.keyboard.press("o")
        assert await page.locator(".tl details[open]").count() == await page.locator(".tl details").count() > 0
        await page.keyboard.press("]")
        await page.wait_for_url(f"**/console/leads/{third}")
        await page.keyboard.press("g")
        await page.keyboard.press("d")
        await page.wait_for_url("**/console")
        await seen.open("/console/preferences")
        await page.get_by_test_id("keys-off").check()
        await page.get_by_test_id("theme-dark").check()
        await page.get_by_test_id("motion-off").check()
        await page.get_by_test_id("save").click()
        assert "dark" == await page.locator("html").get_attribute("data-theme")
        assert "off" == await page.locator("html").get_attribute("data-motion")
        await page.keyboard.press("?")
        assert not await page.locator("#help").is_visible()


async def test_new_leads_appear_on_the_dashboard_by_themselves(served: Served) -> None:
    await sell(served, 1)
    async with browsing(served) as browser:
        seen = await signed_in(browser, served, WIDE)
        page = await seen.open("/console")
        assert "1" == await page.locator("[data-testid=figure-leads] .v").inner_text()
        await sell(served, 2)
        await page.locator("[data-testid=figure-leads] .v", has_text="2").wait_for(timeout=20_000)
        assert 2 == await page.get_by_test_id("latest").locator("tr").count()


async def test_nothing_a_seller_or_a_buyer_sends_runs(served: Served) -> None:
    buyers = served.exchange.buyers
    buyers.answers_posts("acme", Lost(Loss.RESET, HOSTILE))
    answer = await served.send("pingpost", {**POST, "sub_id1": HOSTILE, "seller_lead_id": HOSTILE[:80]})
    async with browsing(served) as browser:
        seen = await signed_in(browser, served, WIDE)
        for path in ("/console", "/console/leads", f"/console/leads/{answer['lead_id']}", "/console/unclear"):
            page = await seen.open(path)
            assert "owned" not in await page.title()
            assert 0 == await page.locator("img").count()
            assert 1 == await page.locator("script").count()
        assert [] == seen.complaints
        assert [] == seen.elsewhere
