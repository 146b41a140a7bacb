"""The device script in a real browser, on a seller's own page of another origin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from exchange.stages.screen.device import read_device
from tests.web.served import Served
from tests.web.test_console_browser import browsing

_FORM = """<!doctype html><html lang="en"><title>Offers</title>{script}
<form method="post" action="/quote"><label>Name <input name="first_name"></label>{hidden}
<div style="position:absolute;left:-9999px" aria-hidden="true"><input name="honeypot" tabindex="-1"></div>
<button>Send</button></form>"""


@asynccontextmanager
async def own_page(served: Served, sent: list[dict[str, str]], hidden: str = "") -> AsyncIterator[str]:
    """A page with a form of its own; what it posts is kept in `sent`."""
    script = f'<script src="{served.address}/device.js"></script>'

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=_FORM.format(script=script, hidden=hidden), content_type="text/html")

    async def quote(request: web.Request) -> web.Response:
        sent.append({name: str(value) for name, value in (await request.post()).items()})
        return web.Response(text="<title>Thanks</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_post("/quote", quote)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("hidden", ["", '<input type="hidden" name="device">'])
async def test_it_tells_how_a_form_was_filled_in_and_nothing_of_what_was_typed(served: Served, hidden: str) -> None:
    sent: list[dict[str, str]] = []
    async with own_page(served, sent, hidden) as address, browsing(served) as browser:
        page = await browser.new_page()
        await page.goto(address)
        await page.get_by_label("Name").press_sequentially("Maria")
        await page.get_by_role("button", name="Send").click()
        await page.wait_for_url("**/quote")
        cookies = await page.context.cookies()
    (fields,) = sent
    report = read_device(fields["device"])

    assert report is not None and report.keys is not None and report.moves is not None
    assert report.keys >= 5 and report.moves >= 1 and not report.untouched
    assert "the browser says that a program drives it" in report.automated  # and one does
    assert report.id is not None and report.time_zone and report.form_ms is not None
    assert int(fields["form_ms"]) >= report.form_ms - 50 and "" == fields["honeypot"]
    assert "Maria" not in fields["device"] and [] == cookies


async def test_a_page_that_sends_by_a_script_asks_for_the_fields(served: Served) -> None:
    sent: list[dict[str, str]] = []
    async with own_page(served, sent) as address, browsing(served) as browser:
        page = await browser.new_page()
        await page.goto(address)
        told = await page.evaluate(
            "(() => { const form = document.forms[0]; exchangeDevice(form); return form.elements.device.value; })()"
        )
    report = read_device(told)

    assert report is not None and report.untouched
