"""A price is asked for, and the lead is posted at that price: whose ping, how long, how often, and about which lead."""

from __future__ import annotations

import asyncio

import pytest

from exchange.model.lead import Kind, Mode
from exchange.model.party import Mismatch
from tests.flows.lab import (
    Heard,
    later,
    lead_of,
    owed,
    person,
    ping,
    post,
    post_on,
    send,
    spent,
    submission,
    told_about,
)
from tests.market import NO_BID, POST, REFUSED, SOLD, Exchange, buying, campaign, selling


async def test_a_lead_is_sold_at_the_price_that_was_pinged(either: Exchange) -> None:
    await either.add(*buying("acme"), *selling("cedar"))
    either.buyers.bids("acme", "30.00")
    pinged = await ping(either)
    posted = await post_on(either, pinged)

    assert ("24.00", "24.00") == (pinged["price"], posted["price"])
    assert ("24.00", "30.00") == (await owed(either), await spent(either, "acme"))
    assert pinged["ping_id"][4:] == posted["lead_id"][3:]
    assert 1 == len(either.buyers.pings("acme"))
    assert "p1" == either.buyers.posts("acme")[0]["bid"]


async def test_a_ping_sells_nothing_and_holds_nothing(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    await ping(exchange)

    assert {} == await told_about(exchange)
    assert 0 == await exchange.count("holds")


async def test_after_its_time_the_price_of_a_ping_is_gone(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    pinged = await ping(exchange)
    later(exchange, 120.001)

    assert ("rejected", "ping_expired") == (await post_on(exchange, pinged)).told
    assert [] == exchange.buyers.posts("acme")


async def test_an_expired_ping_is_auctioned_again_where_the_campaign_says_so(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", expired="reauction"))
    exchange.buyers.bids("acme", "30.00")
    pinged = await ping(exchange)
    later(exchange, 121)
    exchange.buyers.bids("acme", "20.00")
    posted = await post_on(exchange, pinged)

    assert ("accepted", "16.00") == (posted["status"], posted["price"])
    assert ("rejected", "ping_used") == (await post_on(exchange, pinged)).told


async def test_a_ping_is_unknown_to_another_seller(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"), *selling("maple"))
    pinged = await ping(exchange)
    stolen = await post_on(exchange, pinged, seller="maple")

    assert (404, "not_found") == (stolen.status_code, stolen["reason"])
    assert [] == exchange.buyers.posts("acme")
    assert "accepted" == (await post_on(exchange, pinged))["status"]


async def test_a_request_with_somebody_elses_ping_is_not_filed_under_that_lead(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"), *selling("maple"))
    pinged = await ping(exchange)
    await post_on(exchange, pinged, seller="maple")

    filed = await exchange.rows("SELECT seller_id FROM requests WHERE lead_id = :id", id=f"ld_{pinged['ping_id'][4:]}")
    assert [{"seller_id": "cedar"}] == filed


async def test_a_ping_of_another_campaign_is_unknown(exchange: Exchange) -> None:
    other = campaign("cedar", id="cedar-second")
    await exchange.add(*buying("acme"), *selling("cedar"), other)
    pinged = await ping(exchange)

    assert (404, "not_found") == _code(await post_on(exchange, pinged, campaign="cedar-second"))


async def test_a_test_ping_promises_a_live_post_nothing(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    pinged = await ping(exchange, mode=Mode.TEST)

    assert "accepted" == pinged["status"]
    assert (404, "not_found") == _code(await post_on(exchange, pinged))


def _code(answer: Heard) -> tuple[int, str]:
    return answer.status_code, answer["reason"]


async def test_a_ping_is_posted_on_once(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    pinged = await ping(exchange)
    await post_on(exchange, pinged)

    assert ("rejected", "ping_used") == (await post_on(exchange, pinged, person(7))).told
    assert 1 == len(exchange.buyers.posts("acme"))


@pytest.mark.parametrize("racing", [2, 10])
async def test_of_posts_that_race_on_one_ping_one_wins(either: Exchange, racing: int) -> None:
    await either.add(*buying("acme"), *selling("cedar"))
    pinged = await ping(either)
    answers = await asyncio.gather(*(post_on(either, pinged, person(number)) for number in range(racing)))

    assert 1 == sum(answer["status"] == "accepted" for answer in answers)
    assert {("accepted", None), ("rejected", "ping_used")} == {answer.told for answer in answers}
    assert 1 == len(either.buyers.posts("acme"))


async def test_a_post_that_is_not_the_lead_that_was_pinged_is_rejected(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    pinged = await ping(exchange)
    other = await post_on(exchange, pinged, {**POST, "monthly_bill": "301+"})

    assert ("rejected", "ping_mismatch") == other.told
    assert ["monthly_bill"] == other["details"]
    assert [] == exchange.buyers.posts("acme")


async def test_a_mismatch_leaves_the_ping_to_the_corrected_post(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    pinged = await ping(exchange)
    await post_on(exchange, pinged, {**POST, "monthly_bill": "301+"})
    corrected = await post_on(exchange, pinged)

    assert ("accepted", "20.00") == (corrected["status"], corrected["price"])
    assert "sold" == (await lead_of(exchange, corrected))["state"]


async def test_a_mismatch_is_asked_about_again_where_the_campaign_says_so(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar", mismatch=Mismatch.REPING))
    pinged = await ping(exchange)
    exchange.buyers.bids("acme", "10.00")
    posted = await post_on(exchange, pinged, {**POST, "monthly_bill": "301+"})

    assert ("accepted", "8.00") == (posted["status"], posted["price"])
    assert "301+" == exchange.buyers.pings("acme")[1]["bill"]


async def test_an_unsold_post_leaves_the_ping_for_another_try(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    exchange.buyers.answers_posts("acme", REFUSED, SOLD)
    pinged = await ping(exchange)

    assert ("unsold", "buyer_rejected") == (await post_on(exchange, pinged)).told
    assert ("accepted", None) == (await post_on(exchange, pinged)).told


async def test_the_consent_of_the_post_that_sold_is_kept(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    pinged = await ping(exchange)
    await post_on(exchange, pinged, {**POST, "monthly_bill": "301+"})
    corrected = await post_on(exchange, pinged)

    lead = await lead_of(exchange, corrected)
    kept = await exchange.rows("SELECT subject FROM consents WHERE lead_id = :id", id=lead["id"])
    assert lead["subject"] in [row["subject"] for row in kept]


async def test_a_duplicate_leaves_the_ping_unused(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    await post(exchange)
    pinged = await ping(exchange)

    assert ("duplicate", "duplicate_seller") == (await post_on(exchange, pinged)).told
    assert ("accepted", None) == (await post_on(exchange, pinged, person(7))).told


async def test_a_ping_nobody_bids_on_cannot_be_posted_on(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    exchange.buyers.answers_pings("acme", NO_BID)
    pinged = await ping(exchange)

    assert ("unsold", "no_bid") == pinged.told
    assert (404, "not_found") == _code(await post_on(exchange, pinged))


async def test_ping_and_post_in_one_call(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    sold = await send(exchange, submission(exchange, Kind.DIRECT, POST))

    assert ("accepted", "20.00") == (sold["status"], sold["price"])
    assert (1, 1) == (len(exchange.buyers.pings("acme")), len(exchange.buyers.posts("acme")))
