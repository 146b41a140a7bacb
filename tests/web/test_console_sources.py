"""The pages of sources: how each does, what could not be used with its values hidden, and what an operator does."""

from __future__ import annotations

from dataclasses import replace

import orjson

from exchange.flows.doors import NotPolled
from exchange.flows.sources import store_items
from exchange.model.source import Item
from exchange.web.story.shape import shape_of
from tests.flows.arrived import FEED, Shelf, item, source_of, with_source, worked
from tests.market import consumer
from tests.web.leads import sell
from tests.web.served import Served, serve_exchange
from tests.web.test_console_browser import NARROW, NARROWEST, TOO_SMALL, WIDE, browsing
from tests.web.test_console_browser import signed_in as seen_by
from tests.web.visitor import signed_in, stranger

HOME = f"/console/sources/{FEED}"
PERSONAL = ("Sandoval", "maria@", "6029580002", "consumer.example")


async def with_messages(served: Served, shelf: Shelf) -> Served:
    """A lead, an unreadable message and one that is not valid."""
    exchange = await with_source(served.exchange, shelf, title="Cedar's feed")
    now = exchange.market.clock.now()
    text = b"Name Maria Sandoval\nZIP: 85016\n<b>Phone</b> 6029580002\nmail me maria@consumer.example"
    broken = Item("x1", "email", None, text, "text/plain", now, ("No field was found in it.",), ("from a mailbox",))
    fields = {**consumer(3), "phone": "12"}
    wrong = item(3, fields=fields, original=orjson.dumps(list(consumer(3).items())), at=now)
    await store_items(exchange.market, source_of(exchange), [broken, wrong, item(1, at=now)])
    await worked(exchange)
    return replace(served, exchange=exchange)


async def test_the_list_and_the_page_tell_how_a_source_does(served: Served) -> None:
    served = await with_messages(served, Shelf())
    async with signed_in(served) as visitor:
        page, told = await visitor.open("/console/sources"), (await visitor.open("/console/sources.json")).fields
        row = page.part("source")
        assert "Cedar's feed" in row and "Active" in row and "feed" in row and "Cedar solar" in row
        source = told["sources"][0]
        assert ("active", 3, 0) == (source["state"], source["items"], source["failures"])
        assert {"accepted": 1, "invalid": 2} == source["last_24_hours"]
        assert source["last_poll"] is not None and source["next_poll"] > source["last_poll"]
        one = await visitor.open(HOME)
        assert "every 1m" in one.part("figures") and "No field was found in it." in one.part("failed")


async def test_messages_that_failed_are_shown_without_a_value(served: Served) -> None:
    served = await with_messages(served, Shelf())
    async with signed_in(served) as visitor:
        page, told = await visitor.open(HOME), await visitor.open(f"{HOME}.json")
        for source in (page.source, told.source):
            assert not [word for word in PERSONAL if word in source]
        assert "ZIP: •••••" in page.text
        assert 2 == len(told.fields["failed_messages"])


async def test_a_message_is_shown_to_who_says_why(served: Served) -> None:
    served = await with_messages(served, Shelf())
    item_id = (await served.exchange.rows("SELECT id FROM source_items WHERE state = 'failed'"))[0]["id"]
    async with signed_in(served) as visitor:
        refused = await visitor.submit(f"{HOME}/items/{item_id}/show", why=" ")
        assert 422 == refused.http_status and "Sandoval" not in refused.source

        shown = await visitor.submit(f"{HOME}/items/{item_id}/show", why="The sender asked")
        assert "Name Maria Sandoval" in shown.part("revealed")
        assert "Sandoval" not in (await visitor.open(HOME)).source
    lines = await served.exchange.rows("SELECT after_json FROM audit_lines WHERE action = 'item.revealed'")
    assert [{"after_json": '{"why":"The sender asked"}'}] == lines


async def test_a_message_is_read_again(served: Served) -> None:
    served = await with_messages(served, Shelf())
    found = await served.exchange.rows("SELECT id FROM source_items WHERE status = 'invalid' AND state = 'taken'")
    item_id = found[0]["id"]
    async with signed_in(served) as visitor:
        page = await visitor.submit(f"{HOME}/items/{item_id}/again")
        assert 200 == page.http_status
        await worked(served.exchange)
        twice = await visitor.submit(f"{HOME}/items/{item_id}/again")
        assert 409 == twice.http_status

    assert 2 == len(served.exchange.buyers.posts("acme"))


async def test_a_source_is_paused_resumed_and_polled_from_its_page(served: Served) -> None:
    shelf = Shelf([item(1)], down=NotPolled("Nobody is there."))
    exchange = await with_source(served.exchange, shelf)
    async with serve_exchange(exchange) as running, signed_in(running) as visitor:
        await worked(exchange)
        assert "Nobody is there." in (await visitor.open(HOME)).part("down")
        await sell(running, 9)  # a dashboard without a lead tells the first steps instead
        dashboard = await visitor.open("/console")
        assert f'href="{HOME}"' in dashboard.source and f"{FEED} is down" in dashboard.part("needs")

        page = await visitor.submit(f"{HOME}/pause")
        assert "Paused" in page.text and "Let it go on" in page.text
        shelf.down = None
        await visitor.submit(f"{HOME}/resume")
        await visitor.submit(f"{HOME}/poll")
        await worked(exchange)
        page = await visitor.open(HOME)
        assert "Active" in page.text and "Nobody is there." not in page.text
        assert 404 == (await visitor.submit("/console/sources/nobody/poll")).http_status
        assert 404 == (await visitor.open("/console/sources/nobody")).http_status


async def test_nobody_else_sees_or_does_anything(served: Served) -> None:
    served = await with_messages(served, Shelf())
    async with stranger(served) as visitor:
        assert "/login" == (await visitor.open(HOME, follow=False)).headers["Location"]
    async with signed_in(served, "sam@seller.example", "seller", "cedar") as visitor:
        for path in ("/console/sources", HOME, f"{HOME}.json"):
            assert 403 == (await visitor.open(path)).http_status
        assert 403 == (await visitor.send(f"{HOME}/pause")).http_status


async def test_the_pages_fit_their_screens(served: Served) -> None:
    served = await with_messages(served, Shelf())
    async with browsing(served) as browser:
        for viewport in (WIDE, NARROW, NARROWEST):
            seen = await seen_by(browser, served, viewport)
            for path in ("/console/sources", HOME):
                page = await seen.open(path)
                await page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
                assert await seen.overhang() <= 0, (path, viewport)
                assert 10_000 < len(await page.screenshot(full_page=True))
                assert [] == await page.evaluate(TOO_SMALL), (path, viewport)
            assert [] == seen.complaints and [] == seen.elsewhere


def test_the_shape_of_a_message_holds_names_of_fields_and_nothing_else() -> None:
    nested = '{\n  "zip": "•••••",\n  "to": [\n    {\n      "name": "•••••"\n    }\n  ],\n  "ok": true\n}'
    assert nested == shape_of(b'{"zip":"85016","to":[{"name":"Maria"}],"ok":true}')
    assert "Name: •••••\n••••• <b>•••••</b>" == shape_of(b"Name: Maria Sandoval\nhello there <b>Maria</b>")
    assert "<lead id=••••• x=•••••>•••••</lead> •••••" == shape_of(
        b"<lead id=\"Maria\" x='Maria'>Maria</lead> <Maria Sandoval@x>"
    )
    assert "Maria" not in shape_of('{"broken": "Maria'.encode("utf-16"))
