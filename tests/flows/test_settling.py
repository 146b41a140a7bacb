"""What becomes of a delivery nobody answered clearly: settled once, by a person, a rule, a test, or by the buyer."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from exchange.flows.settle import CannotSettle, Decision, NoSuchDelivery, settle
from exchange.model.lead import Mode
from exchange.model.party import Cap, OnUnclear, Payout, SaleMode, State, Window
from exchange.model.work import LeadState
from exchange.worker import run_jobs, settle_silent
from tests.flows.lab import (
    HUNG_UP,
    OPERATOR,
    Heard,
    attempts,
    held,
    later,
    lead_of,
    owed,
    ping,
    post,
    post_on,
    spent,
    told_about,
    used,
)
from tests.market import NO_BID, POST, REFUSED, SOLD, Exchange, buying, campaign, reply, selling, usd

POSTBACK_URL = "http://flint.buyer.example/post"  # the script answers here too
YES = Decision(True, "the buyer says so")
NO = Decision(False, "the buyer says so")
DAY = 86_400


async def unclear(exchange: Exchange, **terms: Any) -> Heard:
    """Acme bids 25.00, takes the post and hangs up."""
    await exchange.add(*buying("acme", caps=(Cap(Window.DAY, "count", 50),), **terms))
    await exchange.add(*selling("cedar", postback_url=POSTBACK_URL))
    exchange.buyers.answers_posts("acme", HUNG_UP)
    answer = await post(exchange, {**POST, "seller_lead_id": "L-1"})
    assert ("queued", "outcome_unclear") == answer.told
    return answer


async def first(exchange: Exchange) -> str:
    return str((await attempts(exchange))[0]["id"])


async def told_back(exchange: Exchange) -> list[dict[str, Any]]:
    """The postbacks that came, once all due jobs have run."""
    while await run_jobs(exchange.market):
        pass
    return [orjson.loads(each.body) for each in exchange.buyers.sent if each.url == POSTBACK_URL]


async def test_an_unclear_post_that_was_taken_is_sold_and_booked(either: Exchange) -> None:
    answer = await unclear(either)

    assert LeadState.SOLD is await settle(either.market, await first(either), YES, OPERATOR)
    assert ("25.00", "0.00", "20.00") == (await spent(either, "acme"), await held(either, "acme"), await owed(either))
    assert 1 == await used(either, "acme-solar:day:count")
    assert "sold" == (await lead_of(either, answer))["state"]


async def test_an_unclear_post_that_was_not_taken_gives_everything_back(either: Exchange) -> None:
    await unclear(either)

    assert LeadState.UNSOLD is await settle(either.market, await first(either), NO, OPERATOR)
    assert ("0.00", "0.00", "0.00") == (await spent(either, "acme"), await held(either, "acme"), await owed(either))
    assert 0 == await used(either, "acme-solar:day:count")
    either.buyers.answers_posts("acme", SOLD)
    assert "accepted" == (await post(either))["status"]


async def test_the_first_decision_stands(exchange: Exchange) -> None:
    await unclear(exchange)
    attempt = await first(exchange)
    await settle(exchange.market, attempt, NO, OPERATOR)

    with pytest.raises(CannotSettle, match="is rejected; only an unclear or pending"):
        await settle(exchange.market, attempt, YES, OPERATOR)
    assert "0.00" == await owed(exchange)


async def test_of_two_who_settle_at_once_one_decides(on_postgres: Exchange) -> None:
    await unclear(on_postgres)
    attempt = await first(on_postgres)
    ends = await asyncio.gather(
        *(settle(on_postgres.market, attempt, decision, OPERATOR) for decision in (YES, NO, YES, NO)),
        return_exceptions=True,
    )

    assert 1 == sum(isinstance(end, LeadState) for end in ends)
    assert 3 == sum(isinstance(end, CannotSettle) for end in ends)


async def test_two_deliveries_of_one_lead_settled_at_once_leave_it_settled(on_postgres: Exchange) -> None:
    for name in ("acme", "birch"):
        await on_postgres.add(*buying(name, sale_mode=SaleMode.SHARED))
        on_postgres.buyers.answers_posts(name, HUNG_UP)
    await on_postgres.add(*selling("cedar", slots=2))
    answer = await post(on_postgres)
    ids = [row["id"] for row in await attempts(on_postgres)]
    await asyncio.gather(*(settle(on_postgres.market, each, NO, OPERATOR) for each in ids))

    assert "unsold" == (await lead_of(on_postgres, answer))["state"]


async def test_a_delivery_nobody_made_cannot_be_settled(exchange: Exchange) -> None:
    with pytest.raises(NoSuchDelivery):
        await settle(exchange.market, "dlv_none", YES, OPERATOR)


@pytest.mark.parametrize(("price", "says"), [("25.01", "cannot be above"), ("-1", "less than nothing")])
async def test_a_price_no_buyer_agreed_to_is_refused(exchange: Exchange, price: str, says: str) -> None:
    await unclear(exchange)

    with pytest.raises(CannotSettle, match=says):
        await settle(exchange.market, await first(exchange), Decision(True, "x", usd(price)), OPERATOR)


async def test_a_lower_price_may_be_agreed_on(exchange: Exchange) -> None:
    await unclear(exchange)
    await settle(exchange.market, await first(exchange), Decision(True, "agreed", usd("20")), OPERATOR)

    assert ("20.00", "16.00") == (await spent(exchange, "acme"), await owed(exchange))


async def test_the_seller_hears_by_postback_what_became_of_it(exchange: Exchange) -> None:
    answer = await unclear(exchange)
    await settle(exchange.market, await first(exchange), YES, OPERATOR)

    assert [("accepted", "20.00", "L-1", answer["lead_id"])] == [
        (told["status"], told["price"], told["seller_lead_id"], told["lead_id"]) for told in await told_back(exchange)
    ]


async def test_the_seller_hears_of_a_refusal_too(exchange: Exchange) -> None:
    await unclear(exchange)
    await settle(exchange.market, await first(exchange), NO, OPERATOR)

    assert [("unsold", None)] == [(told["status"], told.get("price")) for told in await told_back(exchange)]


async def test_a_receiver_that_is_down_hears_later(exchange: Exchange) -> None:
    await unclear(exchange)
    exchange.buyers.answers_posts("flint", reply(http_status=500), SOLD)
    await settle(exchange.market, await first(exchange), YES, OPERATOR)
    await told_back(exchange)
    later(exchange, 10)

    assert 2 == len(await told_back(exchange))
    later(exchange, DAY)
    assert 2 == len(await told_back(exchange))


async def test_the_terms_of_the_day_hold_however_late_it_is_settled(exchange: Exchange) -> None:
    await unclear(exchange)
    await exchange.add(*selling("cedar", payout=Payout(usd("0"), 1_000)))
    await settle(exchange.market, await first(exchange), YES, OPERATOR)

    assert "20.00" == await owed(exchange)


async def test_a_promised_price_is_kept_by_a_late_sale(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.bids("birch", "26.00")
    exchange.buyers.answers_posts("acme", REFUSED)
    exchange.buyers.answers_posts("birch", HUNG_UP)
    await post_on(exchange, await ping(exchange))
    waiting = next(row["id"] for row in await attempts(exchange) if row["state"] == "unclear")
    await settle(exchange.market, waiting, YES, OPERATOR)

    assert ("24.00", "26.00") == (await owed(exchange), await spent(exchange, "birch"))


async def test_a_late_shared_sale_pays_what_is_still_due_and_no_more(exchange: Exchange) -> None:
    """Two slots promised 36.00; one sale made up 30 of its own revenue; the other adds only what is left."""
    for name, price in (("acme", "40.00"), ("birch", "5.00")):
        await exchange.add(*buying(name, sale_mode=SaleMode.SHARED))
        exchange.buyers.bids(name, price)
    await exchange.add(*selling("cedar", slots=2))
    exchange.buyers.answers_posts("birch", HUNG_UP)
    posted = await post_on(exchange, await ping(exchange))
    waiting = next(row["id"] for row in await attempts(exchange) if row["state"] == "unclear")

    assert ("accepted", "36.00", "36.00") == (posted["status"], posted["price"], await owed(exchange))
    await settle(exchange.market, waiting, YES, OPERATOR)
    assert ("36.00", "5.00") == (await owed(exchange), await spent(exchange, "birch"))


async def test_a_lead_that_is_still_being_sold_is_left_alone(exchange: Exchange) -> None:
    await unclear(exchange)
    attempt = await first(exchange)
    await exchange.market.db.write(_reopen)

    with pytest.raises(CannotSettle, match="still being sold"):
        await settle(exchange.market, attempt, YES, OPERATOR)
    await exchange.market.db.write(_unclear)


async def _reopen(tx: Any) -> None:
    await tx.execute("UPDATE leads SET state = 'open'")


async def _unclear(tx: Any) -> None:
    await tx.execute("UPDATE leads SET state = 'unclear'")


async def test_silence_means_nothing_unless_the_contract_says_so(exchange: Exchange) -> None:
    await unclear(exchange)
    later(exchange, 400 * DAY)

    assert 0 == await settle_silent(exchange.market)
    assert {"acme": ("unclear", "post_unreadable")} == await told_about(exchange)


async def test_silence_may_mean_that_it_was_taken(either: Exchange) -> None:
    await unclear(either, on_unclear=OnUnclear.ASSUME_ACCEPTED, unclear_after_ms=DAY * 1_000)
    later(either, DAY - 1)
    early = await settle_silent(either.market)
    later(either, 1)

    assert (0, 1) == (early, await settle_silent(either.market))
    assert ("25.00", "20.00") == (await spent(either, "acme"), await owed(either))


async def test_a_receipt_that_never_comes_is_settled_by_rule_too(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", on_unclear=OnUnclear.ASSUME_ACCEPTED), *selling("cedar"))
    exchange.buyers.answers_posts("acme", reply(status="queued", id="q1"))
    await post(exchange)
    later(exchange, DAY)

    assert 1 == await settle_silent(exchange.market)
    assert "20.00" == await owed(exchange)


@pytest.mark.parametrize(("outcome", "status"), [("queued", "accepted"), ("unclear", "unsold")])
async def test_a_test_lead_settles_itself(exchange: Exchange, outcome: str, status: str) -> None:
    await exchange.add(*selling("cedar", postback_url=POSTBACK_URL))
    answer = await post(exchange, {**POST, "test_outcome": outcome}, mode=Mode.TEST)
    soon = await told_back(exchange)
    later(exchange, 21)

    assert (202, []) == (answer.status_code, soon)
    assert [(status, True)] == [(told["status"], told["test"]) for told in await told_back(exchange)]
    assert 0 == await exchange.count("transactions")


async def test_a_lead_that_was_not_taken_is_sold_to_those_who_were_not_asked(either: Exchange) -> None:
    await either.add(*buying("birch"))
    either.buyers.bids("birch", "20.00")
    answer = await unclear(either, on_unclear=OnUnclear.ASSUME_REJECTED)
    later(either, DAY)
    await settle_silent(either.market)
    told = await told_back(either)

    assert {"acme": ("rejected", "buyer_rejected"), "birch": ("accepted", None)} == await told_about(either)
    assert ("16.00", "20.00", "0.00") == (await owed(either), await spent(either, "birch"), await spent(either, "acme"))
    assert [("accepted", "16.00")] == [(each["status"], each["price"]) for each in told]
    assert "sold" == (await lead_of(either, answer))["state"]


async def test_a_resold_lead_is_the_lead_that_came(exchange: Exchange) -> None:
    await exchange.add(*buying("birch"))
    exchange.buyers.bids("birch", "20.00")
    await unclear(exchange, on_unclear=OnUnclear.ASSUME_REJECTED)
    later(exchange, DAY)
    await settle_silent(exchange.market)
    await told_back(exchange)

    (asked,), (sent,) = exchange.buyers.posts("acme"), exchange.buyers.posts("birch")
    same = ("first", "last", "phone", "email", "zip")
    assert {name: asked[name] for name in same} == {name: sent[name] for name in same}


async def test_nobody_is_asked_again_when_a_lead_is_resold(exchange: Exchange) -> None:
    await exchange.add(*buying("birch"))
    exchange.buyers.bids("birch", "30.00")
    exchange.buyers.answers_posts("birch", REFUSED)
    await unclear(exchange, on_unclear=OnUnclear.ASSUME_REJECTED)
    later(exchange, DAY)
    await settle_silent(exchange.market)
    told = await told_back(exchange)

    assert [("unsold", None)] == [(each["status"], each.get("price")) for each in told]
    assert (1, 1) == (len(exchange.buyers.posts("acme")), len(exchange.buyers.posts("birch")))
    exchange.buyers.answers_posts("birch", SOLD)
    assert "accepted" == (await post(exchange))["status"]


async def test_a_lead_waiting_to_be_resold_is_nobody_elses(exchange: Exchange) -> None:
    await unclear(exchange, on_unclear=OnUnclear.ASSUME_REJECTED)
    later(exchange, DAY)
    await settle_silent(exchange.market)
    meanwhile = await post(exchange, {**POST, "seller_lead_id": "L-2"})
    await told_back(exchange)

    assert ("duplicate", "duplicate_seller") == meanwhile.told


async def test_a_resale_pays_no_less_than_the_seller_asked_for(exchange: Exchange) -> None:
    await exchange.add(*buying("acme", on_unclear=OnUnclear.ASSUME_REJECTED), *buying("birch"), *selling("cedar"))
    exchange.buyers.bids("birch", "20.00")
    exchange.buyers.answers_posts("acme", HUNG_UP)
    await post(exchange, {**POST, "min_price": "18.00"})
    later(exchange, DAY)
    await settle_silent(exchange.market)
    await told_back(exchange)

    assert [] == exchange.buyers.posts("birch")


async def test_the_slot_of_a_shared_lead_that_was_not_taken_is_filled(exchange: Exchange) -> None:
    for name in ("acme", "birch", "cobalt"):
        await exchange.add(*buying(name, sale_mode=SaleMode.SHARED, on_unclear=OnUnclear.ASSUME_REJECTED))
    await exchange.add(*selling("cedar", slots=2, postback_url=POSTBACK_URL))
    exchange.buyers.answers_pings("cobalt", NO_BID)
    exchange.buyers.answers_posts("acme", HUNG_UP)
    answer = await post(exchange)
    exchange.buyers.bids("cobalt", "10.00")
    later(exchange, DAY)
    await settle_silent(exchange.market)
    told = await told_back(exchange)

    assert ("accepted", 1) == (answer["status"], answer["times_sold"])
    assert [("accepted", "28.00")] == [(each["status"], each["price"]) for each in told]
    assert [1, 2] == sorted(row["slot"] for row in await attempts(exchange) if row["state"] == "accepted")


async def test_a_closed_campaign_resells_nothing(exchange: Exchange) -> None:
    await exchange.add(*buying("birch"))
    exchange.buyers.bids("birch", "20.00")
    answer = await unclear(exchange, on_unclear=OnUnclear.ASSUME_REJECTED)
    await exchange.add(campaign("cedar", postback_url=POSTBACK_URL, state=State.PAUSED))
    later(exchange, DAY)
    await settle_silent(exchange.market)

    assert ["unsold"] == [each["status"] for each in await told_back(exchange)]
    assert "unsold" == (await lead_of(exchange, answer))["state"]
