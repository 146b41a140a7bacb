"""A text that a lead is there, and the page behind its link: nothing personal before somebody takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from twilio.request_validator import RequestValidator

from exchange.demo.peers.telephone_company import Callee
from exchange.flows.links import Link, make_link
from exchange.flows.scenes import PAGE
from tests.channels.telephone import BUYER, DESK, PUBLIC, TEXTS, TOKEN, Ringing, ringing
from tests.flows.lab import later, spent, told_about
from tests.flows.promises import broken
from tests.flows.test_deliver import tries
from tests.web.test_console_browser import NARROW, TOO_SMALL, browsing
from tests.web.test_posting_browser import WCAG
from tests.web.visitor import Page, Visitor, stranger


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Ringing]:
    async with ringing(tmp_path) as made:
        await made.connect(TEXTS)
        yield made
        assert [] == await broken(made.exchange.market)


async def texted(desk: Ringing) -> str:
    """Sell a lead; the path of the page its text points to."""
    await desk.sell()
    text, _, url = desk.company.texts[-1].body.rpartition(" ")
    assert "New solar lead. See it, and take it or not:" == text
    assert url.startswith(PUBLIC + PAGE)
    return url.removeprefix(PUBLIC)


async def opened(desk: Ringing, visitor: Visitor, path: str, do: str = "") -> Page:
    return await visitor.send(path, do=do) if do else await visitor.open(path)


async def test_whoever_takes_it_sees_all_of_it_and_has_bought_it(desk: Ringing) -> None:
    path = await texted(desk)
    async with stranger(desk.served) as visitor:
        for _ in range(2):
            page = await visitor.open(path)
            assert 200 == page.http_status and "85016" in page.text and "101-150" in page.text
            assert not any(each in page.source for each in ("Maria", "Sandoval", "6029580142", "maria@"))
        assert ("sent", "0.00") == ((await desk.delivery())["state"], await spent(desk.exchange, "birch"))

        taken = [await visitor.send(path, do="accepted") for _ in range(2)]
        again = await visitor.open(path)

    for page in (*taken, again):
        assert "This lead is yours" in page.text and "Maria" in page.text and 'href="tel:+16029580142"' in page.source
    assert ("accepted", "30.00", 1) == (
        (await desk.delivery())["state"],
        await spent(desk.exchange, "birch"),
        await desk.exchange.count("sales"),
    )
    assert [("sent", "the text is on the telephone"), ("accepted", "by link")] == await desk.heard()


async def test_whoever_refuses_it_sees_nothing_more_and_it_is_sold_to_the_next(desk: Ringing) -> None:
    path = await texted(desk)
    async with stranger(desk.served) as visitor:
        refused = await visitor.send(path, do="refused")
        await desk.settle_down()
        late = await visitor.send(path, do="accepted")

    assert (200, 410) == (refused.http_status, late.http_status)
    assert "Maria" not in refused.source + late.source
    assert {"birch": ("rejected", "buyer_rejected"), "acme": ("accepted", None)} == await told_about(desk.exchange)


async def test_a_link_that_is_made_up_old_or_of_another_kind_shows_nothing(desk: Ringing) -> None:
    path, market = await texted(desk), desk.exchange.market
    attempt_id = (await desk.delivery())["attempt_id"]
    word = make_link(market, Link(attempt_id, "disposition", "ring", market.clock.now() + 1_000), PAGE)
    async with stranger(desk.served) as visitor:
        for wrong in (path[:-2] + "AA", path + "x", PAGE + "x" * 400, word.removeprefix(PUBLIC)):
            assert 404 == (await visitor.open(wrong)).http_status
        assert 422 == (await visitor.send(path, do="steal")).http_status
        later(desk.exchange, 8 * 86_400)
        assert 410 == (await visitor.open(path)).http_status


async def test_a_text_that_does_not_arrive_is_the_end_of_it(desk: Ringing) -> None:
    desk.company.callees[BUYER] = Callee("failed")
    await desk.sell(answers="failed")

    assert ["sent"] == await tries(desk.exchange)
    assert [("failed", "the text was not delivered, error 30005")] == await desk.heard()
    assert {"birch": ("failed", "post_failed"), "acme": ("accepted", None)} == await told_about(desk.exchange)


async def test_what_is_told_of_a_text_is_believed_when_it_is_signed(desk: Ringing) -> None:
    await texted(desk)
    row = await desk.delivery()
    url, fields = f"{PUBLIC}/hooks/ring/{row['attempt_id']}", {"MessageSid": "SM1", "MessageStatus": "failed"}

    forged = RequestValidator("a guess").compute_signature(url, fields)
    assert 403 == await desk.ask(url, fields, {"X-Twilio-Signature": forged})
    assert "sent" == (await desk.delivery())["state"]

    signed = RequestValidator(TOKEN).compute_signature(url, {"SmsSid": "SM1"})
    assert 400 == await desk.ask(url, {"SmsSid": "SM1"}, {"X-Twilio-Signature": signed})


async def test_nothing_goes_out_while_the_buyer_is_closed_or_the_consumer_may_not_be_called(desk: Ringing) -> None:
    await desk.connect(DESK, wait_for_consumer=True)
    later(desk.exchange, 11.5 * 3_600)  # 23:30 in Phoenix, on a Saturday

    await desk.sell("1")

    row = await desk.delivery()
    assert ("waiting", 0, "it waits for its hour") == (row["state"], row["tries"], row["last_error"])
    assert 8.5 * 3_600_000 == row["next_at"] - desk.exchange.clock.now()
    await desk.wait(8.5 * 60)
    assert "30.00" == await spent(desk.exchange, "birch")


async def test_the_page_is_usable_by_all_on_a_small_screen_and_without_a_script(desk: Ringing) -> None:
    path = await texted(desk)
    async with browsing(desk.served) as browser:
        for dark in (False, True):
            context = await browser.new_context(viewport=NARROW, color_scheme="dark" if dark else "light")
            page = await context.new_page()
            await page.goto(desk.served.address + path)
            assert [] == (await Axe().run(page, options=WCAG)).response["violations"]
            assert [] == await page.evaluate(TOO_SMALL)
            assert 0 == await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        page = await (await browser.new_context(viewport=NARROW, java_script_enabled=False)).new_page()
        await page.goto(desk.served.address + path)
        await page.get_by_test_id("take").click()
        assert "tel:+16029580142" == await page.get_by_test_id("call").get_attribute("href")

    assert "30.00" == await spent(desk.exchange, "birch")
