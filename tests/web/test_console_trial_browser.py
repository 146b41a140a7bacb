"""The connector test and the new buyer in a real browser, against a real buyer on loopback."""

from __future__ import annotations

import re
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from playwright.async_api import Browser, Page

from exchange.flows.csv_addresses import make_address
from exchange.flows.documents import save_document, save_secret
from exchange.flows.samples import keep_sample
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from exchange.model.lead import Mode
from exchange.model.party import State
from tests.flows.lab import post
from tests.market import buying, open_exchange, reply, selling, usd
from tests.processes import started
from tests.web.served import Served, serve_exchange
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, browsing, signed_in
from tests.web.visitor import signed_in as operator_of

SAMPLE = '{"first": "Ann", "surname": "Lee", "email": "ann@consumer.example", "phone": "6029580142", "zip": "85016"}'


@asynccontextmanager
async def real_buyer() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """Where it listens, and what it was sent. It refuses consumers from Texas and takes the others."""
    taken: list[dict[str, Any]] = []

    async def answer(request: web.Request) -> web.Response:
        lead = orjson.loads(await request.read())
        taken.append(lead)
        if lead["zip"] == "77002":
            return web.json_response({"result": {"verdict": "Declined", "why": "no Texas"}})
        return web.json_response({"result": {"verdict": "Bought", "ticket": f"T-{len(taken)}"}})

    app = web.Application()
    app.router.add_post("/leads", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}", taken
    finally:
        await runner.cleanup()


