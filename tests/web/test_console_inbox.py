"""The inbox of unmapped answers: counted, masked, mapped in three steps, gone."""

from __future__ import annotations

import re
from html import unescape

from exchange.flows.documents import save_document
from exchange.flows.shapes import CONNECTION
from exchange.model.actor import SYSTEM
from tests.flows.lab import post
from tests.market import buying, consumer, reply, usd
from tests.web.served import Served
from tests.web.test_console_trial import number_of
from tests.web.visitor import later, signed_in, stranger

INBOX = "/console/inbox"


async def unmapped(served: Served, times: int = 3) -> None:
    """A contract whose buyer answers in words its connection does not know, with the consumer's data in them."""
    exchange = served.exchange
    outcomes = [{"means": "accepted", "when": {"where": "json:state", "equals": "Taken"}}]
    stage = {"url": "http://birch.buyer.example/post", "body": {"phone": "phone"}, "reading": {"outcomes": outcomes}}
    await save_document(
        exchange.market, CONNECTION, "rook", {"connection": "rook", "connector": "json_http", "post": stage}, SYSTEM
    )
    await exchange.add(*buying("birch", connection="rook", price=usd("55")))
    for number in range(times):
        lead = consumer(number)
        said = reply(state="Pending Review", phone=lead["phone"], street=lead["address"])
        exchange.buyers.answers_posts("birch", said)
        await post(exchange, lead)
        later(served, 60)


async def test_an_unmapped_answer_is_counted_read_and_mapped(served: Served) -> None:
    await unmapped(served)
    async with signed_in(served) as operator:
        listed = await operator.open(INBOX)
        one = await operator.open(kind_path(listed.source))
        fields = {
            name: unescape(value)
            for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', one.source)
        }
        del fields["csrf"]
        read = await operator.submit("/console/connectors/rook/test", follow=True, **fields)
        mapped = await operator.submit(
            "/console/connectors/rook/test",
            **{**fields, "do": "map"},
            follow=True,
            seen=number_of(read, "json:state"),
            meaning="means:queued",
        )
        after = await operator.open(kind_path(listed.source))
        gone = await operator.submit(kind_path(listed.source), note="mapped")
        missing = await operator.open(kind_path(listed.source))

    assert "1 kind, 3 answers" in listed.text
    assert "6029580002" not in one.source and "3196 Lake" not in one.source and "Pending Review" in one.source
    assert "Error, unmapped" in read.text and "The rule is saved." in mapped.text
    assert "A rule reads it now: queued" in after.text
    assert "Every answer was read" in gone.text and 404 == missing.http_status
    assert 0 == await served.exchange.count("sales")
    [line] = await served.exchange.rows("SELECT after_json FROM audit_lines WHERE action = 'unmapped.forgotten'")
    assert '"note":"mapped"' in line["after_json"]


def kind_path(source: str) -> str:
    return unescape(re.findall(r'<td class="who"[^>]*><a href="([^"]+)"', source)[0])


async def test_the_twin_tells_first_and_last(served: Served) -> None:
    await unmapped(served, 2)
    async with signed_in(served) as operator:
        twin = await operator.open(f"{INBOX}.json?sort=-times&stage=post&buyer=birch&period=today")
        sheet = await operator.open(f"{INBOX}.csv?contract=birch-solar")
        empty = await operator.open(f"{INBOX}?stage=ping")

    assert "No kinds match. Without" in empty.part("empty")
    assert sheet.source.splitlines()[1].startswith("birch-solar,rook,post,2,") and 2 == twin.fields["answers"]
    [kind] = twin.fields["kinds"]
    assert (2, "birch-solar", "post") == (kind["times"], kind["contract"], kind["stage"])
    assert kind["first_at"] < kind["last_at"]


async def test_an_empty_inbox_says_so_and_it_is_for_operators(served: Served) -> None:
    async with signed_in(served) as operator, stranger(served) as nobody:
        assert "Every answer was read" in (await operator.open(INBOX)).text
        assert 404 == (await operator.open(f"{INBOX}/x/post/none")).http_status
        assert 303 == (await nobody.open(INBOX, follow=False)).http_status
    async with signed_in(served, "sam@cedar.example", "seller", "cedar") as seller:
        assert 403 == (await seller.open(INBOX)).http_status
