"""Operators see all campaigns with their posting pages, and choose how each answers, seen before it counts."""

from __future__ import annotations

import re

from axe_playwright_python.async_playwright import Axe

from exchange.flows.specs import page_of
from tests.market import PING, selling
from tests.web.served import Served
from tests.web.test_console_browser import NARROW, TOO_SMALL, WIDE, browsing
from tests.web.test_console_browser import signed_in as browser_signed_in
from tests.web.test_posting_browser import WCAG
from tests.web.visitor import signed_in

PATH = "/console/campaigns/cedar-solar/answers"


async def test_every_campaign_is_listed_with_its_posting_page(served: Served) -> None:
    await served.exchange.add(*selling("birch"))
    async with signed_in(served) as operator:
        shown = await operator.open("/console/campaigns")
        twin = (await operator.open("/console/campaigns.json")).fields
    async with signed_in(served, "ann@cedar.example", "seller", "cedar") as seller:
        assert 403 == (await seller.open("/console/campaigns")).http_status

    assert ["birch-solar", "cedar-solar"] == [each["campaign_id"] for each in twin["campaigns"]]
    for each in twin["campaigns"]:
        assert each["posting_page"].endswith(f"/p/{page_of(served.exchange.market, each['campaign_id'])}")
        assert each["posting_page"] in shown.source


async def test_a_form_is_seen_and_then_saved(served: Served) -> None:
    async with signed_in(served) as operator:
        seen = await operator.submit(PATH, form="matched")
        before = await served.send("ping", PING)
        saved = await operator.submit(PATH, form="matched", save="1", follow=False)
        after = await served.send("ping", PING)

    assert "<status>Matched</status>" in seen.part("shown") and 200 == seen.http_status
    assert "accepted" == before["status"]
    assert (303, "/console/campaigns") == (saved.http_status, saved.headers["Location"])
    assert b"<status>Matched</status>" in after.body


async def test_a_custom_form_can_be_opened_again_as_it_was_saved(served: Served) -> None:
    document = (
        "format: nvp\nfields: {OK: word, P: {of: price, otherwise: '0'}, V: {constant: '1'}}\nwords: {otherwise: N}"
    )
    async with signed_in(served) as operator:
        await operator.submit(PATH, form="custom", document=document, save="1")
        first = served.exchange.market.deals.campaigns["cedar-solar"].answer_shape
        opened = await operator.open(PATH)
        text = re.findall(r'data-testid="document">\n(.*?)</textarea>', opened.source, re.DOTALL)[0]
        await operator.submit(PATH, form="custom", document=text.replace("&#34;", '"'), save="1")

    assert first is not None and first == served.exchange.market.deals.campaigns["cedar-solar"].answer_shape
    assert "OK=N" in opened.part("shown")


async def test_what_cannot_be_used_is_told_and_changes_nothing(served: Served) -> None:
    async with signed_in(served) as operator:
        for document in ("", "[", "fields: {A: buyer}", "- a", "fields: {A: word}\nroot: '<x>'"):
            told = await operator.submit(PATH, form="custom", document=document, save="1")
            assert 422 == told.http_status and told.part("problems"), document
        unknown = await operator.submit(PATH, form="loud", save="1")
        missing = await operator.open("/console/campaigns/nobody/answers")
        forged = await operator.send(PATH, form="matched", save="1")

    assert (422, 404, 403) == (unknown.http_status, missing.http_status, forged.http_status)
    assert "standard" == served.exchange.market.deals.campaigns["cedar-solar"].answers


async def test_the_preview_follows_what_is_typed(served: Served) -> None:
    async with browsing(served) as browser:
        seen = await browser_signed_in(browser, served, WIDE)
        page = await seen.open(PATH)
        await page.locator("input[value=accepted]").check()
        await (
            page.get_by_test_id("shown")
            .get_by_text('"DUPLICATED"', exact=False)
            .or_(page.get_by_test_id("shown").get_by_text('"ACCEPTED"', exact=False))
            .first.wait_for()
        )
        await page.get_by_test_id("document").fill("fields: {HELLO: word}")
        await page.locator("input[value=custom]").check()
        await page.get_by_test_id("shown").get_by_text('"HELLO"', exact=False).first.wait_for()
        assert await seen.overhang() <= 0
        assert [] == seen.complaints


async def test_both_pages_fit_every_screen(served: Served) -> None:
    async with browsing(served) as browser:
        for viewport in (WIDE, NARROW):
            seen = await browser_signed_in(browser, served, viewport)
            for path in ("/console/campaigns", PATH):
                page = await seen.open(path)
                assert await seen.overhang() <= 0, (path, viewport)
                assert [] == await page.evaluate(TOO_SMALL), (path, viewport)
                found = await Axe().run(page, options=WCAG)
                assert [] == found.response["violations"], found.generate_report()