async def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        field = page.locator(f'[name="{name}"]')
        if await field.evaluate("each => each.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    await page.get_by_test_id("next").click()


async def teach(page: Page, word: str, meaning: str) -> None:
    """Click a value where it stands in the response, and say what it is."""
    await page.get_by_test_id("reply").get_by_text(word, exact=True).click()
    await page.get_by_test_id("meaning").select_option(meaning)
    await page.get_by_test_id("map").click()
    assert "The rule is saved." in await page.get_by_test_id("done").inner_text()


async def keep(page: Page) -> None:
    await page.get_by_test_id("keep").click()
    assert "Kept as a sample." in await page.get_by_test_id("done").inner_text()


async def test_a_buyer_is_set_up_taught_by_clicks_and_goes_live(tmp_path: Path) -> None:
    async with (
        real_buyer() as (host, taken),
        open_exchange(tmp_path, by_wire={"acme": host}) as exchange,
        serve_exchange(exchange) as served,
        browsing(served) as browser,
    ):
        await exchange.add(*selling("cedar"))
        seen = await signed_in(browser, served, WIDE)
        page = await seen.open("/console/buyers/new")
        await page.get_by_test_id("begin").click()
        await fill(page, name="Fernway Roofing", billing="credit", limit="5000")
        await fill(page, vertical="solar")
        await fill(page, pricing="fixed", price="41.50")
        await fill(page, url=f"http://{host}/leads", sample=SAMPLE)
        await page.get_by_test_id("open-test").click()
        await page.get_by_test_id("send").click()
        assert "Error, unmapped" in await page.get_by_test_id("answer").inner_text()
        timing = await page.get_by_test_id("timing").inner_text()
        assert all(part in timing for part in ("DNS", "Connect", "First byte", "Total"))
        await teach(page, "Bought", "means:accepted")
        await teach(page, "T-1", "part:reference")
        assert "Reference: T-1" in await page.get_by_test_id("matches").inner_text()
        await keep(page)
        await page.locator('[name="lead"]').fill("3")
        await page.get_by_test_id("render").click()
        assert "77002" in await page.get_by_test_id("body").input_value()
        await page.get_by_test_id("send").click()
        await teach(page, "Declined", "means:rejected")
        await keep(page)
        await seen.open("/console/buyers/new")
        await page.get_by_role("link", name="Go on").click()
        assert "A yes and a no were read right" in await page.get_by_test_id("ready").inner_text()
        await page.get_by_test_id("next").click()
        await fill(page, start_cap="5")
        sold = await post(exchange)
        await taught_without_a_script(browser, served)

        assert "accepted" == sold["status"]
        assert State.ACTIVE is exchange.market.deals.contracts["fernway-roofing-solar"].state
        assert ["85016", "77002", "85016"] == [lead["zip"] for lead in taken]
        assert ([], []) == (seen.complaints, seen.elsewhere)


async def taught_without_a_script(browser: Browser, served: Served) -> None:
    """The same clicks where no script runs: a value's text is the label of its button."""
    seen = await signed_in(browser, served, WIDE, script=False)
    page = await seen.open("/console/connectors/fernway_roofing/test")
    await page.get_by_test_id("reply-body").fill('{"result": {"verdict": "Parked"}}')
    await page.get_by_test_id("read").click()
    assert "Error, unmapped" in await page.get_by_test_id("answer").inner_text()
    await teach(page, "Parked", "means:queued")
    assert "Queued" in await page.get_by_test_id("answer").inner_text()


async def test_a_copied_curl_command_gets_the_same_answer(tmp_path: Path) -> None:
    async with (
        real_buyer() as (host, taken),
        open_exchange(tmp_path, by_wire={"acme": host}) as exchange,
        serve_exchange(exchange) as served,
        operator_of(served) as operator,
    ):
        stage = {
            "url": f"http://{host}/leads",
            "headers": {"X-Key": {"secret": "rook_key"}},
            "body": {"phone": "phone", "zip": "zip"},
            "reading": {
                "outcomes": [{"means": "accepted", "when": {"where": "json:result.verdict", "equals": "Bought"}}]
            },
        }
        document = {"connection": "rook", "connector": "json_http", "post": stage}
        await save_document(exchange.market, CONNECTION, "rook", document, SYSTEM)
        await save_secret(exchange.market, "rook_key", "k-0123456789", SYSTEM)
        await exchange.add(*selling("cedar"), *buying("cedar-buys", connection="rook", price=usd("20")))
        sold = await post(exchange)
        told = (await operator.open(f"/console/leads/{sold['lead_id']}.json")).source
        command = re.findall(r'"curl":("curl .*?[^\\]")', told)[0]
        line = orjson.loads(command).replace("{secret}", "k-0123456789").replace("{phone}", "6029580142")
        async with started(*shlex.split(line), "-s") as run:
            answered, _ = await run.communicate()

    assert "k-0123456789" not in told and "6029580142" not in command
    assert b"200 OK" in answered and b'"verdict": "Bought"' in answered
    assert [each["zip"] for each in taken] == ["85016", "85016"]


async def test_its_pages_fit_every_screen(served: Served) -> None:
    market = served.exchange.market
    stage = {
        "url": "http://birch.buyer.example/post",
        "body": {"key": {"secret": "rook_key"}, "phone": "phone"},
        "reading": {"outcomes": [{"means": "accepted", "when": {"where": "json:state", "equals": "Taken"}}]},
    }
    document = {"connection": "rook", "title": "Rookery", "connector": "json_http", "post": stage}
    await save_document(market, CONNECTION, "rook", document, SYSTEM)
    await save_secret(market, "rook_key", "k-0123456789", SYSTEM)
    await save_document(market, CONNECTION, "linden", {"connection": "linden", "connector": "csv_url"}, SYSTEM)
    await served.exchange.add(*buying("birch", connection="rook", price=usd("60")), *buying("linden"))
    await make_address(market, "linden", "linden-solar", Mode.LIVE, SYSTEM)
    for expected in ("accepted", "rejected"):
        await keep_sample(market, "rook", "post", "", expected, reply(state="Taken"), SYSTEM)
    served.exchange.buyers.answers_posts("birch", reply(state="Pending" * 9))
    await post(served.exchange)
    async with browsing(served) as browser:
        for viewport in (WIDE, NARROW):
            seen = await signed_in(browser, served, viewport)
            page = await seen.open("/console/buyers/new")
            await page.get_by_test_id("begin").click()
            paths = [
                "/console/connectors",
                "/console/connectors/rook",
                "/console/connectors/linden",
                f"/console/connectors/{max(market.workshop.files, key=len)}",
                "/console/inbox",
                page.url.removeprefix(served.address),
            ]
            await seen.open("/console/inbox")
            paths.append(str(await page.get_by_test_id("kind").locator("a").first.get_attribute("href")))
            for path in paths:
                await seen.open(path)
                assert await seen.overhang() <= 0, (path, viewport)
                assert [] == await page.evaluate(TOO_SMALL), (path, viewport)
            await seen.open("/console/connectors/rook/test")
            await page.get_by_test_id("send").click()
            assert await seen.overhang() <= 0 and [] == await page.evaluate(TOO_SMALL)
            assert ([], []) == (seen.complaints, seen.elsewhere)
