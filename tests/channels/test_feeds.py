"""RSS and Atom feeds from a real server: asked with validators, each entry once, whatever dress it comes in."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.flows.documents import save_document, save_secret
from exchange.flows.doors import NotPolled
from exchange.flows.shapes import SOURCE
from exchange.intake.feeds import read_feed
from exchange.intake.labels import pairs_of_text
from exchange.intake.markup import text_of_page
from exchange.model.actor import SYSTEM
from exchange.storage.sources import source_state
from exchange.storage.timeline import read_lead_rows
from exchange.web.story.page import tell
from exchange.web.story.records import open_story
from tests.channels.outlet import Outlet
from tests.flows.arrived import states, worked
from tests.flows.lab import OPERATOR, later
from tests.market import Exchange, consumer

FEED = "cedar_feed"


async def polled(exchange: Exchange, outlet: Outlet, **more: Any) -> None:
    document = {
        "source": FEED,
        "kind": "feed",
        "campaign": "cedar-solar",
        "url": f"{outlet.address}/leads",
        "every": "1m",
        **more,
    }
    await save_document(exchange.market, SOURCE, FEED, document, SYSTEM)
    await worked(exchange)


def rss(*entries: str) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:lead="https://cedar.example/lead"'
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    return f"{head} {spaces}><channel><title>Leads</title>{''.join(entries)}</channel></rss>".encode()


def in_elements(number: int) -> str:
    """An entry with an element of a namespace for each field."""
    fields = "".join(f"<lead:{name}>{value}</lead:{name}>" for name, value in consumer(number).items())
    return f"<item><guid>lead-{number}</guid><title>Lead {number}</title>{fields}</item>"


def in_words(number: int) -> str:
    """An entry whose content is written for people."""
    rows = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in consumer(number).items())
    return (
        f"<item><guid>lead-{number}</guid><content:encoded><![CDATA[<p>New lead</p><table>{rows}</table>]]>"
        "</content:encoded></item>"
    )


def atom(number: int) -> bytes:
    lines = "&lt;br/&gt;".join(f"{name}: {value}" for name, value in consumer(number).items())
    return (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Leads</title>'
        f'<entry><id>urn:lead:{number}</id><title>Lead</title><content type="html">{lines}</content></entry></feed>'
    ).encode()


@pytest.mark.parametrize(
    ("body", "channel"),
    [(rss(in_elements(1)), "rss"), (rss(in_words(1)), "rss"), (atom(1), "atom")],
    ids=["elements", "a table", "lines"],
)
async def test_an_entry_is_a_lead_in_every_dress(exchange: Exchange, outlet: Outlet, body: bytes, channel: str) -> None:
    outlet.body = body
    prefix = {f"lead_{name}": name for name in consumer(1)}

    await polled(exchange, outlet, columns=prefix)

    assert [("taken", "accepted")] == await states(exchange)
    assert [{"channel": channel}] == await exchange.rows("SELECT channel FROM requests")
    sent = exchange.buyers.posts("acme")[0]
    assert consumer(1)["email"] == sent["email"]


async def test_the_timeline_names_the_channel_and_the_entry(exchange: Exchange, outlet: Outlet) -> None:
    outlet.body = rss(in_words(1))
    await polled(exchange, outlet)

    lead_id = (await exchange.rows("SELECT id FROM leads"))[0]["id"]
    rows = await exchange.market.db.read(read_lead_rows, OPERATOR, lead_id)
    assert rows is not None
    first = tell(exchange.market, open_story(exchange.market, rows)).fields()["timeline"][0]
    assert "Ping and post received from Cedar by RSS" == first["title"]
    assert "item lead-1" in first["facts"] and "from " not in first["facts"]


async def test_an_unchanged_feed_is_not_sent_again(exchange: Exchange, outlet: Outlet) -> None:
    outlet.body, outlet.etag = rss(in_words(1)), '"v1"'
    await polled(exchange, outlet)
    later(exchange, 61)
    await worked(exchange)
    assert [200, 304] == outlet.answered

    outlet.body, outlet.etag = rss(in_words(2), in_words(1)), '"v2"'
    later(exchange, 61)
    await worked(exchange)

    assert [200, 304, 200] == outlet.answered
    assert '"v1"' == outlet.asked[2][1]["If-None-Match"]
    assert [("taken", "accepted")] * 2 == await states(exchange)


async def test_a_feed_that_knows_only_dates_is_asked_with_one(exchange: Exchange, outlet: Outlet) -> None:
    outlet.body, outlet.modified = rss(in_words(1)), "Sat, 21 Nov 2026 14:00:00 GMT"
    await polled(exchange, outlet)
    later(exchange, 61)
    await worked(exchange)

    assert [200, 304] == outlet.answered


async def test_a_feed_without_validators_is_read_again_and_nothing_is_taken_twice(
    exchange: Exchange, outlet: Outlet
) -> None:
    outlet.body = rss(in_words(1))
    await polled(exchange, outlet)
    for _ in range(3):
        later(exchange, 61)
        await worked(exchange)

    assert [200] * 4 == outlet.answered
    assert 1 == await exchange.count("leads")


async def test_what_the_feed_asks_for_is_sent_from_a_secret(exchange: Exchange, outlet: Outlet) -> None:
    outlet.body = rss(in_words(1))
    await save_secret(exchange.market, "cedar_login", "Basic Y2VkYXI6cw==", SYSTEM)
    await polled(exchange, outlet, authorization="cedar_login")

    assert "Basic Y2VkYXI6cw==" == outlet.asked[0][1]["Authorization"]


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (404, b"", "The server answered HTTP 404."),
        (503, b"", "The server is busy: HTTP 503."),
        (302, b"", "The server sent us elsewhere (HTTP 302)"),
        (200, b"<html><body>Sign in</body></html>", "no RSS and no Atom feed"),
        (200, rss(in_words(1))[:-30], "The feed cannot be read"),
        (200, b"", "no RSS and no Atom feed"),
    ],
)
async def test_what_is_no_feed_is_told_and_nothing_is_taken(
    exchange: Exchange, outlet: Outlet, status: int, body: bytes, told: str
) -> None:
    outlet.status, outlet.body = status, body
    await polled(exchange, outlet)

    state = await exchange.market.db.read(source_state, FEED)
    assert 1 == state.failures and told in (state.last_error or "")
    assert [] == list(await states(exchange))


def test_entities_and_files_are_read_by_nobody() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    with pytest.raises(NotPolled):
        read_feed(bomb + b"<rss version='2.0'><channel><item><title>&b;&c;</title></item></channel></rss>", 0)
    with pytest.raises(NotPolled):
        read_feed(b"/etc/passwd", 0)


def test_an_entry_that_says_two_things_is_refused_alone() -> None:
    twice = "<item><guid>a</guid><description>ZIP: 85016\nZIP: 10001</description></item>"
    broken, sound = sorted(read_feed(rss(twice, in_words(2)), 0), key=lambda item: item.key)

    assert broken.fields is None and ("ZIP was sent more than once",) == broken.problems
    assert sound.fields is not None and "85016" == sound.fields["zip"]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("ZIP: 85016\nState : AZ", [("ZIP", "85016"), ("State", "AZ")]),
        ("Name:\n  Maria Sandoval\n\nPhone: 602", [("Name", "Maria Sandoval"), ("Phone", "602")]),
        ("See https://cedar.example/a:b", []),
        ("Time: 14:05: sharp", [("Time", "14:05: sharp")]),
        ("No label here", []),
        ("Empty:\nZIP: 1", [("ZIP", "1")]),
    ],
)
def test_labels_of_a_text(text: str, pairs: list[tuple[str, str]]) -> None:
    assert pairs == pairs_of_text(text)


def test_labels_of_a_page() -> None:
    page = """<style>a: b</style><p>Hello&nbsp;there</p><dl><dt>ZIP</dt><dd>85016</dd></dl>
      <table><tr><th>First
      name</th><td><b>Ma</b>ria</td></tr><tr><td>a</td><td>b</td><td>c</td></tr></table><ul><li>State: AZ</li></ul>"""

    assert [("ZIP", "85016"), ("First name", "Maria"), ("State", "AZ")] == pairs_of_text(text_of_page(page))
