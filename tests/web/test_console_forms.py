"""The editor of forms: written without a script, previewed as it is written, checked whole, and what came of it."""

from __future__ import annotations

import re
from html import unescape

from tests.filling_in import HOME, PERSON
from tests.market import selling
from tests.web.served import Served
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, browsing
from tests.web.test_console_browser import signed_in as looking
from tests.web.test_form_browser import fill_in, ready, violations
from tests.web.visitor import Page, Visitor, signed_in

STEPS = "# Home\nzip\nmonthly_bill | Your bill | In dollars | required\nhomeowner\n\n# You\n" + "\n".join(PERSON)
FIELDS = {
    "title": "Solar offers",
    "campaign": "cedar-solar",
    "form_mode": "live",
    "steps": STEPS,
    "asks_consent": "yes",
    "consent_text": "I agree that {buyers} may call and text me.",
    "hosts": "https://www.acme.example",
    "accent": "green",
    "look": "auto",
    "least_seconds": "2",
}


async def saved(visitor: Visitor, name: str = "solar", **changes: str) -> Page:
    token = (await visitor.open("/console/forms/new?name=other&campaign=cedar-solar")).token
    return await visitor.send(f"/console/forms/{name}", follow=True, csrf=token, **{**FIELDS, **changes})


async def test_a_form_is_begun_from_its_vertical_saved_and_open_at_once(served: Served) -> None:
    async with signed_in(served) as visitor:
        begun = await visitor.open("/console/forms/new?name=solar&campaign=cedar-solar")
        text = unescape(re.findall(r'data-testid="f-steps">(.*?)</textarea>', begun.source, re.DOTALL)[0])
        page = await saved(visitor, steps=text)
        shown = await visitor.open("/f/solar")

    assert text.startswith("# About your request\nzip\nmonthly_bill\nhomeowner\n\n# How to reach you\nfirst_name")
    assert (200, "Saved. Pages that show this form have it from now on.") == (
        page.http_status,
        page.part("saved").strip()[:53],
    )
    assert "Solar offers" in shown.text and "Step 1 of 2" in shown.text


async def test_what_is_wrong_is_told_and_nothing_written_is_lost(served: Served) -> None:
    async with signed_in(served) as visitor:
        page = await saved(visitor, steps="# All\nzip\nshoe_size", hosts="acme", title="Kept words")
        gone = await visitor.open("/f/solar")

    assert 422 == page.http_status
    assert "'acme' is not an origin" in page.part("problems")
    assert "shoe_size" in page.source and "Kept words" in page.source
    assert 404 == gone.http_status


async def test_only_operators_with_their_token_change_forms(served: Served) -> None:
    async with signed_in(served) as visitor:
        assert 403 == (await visitor.send("/console/forms/solar", follow=True, **FIELDS)).http_status
    async with signed_in(served, "sid@cedar.example", "seller", "cedar") as seller:
        assert 403 == (await seller.open("/console/forms")).http_status
        assert 403 == (await seller.open("/console/forms/solar/preview")).http_status


async def test_the_preview_shows_what_is_not_saved_yet_and_only_here(served: Served) -> None:
    async with signed_in(served) as visitor:
        token = (await visitor.open("/console/forms/new?name=solar&campaign=cedar-solar")).token
        shown = await visitor.send("/console/forms/preview", follow=True, csrf=token, name="solar", **FIELDS)
        wrong = await visitor.send(
            "/console/forms/preview", follow=True, csrf=token, name="solar", **{**FIELDS, "campaign": "none"}
        )
        opened = await visitor.open("/f/solar")

    assert "Your bill" in shown.text and "Step 2 of 2" in shown.text and "inert" in shown.source
    assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in shown.headers
    assert (422, 404) == (wrong.http_status, opened.http_status)


async def test_what_to_paste_works_as_it_stands(served: Served) -> None:
    async with signed_in(served) as visitor:
        await saved(visitor)
        page = await visitor.open("/console/forms/solar")
        plain = unescape(re.findall(r'data-testid="plain">(.*?)</pre>', page.source, re.DOTALL)[0])
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', plain))
        sent = await visitor.send("/f/solar", follow=True, **HOME, **PERSON, **hidden, _agree="yes")

    assert '<script src="http://127.0.0.1:8080/embed/solar.js" async></script>' in unescape(page.source)
    names = set(re.findall(r'name="(\w+)"', plain))
    assert {*HOME, *PERSON, "_words", "_agree"} == names
    assert "up to four companies that serve my area may call and text me." in plain
    assert "Thank you" in sent.text
    lead = (await served.exchange.rows("SELECT * FROM leads"))[0]
    assert "sold" == lead["state"]


async def test_results_tell_how_far_people_come(served: Served) -> None:
    await ready(served)
    async with browsing(served) as browser:
        for steps in (0, 1, 3):
            page = await (await browser.new_context()).new_page()
            await page.goto(f"{served.address}/f/solar")
            if steps == 1:
                await page.locator("[name=zip]").fill("1")
                await page.get_by_test_id("on").click()
                await page.get_by_test_id("told").wait_for()
            if steps == 3:
                await fill_in(page)
        await check_pages(served, browser)
    async with signed_in(served, "second@operator.example") as visitor:
        told = (await visitor.open("/console/forms/solar")).part("results")
        rows = (await visitor.open("/console/forms.json")).fields["forms"]

    figures = {"views": 3, "starts": 2, "sent": 1, "sold": 1, "refused": 0, "epl": "20.00"}
    assert figures == {name: rows[0][name] for name in figures}
    for line in (
        "Opened 3",
        "Started 2 2 of 3 1",
        "Finished step 1, Your home 1 1 of 2 1",
        "Sent 1 1 of 1 0",
        "Sold 1 1 of 1 0",
    ):
        assert line in told
    assert "$20.00 earned per form sent" in told


async def check_pages(served: Served, browser: object) -> None:
    """Both pages fit and can be used by everybody, and the preview follows what is written."""
    from playwright.async_api import Browser

    assert isinstance(browser, Browser)
    for viewport in (WIDE, NARROW):
        seen = await looking(browser, served, viewport)
        for path in ("/console/forms", "/console/forms/solar"):
            page = await seen.open(path)
            await page.wait_for_load_state("networkidle")
            assert await seen.overhang() <= 0, (path, viewport)
            assert [] == await page.evaluate(TOO_SMALL), (path, viewport)
            assert [] == await violations(page)
        assert [] == seen.complaints
        inner = page.frame_locator("iframe[name=preview]")
        await page.get_by_test_id("f-title").fill("Written just now")
        await page.get_by_test_id("f-title").blur()
        await inner.get_by_role("heading", name="Written just now").wait_for()
        await page.context.close()


async def test_a_form_that_is_removed_is_gone(served: Served) -> None:
    await served.exchange.add(*selling("cedar"))
    async with signed_in(served) as visitor:
        page = await saved(visitor)
        await visitor.send("/console/forms/solar/remove", follow=True, csrf=page.token)
        listed, shown = await visitor.open("/console/forms"), await visitor.open("/f/solar")
        script = await visitor.open("/embed/solar.js")

    assert "0 forms" in listed.text
    assert (404, 404) == (shown.http_status, script.http_status)
