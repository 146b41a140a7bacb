"""A buyer sends a test to its own system: both sides, how it is read; nothing moves, and it is in the audit log."""

from __future__ import annotations

from exchange import limits
from exchange.model.wire import Loss, Lost
from tests.market import REFUSED, buying
from tests.web.served import Served
from tests.web.visitor import later, signed_in

TEST = "/buyer/contracts/acme-solar/test"


async def test_both_sides_are_shown_and_nothing_is_stored(served: Served) -> None:
    exchange = served.exchange
    exchange.buyers.bids("acme", "25.00")
    async with signed_in(served, "ann@acme.example", "buyer", "acme") as ann:
        contract = await ann.open("/buyer/contracts/acme-solar")
        before = await ann.open(TEST)
        unsent = len(exchange.buyers.sent)
        ping = await ann.submit(TEST, stage="ping", sample="2")
        exchange.buyers.answers_posts("acme", REFUSED)
        refused = await ann.submit(TEST, stage="post", sample="1")
        exchange.buyers.pings_answered["acme"] = Lost(Loss.CONNECT, "The buyer refuses connections.")
        lost = await ann.submit(TEST, stage="ping", sample="99")
    lines = await exchange.rows("SELECT actor, subject FROM audit_lines WHERE action = 'contract.test_sent'")

    assert f'href="{TEST}"' in contract.source
    assert 0 == unsent and "Not sent yet." in before.text and "http://acme.buyer.example/post" in before.text
    assert "HTTP 200" in ping.text and "$25.00" in ping.text and "Total" in ping.text and "json:status" in ping.text
    assert "not today" in refused.text and 'data-testid="matches"' in refused.source
    assert "No answer: The buyer refuses connections." in lost.text
    assert [("ann@acme.example", "contract:acme-solar")] * 3 == [(each["actor"], each["subject"]) for each in lines]
    assert [0, 0, 0, 0] == [await exchange.count(table) for table in ("leads", "requests", "attempts", "sales")]


async def test_the_connection_of_another_is_not_there(served: Served) -> None:
    await served.exchange.add(*buying("birch"))
    async with signed_in(served, "ann@acme.example", "buyer", "acme") as ann:
        seen = await ann.open("/buyer/contracts/birch-solar/test")
        sent = await ann.submit("/buyer/contracts/birch-solar/test", stage="ping", sample="1")

    assert (404, 404) == (seen.http_status, sent.http_status)
    assert [] == served.exchange.buyers.sent
    assert [] == await served.exchange.rows("SELECT id FROM audit_lines WHERE action = 'contract.test_sent'")


async def test_no_more_tests_go_than_somebody_looks_at(served: Served) -> None:
    served.exchange.buyers.bids("acme", "25.00")
    async with signed_in(served, "ann@acme.example", "buyer", "acme") as ann:
        for _ in range(limits.OWN_TESTS_AT_ONCE):
            await ann.submit(TEST, stage="ping", sample="1")
        sent = len(served.exchange.buyers.sent)
        refused = await ann.submit(TEST, stage="ping", sample="1")
        assert (429, sent) == (refused.http_status, len(served.exchange.buyers.sent))
        assert "Wait 10 s" in refused.part("problem") and "10" == refused.headers["Retry-After"]
        later(served, 10)
        assert 200 == (await ann.submit(TEST, stage="ping", sample="1")).http_status
