"""A connection tried: rendered, sent, read, taught. Nothing of it is a lead, a hold or a sale."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import web

from exchange.connector import BadReply, Preview, Terms
from exchange.flows.billing_terms import set_terms
from exchange.flows.connection import ready
from exchange.flows.documents import save_document, save_secret
from exchange.flows.go_live import NotReady, go_live
from exchange.flows.payments import keep_deposit
from exchange.flows.preview import PREVIEWS, previews
from exchange.flows.samples import CannotKeep, drop_sample, keep_sample, read_again, readiness, samples_of
from exchange.flows.shapes import CONNECTION, DocumentProblems
from exchange.flows.teach import change_by, document_of, guess_mapping, propose_for, starting_document
from exchange.flows.trial import Edit, NoSuchSample, Trial, dotted, pick_lead, read, rendered, send, stand_in_contract
from exchange.model.auction import Accepted, Award, Bid, Rejected, Unclear
from exchange.model.lead import Lead
from exchange.model.party import Contract, State
from exchange.model.teaching import Taught
from exchange.model.wire import HttpMessage, Message, Reply
from tests.flows.lab import OPERATOR, later, post
from tests.mail_buyer import MailBuyer, mailed_to
from tests.market import Exchange, buying, open_exchange, reply, selling, usd

HELD = reply(state="held", why="manual check")
ROOK_SOLD = Reply(200, {"content-type": "application/json"}, b'{"state": "Taken", "lead": {"id": "R7"}}')
ROOK_NO = Reply(200, {"content-type": "application/json"}, b'{"state": "Refused", "why": "cap"}')


def rook(host: str = "rook.buyer.example", **post: Any) -> dict[str, Any]:
    outcomes = [{"means": "accepted", "when": {"where": "json:state", "equals": "Taken"}}]
    stage = {
        "url": f"http://{host}/post",
        "headers": {"X-Key": {"secret": "rook_key"}},
        "body": {"phone": "phone", "zip": "zip", "id": {"term": "reference"}},
        "reading": {"outcomes": outcomes},
    }
    return {"connection": "rook", "connector": "json_http", "post": {**stage, **post}}


async def trial(exchange: Exchange, name: str = "acme", stage: str = "post", lead: str = "1") -> Trial:
    market = exchange.market
    contract = stand_in_contract(market, name)
    return Trial(contract, market.connections[name], stage, await pick_lead(market, contract, lead, OPERATOR))


async def test_a_message_is_made_for_a_sample_lead_and_nothing_is_sent(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    message = rendered(exchange.market, await trial(exchange, lead="2"))

    assert isinstance(message, HttpMessage)
    assert b'"last":"O\'Connor"' in message.body
    assert [] == exchange.buyers.sent


async def test_a_ping_holds_nothing_personal(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    message = rendered(exchange.market, await trial(exchange, stage="ping"))

    assert isinstance(message, HttpMessage)
    assert b"85016" in message.body and b"Sandoval" not in message.body


async def test_a_sent_post_is_read_and_leaves_no_lead_no_hold_and_no_sale(either: Exchange) -> None:
    await either.add(*buying("acme"), *selling("cedar"))
    tried = await send(either.market, await trial(either))

    assert "accepted" == tried.outcome
    assert isinstance(tried.answer, Accepted)
    assert ("json:status", "sold") in tried.values
    assert ["Outcome: accepted", "Reference: b1"] == [each.meaning for each in tried.matches]
    for table in ("leads", "requests", "attempts", "holds", "sales"):
        assert 0 == await either.count(table)


async def test_a_sent_ping_tells_the_price(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    exchange.buyers.bids("acme", "31.50")
    tried = await send(exchange.market, await trial(exchange, stage="ping"))

    assert isinstance(tried.answer, list)
    assert [usd("31.50")] == [bid.price for bid in tried.answer if isinstance(bid, Bid)]


async def test_what_was_edited_is_what_is_sent_with_its_secrets(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"))
    await save_document(exchange.market, CONNECTION, "rook", rook("acme.buyer.example"), OPERATOR)
    await save_secret(exchange.market, "rook_key", "k-0123456789", OPERATOR)
    tried_with = await trial(exchange, "rook")
    message = rendered(exchange.market, tried_with)
    assert isinstance(message, HttpMessage)
    shown = dotted(message)
    tried = await send(exchange.market, tried_with, Edit(shown.headers, b'{"phone": "changed"}'))

    [sent] = exchange.buyers.sent
    assert "k-0123456789" not in repr(shown) and "••••1" == shown.headers["X-Key"]
    assert ("k-0123456789", b'{"phone": "changed"}') == (sent.headers["X-Key"], sent.body)
    assert "k-0123456789" not in repr(tried)


async def test_a_secret_that_is_not_set_is_told(exchange: Exchange) -> None:
    await exchange.add(*selling("cedar"))
    await save_document(exchange.market, CONNECTION, "rook", rook(), OPERATOR)
    with pytest.raises(BadReply, match="the secret rook_key is not set"):
        rendered(exchange.market, await trial(exchange, "rook"))


async def test_a_past_lead_is_tried_with_a_made_up_person(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    sold = await post(exchange)
    message = rendered(exchange.market, await trial(exchange, lead=sold["lead_id"]))

    assert isinstance(message, HttpMessage)
    assert b"85016" in message.body and b"maria@consumer" not in message.body and b"6029580142" not in message.body


@pytest.mark.parametrize("wanted", ["0", "11", "", "ld_none", "²", "99999999999"])
async def test_a_lead_that_is_none_is_told(exchange: Exchange, wanted: str) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    with pytest.raises(NoSuchSample, match="1 to 10"):
        await trial(exchange, lead=wanted)


async def test_a_pasted_reply_is_read_without_sending(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    tried_with = await trial(exchange)
    refused = read(exchange.market, tried_with, reply(status="rejected", reason="full"))
    held = read(exchange.market, tried_with, HELD)

    assert "rejected" == refused.outcome and isinstance(refused.answer, Rejected)
    assert "" == held.outcome and isinstance(held.answer, Unclear)
    assert [] == exchange.buyers.sent


async def test_an_acceptance_in_a_500_is_no_acceptance(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    tried = read(exchange.market, await trial(exchange), reply(http_status=500, status="sold"))

    assert "" == tried.outcome and isinstance(tried.answer, Unclear)


async def test_samples_are_sealed_and_read_again(either: Exchange) -> None:
    await either.add(*buying("acme"), *selling("cedar"))
    kept = await keep_sample(either.market, "acme", "post", "", "accepted", reply(status="sold"), OPERATOR)
    later(either, 1)
    wrong = await keep_sample(either.market, "acme", "post", "held", "rejected", HELD, OPERATOR)
    samples = await samples_of(either.market, "acme")

    assert [kept, wrong] == [sample.id for sample in samples]
    assert [False, True] == [each.wrong for each in read_again(either.market, "acme", None, samples)]
    assert all(
        b"held" not in bytes(row["sealed"]) for row in await either.rows("SELECT sealed FROM connection_samples")
    )
    assert await drop_sample(either.market, "acme", wrong) and not await drop_sample(either.market, "acme", wrong)


@pytest.mark.parametrize(("stage", "expected"), [("post", "sold"), ("return", "accepted")])
async def test_what_cannot_be_kept_is_told(exchange: Exchange, stage: str, expected: str) -> None:
    with pytest.raises(CannotKeep):
        await keep_sample(exchange.market, "acme", stage, "", expected, HELD, OPERATOR)


async def test_a_taught_rule_shows_which_samples_it_reads_otherwise(exchange: Exchange) -> None:
    await save_document(exchange.market, CONNECTION, "rook", rook(), OPERATOR)
    await keep_sample(exchange.market, "rook", "post", "", "accepted", ROOK_SOLD, OPERATOR)
    await keep_sample(exchange.market, "rook", "post", "", "rejected", ROOK_NO, OPERATOR)
    good = await change_by(exchange.market, "rook", "post", Taught("json:state", "Refused", means="rejected"))
    bad = await change_by(exchange.market, "rook", "post", Taught("json:lead.id", "R7", means="rejected", first=True))

    assert [("", "rejected", False)] == [(each.now, each.then, each.wrong) for each in good.differing]
    assert [("accepted", "rejected", True)] == [(each.now, each.then, each.wrong) for each in bad.differing]


async def test_rules_are_proposed_from_the_samples(exchange: Exchange) -> None:
    await save_document(exchange.market, CONNECTION, "rook", rook(), OPERATOR)
    assert await propose_for(exchange.market, "rook", "post", (ROOK_SOLD,)) is None
    change = await propose_for(exchange.market, "rook", "post", (ROOK_SOLD,), (ROOK_NO,))

    assert change is not None
    await save_document(exchange.market, CONNECTION, "rook", change.document, OPERATOR)
    connection = exchange.market.connections["rook"]
    assert connection.replies is not None
    assert ["accepted", "rejected"] == [connection.replies.outcome("post", each) for each in (ROOK_SOLD, ROOK_NO)]


async def test_a_contract_goes_live_when_a_yes_and_a_no_were_read(either: Exchange) -> None:
    market = either.market
    await save_document(market, CONNECTION, "rook", rook(), OPERATOR)
    await either.add(*buying("acme", connection="rook", price=usd("20"), state=State.PAUSED), *selling("cedar"))
    with pytest.raises(NotReady) as nothing:
        await go_live(market, "acme-solar", 5, OPERATOR)
    await save_secret(market, "rook_key", "k-0123456789", OPERATOR)
    await keep_sample(market, "rook", "post", "", "accepted", ROOK_SOLD, OPERATOR)
    await keep_sample(market, "rook", "post", "", "rejected", ROOK_NO, OPERATOR)
    unread = await readiness(market, "rook")
    change = await change_by(market, "rook", "post", Taught("json:state", "Refused", means="rejected"))
    await save_document(market, CONNECTION, "rook", change.document, OPERATOR)
    await set_terms(market, market.deals.buyers["acme"], {"security": "200.00"}, OPERATOR)
    await keep_deposit(market, market.deals.buyers["acme"], usd("150"), "wire-1", OPERATOR)
    with pytest.raises(NotReady, match=r"pay in a security of \$200\.00 first: \$150\.00 is there"):
        await go_live(market, "acme-solar", 5, OPERATOR)
    await keep_deposit(market, market.deals.buyers["acme"], usd("50"), "wire-2", OPERATOR)
    await go_live(market, "acme-solar", 5, OPERATOR)

    assert 3 == len(nothing.value.missing)
    assert ["No rejected answer to a post was read right yet: keep one as a sample."] == list(unread.missing[:1])
    contract = market.deals.contracts["acme-solar"]
    assert (State.ACTIVE, 5) == (contract.state, contract.caps[0].most)
    [line] = await either.rows("SELECT subject FROM audit_lines WHERE action = 'contract.live'")
    assert "contract:acme-solar" == line["subject"]


async def test_a_guess_becomes_a_connection(exchange: Exchange) -> None:
    market = exchange.market
    guess = guess_mapping(
        market, market.verticals["solar"], '{"first": "Ann", "ElectricBill": "150", "Phone": "602 555 0142"}'
    )
    document = starting_document("fern", "Fern", guess, {"post": "http://fern.buyer.example/leads"})
    await save_document(market, CONNECTION, "fern", document, OPERATOR)

    assert {"first": "first_name", "ElectricBill": "monthly_bill", "Phone": "phone"} == dict(guess.fields)
    assert document == document_of(market, "fern")
    with pytest.raises(DocumentProblems, match="no JSON"):
        guess_mapping(market, market.verticals["solar"], "hello")


async def test_a_mail_is_shown_as_it_is_read_and_sent_to_whoever_tries_it(exchange: Exchange) -> None:
    await exchange.add(*buying("birch", price=usd("30")), *selling("cedar"))
    mailed_to(exchange.market, "birch")
    exchange.buyers.answers_posts("me", Reply(250, {}, b"queued as 4F"))
    tried_with = await trial(exchange, "birch")
    [shown] = previews(exchange.market, tried_with, rendered(exchange.market, tried_with))
    tried = await send(exchange.market, tried_with, send_to="me@me.buyer.example")

    assert "Subject: A lead" in shown.content and "first_name: Maria" in shown.content
    [mail] = exchange.buyers.mailed
    assert (("me@me.buyer.example",), "[Test] A lead") == (mail.to, mail.subject)
    assert "accepted" == tried.outcome and isinstance(tried.answer, Accepted)


@dataclass(frozen=True)
class Shelf(MailBuyer):
    """One that sends nothing, and draws the card it would show."""

    def preview(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> tuple[Preview, ...]:
        return (Preview("The card", "text/plain", f"{lead.text('state')} at {award.bid.price.text}"),)


async def test_a_connector_may_show_a_delivery_itself(exchange: Exchange) -> None:
    await exchange.add(*buying("birch", price=usd("30")), *selling("cedar"))
    tried_with = replace(await trial(exchange, "birch"), connection=ready(Shelf(), {}))

    assert [Preview("The card", "text/plain", "AZ at 30.00")] == list(previews(exchange.market, tried_with, None))


def test_every_kind_of_message_can_be_shown() -> None:
    assert set(get_args(Message)) == PREVIEWS.keys()


@asynccontextmanager
async def slow_buyer() -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"state": "Taken", "said": await request.text()})

    app = web.Application()
    app.router.add_post("/post", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_test_over_the_wire_uses_a_way_out_of_its_own(tmp_path: Path) -> None:
    async with slow_buyer() as host, open_exchange(tmp_path, by_wire={"acme": host}) as exchange:
        await exchange.add(*selling("cedar"))
        await save_document(exchange.market, CONNECTION, "rook", rook(host, headers={}), OPERATOR)
        first, second = [await send(exchange.market, await trial(exchange, "rook")) for _ in range(2)]
        gone = exchange.market.breaker.state("test:test", exchange.clock.now())

    assert ["accepted", "accepted"] == [first.outcome, second.outcome]
    assert first.records[0].peer.startswith("127.0.0.1:")
    timing = first.records[0].timing
    assert timing is not None and timing.tls_ms is None
    assert all(part is not None and part >= 0 for part in (timing.dns_ms, timing.connect_ms, timing.first_byte_ms))
    assert not gone.open
