"""A form in a real browser: hosted, inside a page of another origin, with and without a script, by keys, narrow."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from aiohttp import web
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Frame, Page, Response, expect

from exchange.model.party import ScreenRule
from tests.filling_in import HOME, PERSON, document, with_form
from tests.market import buying
from tests.web.served import Served
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, browsing
from tests.web.visitor import signed_in

WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
FORM_BYTES_MOST = 40 * 1024
TAGS = "utm_source=mail&sub_id1=spring"
Where = Page | Frame


@asynccontextmanager
async def neighbour(served: Served, name: str = "solar") -> AsyncIterator[str]:
    """A page of somebody else, on another origin, that shows the form."""

    async def page(_: web.Request) -> web.Response:
        source = f"{served.address}/embed/{name}.js"
        text = f'<!doctype html><html lang="en"><title>Offers</title><h1>Offers</h1><script src="{source}"></script>'
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        yield f"http://localhost:{port}"
    finally:
        await runner.cleanup()


async def ready(served: Served, **changes: Any) -> str:
    """A form of a campaign that refuses nobody: a program fills it in here, at once."""
    terms = replace(served.exchange.market.deals.campaigns["cedar-solar"], screen=ScreenRule(refuse_at=None))
    await served.exchange.add(terms)
    await with_form(served.exchange, **{"least_seconds": 0, **changes})
    return f"{served.address}/f/solar"


async def choose(at: Where, values: Mapping[str, str]) -> None:
    """Fill in one step as a person does."""
    for name, value in values.items():
        if await at.locator(f'select[name="{name}"]').count():
            await at.locator(f'select[name="{name}"]').select_option(value)
            continue
        if not await at.locator(f'input[type=radio][name="{name}"]').count():
            await at.locator(f'[name="{name}"]').fill(value)
            continue
        radio = at.locator(f'input[type=radio][name="{name}"][value="{value}"]')
        await radio.check()


async def press(at: Where, button: str = "on") -> None:
    await at.get_by_test_id(button).click()


async def fill_in(at: Where, number: int = 1) -> str:
    """All three steps up to the thanks, as another person for each number. Returns the words that were agreed to."""
    await choose(at, HOME)
    await press(at)
    await at.get_by_text("Step 2 of 3").wait_for()
    await press(at)
    await at.get_by_text("Step 3 of 3").wait_for()
    await choose(at, {**PERSON, "email": f"m{number}@consumer.example", "phone": f"602958014{number}"})
    words = await at.get_by_test_id("words").inner_text()
    await at.locator("[name=_agree]").check()
    await press(at)
    await at.get_by_test_id("thanks").wait_for()
    return words


async def violations(page: Page) -> list[str]:
    found = await Axe().run(page, options=WCAG)
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in found.response["violations"]]


async def context(browser: Browser, **options: Any) -> BrowserContext:
    return await browser.new_context(**{"viewport": WIDE, **options})


async def sold(served: Served) -> list[dict[str, Any]]:
    return await served.exchange.rows("SELECT * FROM leads WHERE state = 'sold'")


async def test_three_steps_on_a_page_of_its_own_with_a_script_and_without(served: Served) -> None:
    address = await ready(served)
    complaints: list[str] = []
    async with browsing(served) as browser:
        for number, script in enumerate((True, False), start=1):
            page = await (await context(browser, java_script_enabled=script)).new_page()
            page.on("console", lambda message: complaints.append(message.text))
            await page.goto(f"{address}?{TAGS}")
            await fill_in(page, number)
            shown = await page.get_by_test_id("thanks").inner_text()
            assert re.search(r"/f/solar/done/fv_\w+$", page.url)
            await page.reload()
            assert shown == await page.get_by_test_id("thanks").inner_text()
            assert [] == await page.context.cookies()
    assert [] == complaints
    assert ["spring", "spring"] == [lead["sub_id1"] for lead in await sold(served)]


async def test_inside_a_page_of_another_origin_that_it_names_and_in_no_other(served: Served) -> None:
    async with neighbour(served) as home, neighbour(served) as stranger, browsing(served) as browser:
        await ready(served, hosts=[home])
        page = await (await context(browser)).new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(f"{home}/offers?{TAGS}&secret=1")
        frame = page.frame_locator("iframe")
        await frame.get_by_text("Step 1 of 3").wait_for()
        inner = page.frames[1]
        await inner.wait_for_function("innerHeight >= document.documentElement.getBoundingClientRect().height - 1")
        first = await page.evaluate("document.querySelector('iframe').clientHeight")
        words = await fill_in(inner)
        await inner.wait_for_function(f"innerHeight < {first}")
        assert [] == complaints
        assert 0 >= await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        await page.goto(stranger)
        await page.wait_for_load_state("networkidle")
        assert 0 == await page.frames[1].get_by_text("Step 1 of 3").count()
        assert any("frame-ancestors" in text for text in complaints)
    lead = (await sold(served))[0]
    seen = await lead_page(served, lead["id"])
    assert words in seen and f"{home}/offers" in seen and "secret=1" not in seen
    assert "received from Cedar by form" in seen and "step 3, 0 s, consent as shown, version" in seen
    assert "spring" == lead["sub_id1"]


async def lead_page(served: Served, lead_id: str) -> str:
    async with signed_in(served) as visitor:
        return (await visitor.open(f"/console/leads/{lead_id}")).text


async def test_the_browsers_back_goes_back_a_step_with_its_answers_and_sells_nothing_again(served: Served) -> None:
    address = await ready(served)
    async with browsing(served) as browser:
        page = await browser.new_page()
        await page.goto(f"{served.address}/f/nothing")
        await page.goto(address)
        await choose(page, HOME)
        await press(page)
        await page.get_by_text("Step 2 of 3").wait_for()
        await page.go_back()
        await page.get_by_text("Step 1 of 3").wait_for()
        assert HOME["zip"] == await page.locator("[name=zip]").input_value()
        await fill_in(page)
        await page.go_back()
        await page.wait_for_url("**/f/nothing")
        assert 1 == await served.exchange.count("sales")


async def test_by_keys_alone(served: Served) -> None:
    """Tab, arrows, space and Enter are enough, and what is wrong gets the focus."""
    address = await ready(served)
    async with browsing(served) as browser:
        page = await (await context(browser)).new_page()
        await page.goto(address)
        await page.keyboard.press("Tab")
        await page.keyboard.type("85016")
        await page.keyboard.press("Enter")  # sends: two answers are missing
        told = page.get_by_test_id("told")
        await told.wait_for()
        assert "Some answers need another look" in (await page.evaluate("document.activeElement.innerText"))
        for keys in (["Tab", "Enter"], ["Tab", "Space", "ArrowRight"], ["Tab", "Space"], ["Tab", "Enter"]):
            for key in keys:
                await page.keyboard.press(key)
        await page.get_by_text("Step 2 of 3").wait_for()
        assert "Your roof" == await page.evaluate("document.activeElement.innerText")


async def test_an_answer_is_checked_when_it_is_left_in_the_words_of_the_api(served: Served) -> None:
    address = await ready(served)
    async with browsing(served) as browser:
        page = await (await context(browser)).new_page()
        await page.goto(address)
        await page.locator("[name=zip]").fill("99999")
        async with page.expect_response("**/f/solar/check") as response:
            await page.locator("[name=zip]").blur()
        problem = (await (await response.value).json())["problems"][0]
        await expect(page.locator("#e-zip")).to_have_text(problem["shown"])
        assert "true" == await page.locator("[name=zip]").get_attribute("aria-invalid")
        await page.locator("[name=zip]").fill("85016")
        await page.locator("[name=zip]").blur()
        await expect(page.locator("#e-zip")).to_be_empty()
    heard = await served.send("ping", {**HOME, "zip": "99999", "state": "AZ"})
    assert [problem["message"]] == [error["message"] for error in heard["errors"]]
    assert problem["shown"] == problem["message"].replace("zip", "ZIP code", 1)


async def test_every_step_can_be_used_by_everybody_on_a_narrow_screen(served: Served) -> None:
    """axe finds nothing, nothing sticks out at 375 px, nothing is too small to touch; with problems shown, too."""
    address = await ready(served, accent="orange", intro="Three short steps.", consent={"label": "Yes, call me"})
    async with browsing(served) as browser:
        for scheme in ("light", "dark"):
            await walk(await (await context(browser, viewport=NARROW, color_scheme=scheme)).new_page(), address)


async def walk(page: Page, address: str) -> None:
    """Through every step, with something wrong in the first and the last, and a look at each."""
    await page.goto(address)
    await check(page)
    await page.locator("[name=zip]").fill("99999")
    await press(page)
    await page.get_by_test_id("told").wait_for()
    await check(page)
    await choose(page, HOME)
    await press(page)
    await page.get_by_text("Step 2 of 3").wait_for()
    await check(page)
    await press(page)
    await page.get_by_text("Step 3 of 3").wait_for()
    await check(page)
    await press(page)
    await page.get_by_test_id("told").wait_for()
    await check(page)
    await choose(page, PERSON)
    await page.locator("[name=_agree]").check()
    await press(page)
    await page.get_by_test_id("thanks").wait_for()
    await check(page)


async def check(page: Page) -> None:
    assert [] == await violations(page)
    assert 0 >= await page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert [] == await page.evaluate(TOO_SMALL.replace("'.sr, .tick'", "'.sr, .trap, label'"))


async def test_a_page_with_all_it_loads_is_small_and_three_presses_sell_once(served: Served) -> None:
    address = await ready(served, steps=[{"title": "All", "fields": ["state", *HOME, *PERSON]}])
    async with browsing(served) as browser:
        page = await (await context(browser)).new_page()
        answers: list[Response] = []
        page.on("response", lambda answer: answers.append(answer))
        await page.goto(address)
        await page.wait_for_load_state("networkidle")
        sizes = {answer.url: len(await answer.body()) for answer in answers}
        await choose(page, {"state": "AZ", **HOME, **PERSON})
        await page.locator("[name=_agree]").check()
        await page.evaluate("for (let n = 0; n < 3; n++) document.querySelector('[data-testid=on]').click()")
        await page.get_by_test_id("thanks").wait_for()
    assert 3 <= len(sizes) and all(url.startswith(served.address) for url in sizes)
    assert sum(sizes.values()) < FORM_BYTES_MOST, sizes
    assert 1 == len(await sold(served))


async def test_companies_are_named_on_the_page_and_in_the_record(served: Served) -> None:
    await served.exchange.add(*buying("birch"))
    address = await ready(served, consent={"named": True, "text": "I agree that {buyers} may call and text me."})
    async with browsing(served) as browser:
        page = await (await context(browser)).new_page()
        await page.goto(address)
        words = await fill_in(page)
    assert words in (
        "I agree that Acme and Birch may call and text me.",
        "I agree that Birch and Acme may call and text me.",
    )
    seen = await lead_page(served, (await sold(served))[0]["id"])
    assert words in seen and "named sellers" in seen


async def test_hostile_words_stay_words(served: Served) -> None:
    """What is typed, and what an operator writes, is shown and never run."""
    hostile = "<script>document.title='owned'</script>\"'><img src=x onerror=\"document.title='owned'\">"
    address = await ready(served, title=hostile[:110], thanks=hostile, consent={"text": f"{hostile} may call me"})
    async with browsing(served) as browser:
        page = await (await context(browser)).new_page()
        await page.goto(address)
        await choose(page, {**HOME, "zip": hostile})
        await press(page)
        await page.get_by_test_id("told").wait_for()
        assert hostile == await page.locator("[name=zip]").input_value()
        assert "owned" != await page.title()
        assert 0 == await page.locator("img, main script").count()


async def test_what_is_sent_without_a_page_of_ours_counts_too(served: Served) -> None:
    """A form of three steps pasted as plain HTML into a page with a strict policy of its own."""
    address = await ready(served)
    fields = "".join(f'<input name="{name}" value="{value}">' for name, value in {**HOME, **PERSON}.items())
    async with browsing(served) as browser:
        page = await (await context(browser)).new_page()
        await page.set_content(f'<form method="post" action="{address}">{fields}<button>Send</button></form>')
        await page.get_by_role("button").click()
        await page.get_by_test_id("told").wait_for()
        assert "Step 3 of 3" in await page.inner_text("main")
        await page.locator("[name=_agree]").check()
        await press(page)
        await page.get_by_test_id("thanks").wait_for()
    assert 1 == len(await sold(served))
    assert document()["title"]
