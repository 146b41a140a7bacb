"""Somebody teaches the format of a mail: by clicks, or without a script by the numbers of the words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.flows.documents import save_document
from exchange.flows.shapes import SOURCE
from exchange.flows.sources import store_items
from exchange.intake.mail.items import items_of
from exchange.model.actor import SYSTEM
from exchange.sources.mail import MailDocument
from exchange.sources.taught import TaughtFormat
from exchange.web.console.supply.teach import words_of
from tests.flows.arrived import worked
from tests.market import buying, consumer, selling
from tests.web.served import Served
from tests.web.test_console_browser import NARROWEST, WIDE, browsing
from tests.web.test_console_browser import signed_in as seen_by
from tests.web.visitor import signed_in

HOME = "/console/sources/portal"
TEXT = """Good news! {first_name} {last_name} of {zip} {state} wants panels.
Call {phone} or write to
   {email}
The bill is {monthly_bill} and the home is owned {homeowner}.
The street is {address}"""


def text_about(number: int) -> str:
    return TEXT.format_map({"address": "1 Main St", "homeowner": "yes", **consumer(number)})


async def with_mails(served: Served, *numbers: int) -> None:
    """A source whose mails nobody could read so far, and one buyer."""
    exchange = served.exchange
    await exchange.add(*buying("acme", "9000"), *selling("cedar"))
    exchange.buyers.bids("acme", "30.00")
    document: dict[str, Any] = {
        "source": "portal",
        "kind": "mail",
        "campaign": "cedar-solar",
        "address": "solar@in.example",
    }
    document["constants"] = {"tcpa_consent": "yes"}
    await save_document(exchange.market, SOURCE, "portal", document, SYSTEM)
    await receive(served, *numbers)


def formats(served: Served) -> tuple[TaughtFormat, ...]:
    document = served.exchange.market.sources["portal"].document
    assert isinstance(document, MailDocument)
    return document.taught


async def receive(served: Served, *numbers: int) -> None:
    market = served.exchange.market
    source = market.sources["portal"]
    for number in numbers:
        head = f"From: portal@dealer.example\r\nSubject: New lead\r\nMessage-ID: <{number}@dealer.example>\r\n\r\n"
        raw = (head + text_about(number).replace("\n", "\r\n")).encode()
        await store_items(market, source, items_of(raw, "email", market.clock.now(), formats(served)))
    await worked(served.exchange)


def numbers_of(text: str, values: Mapping[str, str]) -> dict[str, str]:
    """The form: each field with the numbers of the first and last word of its value."""
    words = [word for line in words_of(text) for word in line]
    form: dict[str, str] = {}
    for row, (field, value) in enumerate(values.items()):
        start = text.index(value)
        inside = [word.number for word in words if start <= word.start < start + len(value)]
        form |= {f"field{row}": field, f"first{row}": str(inside[0]), f"last{row}": str(inside[-1])}
    return form


def marked(number: int) -> dict[str, str]:
    names = ("first_name", "last_name", "zip", "state", "phone", "email", "monthly_bill", "homeowner", "address")
    told = {"address": "1 Main St", "homeowner": "yes", **consumer(number)}
    return numbers_of(text_about(number), {name: told[name] for name in names if told.get(name)})


async def failed_item(served: Served) -> str:
    rows = await served.exchange.rows("SELECT id FROM source_items WHERE state = 'failed' ORDER BY at, id")
    return str(rows[0]["id"])


async def test_a_format_is_taught_and_the_mail_read_again(served: Served) -> None:
    await with_mails(served, 1)
    item = await failed_item(served)
    async with signed_in(served) as visitor:
        page = await visitor.submit(f"{HOME}/items/{item}/teach", why="To teach")
        assert "Nothing is marked yet" in page.part("read")
        form = {"why": "To teach", **marked(1)}
        tried = await visitor.submit(f"{HOME}/items/{item}/teach", follow=True, **form)
        assert consumer(1)["email"] in tried.part("read")
        saved = await visitor.submit(f"{HOME}/items/{item}/teach", follow=True, **form, save="yes")
        assert "Not usable" in saved.text
        await visitor.submit(f"{HOME}/items/{item}/again")
    await worked(served.exchange)
    await receive(served, 2)

    statuses = [row["status"] for row in await served.exchange.rows("SELECT status FROM source_items ORDER BY at, id")]
    assert ["accepted", "accepted"] == statuses
    assert 2 == len(served.exchange.buyers.posts("acme"))


async def test_what_cannot_be_taught_is_told(served: Served) -> None:
    await with_mails(served, 1)
    item = await failed_item(served)
    async with signed_in(served) as visitor:
        wrong = await visitor.submit(f"{HOME}/items/{item}/teach", why="x", field0="zip", first0="900", save="yes")
        assert "Say for zip which words" in wrong.part("problem")
        unsaid = await visitor.submit(f"{HOME}/items/{item}/teach", why="")
        assert 422 == unsaid.http_status and consumer(1)["phone"] not in unsaid.source
        gone = await visitor.submit(f"{HOME}/items/itm_none/teach", why="x")
        assert 422 == gone.http_status

    assert () == formats(served)


async def test_words_are_clicked_in_a_browser(served: Served) -> None:
    await with_mails(served, 1)
    item = await failed_item(served)
    values = marked(1)
    async with browsing(served) as browser:
        for viewport in (WIDE, NARROWEST):
            seen = await seen_by(browser, served, viewport)
            await seen.page.goto(f"{served.address}{HOME}")
            await seen.page.locator(f'[data-item="{item}"] summary').click()
            await seen.page.locator('[data-testid="teach"]').click()
            for row in range(3):
                await seen.page.locator(f'[name="field{row}"]').select_option(values[f"field{row}"])
                await seen.page.locator(f'[data-word="{values[f"first{row}"]}"]').click()
                await seen.page.locator(f'[data-word="{values[f"last{row}"]}"]').click()
            await seen.page.locator('[data-testid="try"]').click()
            await seen.page.locator('[data-testid="read"] th').first.wait_for()
            read = await seen.page.locator('[data-testid="read"]').inner_text()
            wide = await seen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert consumer(1)["last_name"].split()[0] in read
            assert wide <= 0
            assert [] == seen.complaints
