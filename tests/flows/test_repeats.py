"""The same request again: answered as before, never sold twice, never mixed up with another."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from exchange.courier.scripted import Delay
from exchange.flows.retain import forget
from exchange.flows.settle import Decision, settle
from exchange.model.lead import Kind, Mode
from exchange.model.wire import Lost, Reply
from tests.flows.lab import HUNG_UP, OPERATOR, Heard, attempts, later, person, ping, post, post_on, send, submission
from tests.market import NO_BID, POST, REFUSED, SOLD, Exchange, buying, selling

DAY = 86_400


@pytest.fixture
async def selling_cedar(exchange: Exchange) -> Exchange:
    await exchange.add(*buying("acme"), *selling("cedar"))
    return exchange


async def test_the_same_key_and_body_hear_the_first_answer_byte_for_byte(either: Exchange) -> None:
    await either.add(*buying("acme"), *selling("cedar"))
    first = await post(either, key="k1")
    later(either, 60)
    again = await post(either, key="k1")

    assert (first.body, first.status_code, True) == (again.body, again.status_code, again.replayed)
    assert 1 == len(either.buyers.posts("acme"))


async def test_a_refusal_is_repeated_for_its_key_too(selling_cedar: Exchange) -> None:
    selling_cedar.buyers.answers_posts("acme", REFUSED, SOLD)
    first = await post(selling_cedar, key="k1")
    again = await post(selling_cedar, key="k1")

    assert ("unsold", first.body, True) == (again["status"], again.body, again.replayed)


async def test_the_same_key_with_another_body_is_a_conflict_and_nothing_happens(selling_cedar: Exchange) -> None:
    await post(selling_cedar, key="k1")
    other = await post(selling_cedar, person(7), key="k1")

    assert (409, "idempotency_conflict") == (other.status_code, other["reason"])
    assert (1, 1) == (len(selling_cedar.buyers.posts("acme")), await selling_cedar.count("leads"))
    (line,) = await selling_cedar.rows("SELECT * FROM audit_lines WHERE action = 'request.key_conflict'")
    assert line["before_json"] != line["after_json"]


async def test_a_conflict_leaves_the_first_answer_to_its_key(selling_cedar: Exchange) -> None:
    first = await post(selling_cedar, key="k1")
    await post(selling_cedar, person(7), key="k1")

    assert first.body == (await post(selling_cedar, key="k1")).body


async def test_a_key_belongs_to_its_seller_and_its_endpoint(selling_cedar: Exchange) -> None:
    await selling_cedar.add(*selling("maple"))
    first = await post(selling_cedar, key="k1")
    theirs = await post(selling_cedar, person(7), key="k1", seller="maple")
    pinged = await ping(selling_cedar, key="k1")

    assert ["accepted"] * 3 == [answer["status"] for answer in (first, theirs, pinged)]
    assert not theirs.replayed and not pinged.replayed


async def test_live_and_test_keys_do_not_meet(selling_cedar: Exchange) -> None:
    tried = await post(selling_cedar, key="k1", mode=Mode.TEST)
    real = await post(selling_cedar, key="k1")

    assert (True, None) == (tried["test"], real["test"])


async def test_a_ping_is_repeated_by_its_key_alone(selling_cedar: Exchange) -> None:
    first, again = await ping(selling_cedar, key="k1"), await ping(selling_cedar, key="k1")
    bare, bare_again = await ping(selling_cedar), await ping(selling_cedar)

    assert first.body == again.body
    assert bare["ping_id"] != bare_again["ping_id"]


async def test_a_key_is_kept_for_thirty_days(selling_cedar: Exchange) -> None:
    await post(selling_cedar, key="k1")
    later(selling_cedar, 30 * DAY - 1)
    await forget(selling_cedar.market)
    kept = await post(selling_cedar, key="k1")
    later(selling_cedar, 1)
    gone = await post(selling_cedar, person(7), key="k1")

    assert (True, False, "accepted") == (kept.replayed, gone.replayed, gone["status"])


async def test_a_pings_answer_is_repeated_for_thirty_days_too(selling_cedar: Exchange) -> None:
    first = await ping(selling_cedar, key="k1")
    later(selling_cedar, 29 * DAY)
    await forget(selling_cedar.market)

    assert first.body == (await ping(selling_cedar, key="k1")).body


@pytest.mark.parametrize("key", ["k1", None])
async def test_fifty_identical_posts_at_once_are_one_lead_and_one_sale(either: Exchange, key: str | None) -> None:
    await either.add(*buying("acme"), *selling("cedar"))
    either.buyers.answers_posts("acme", Delay(50, SOLD))  # long enough for all of them to come
    answers = await asyncio.gather(*(post(either, key=key) for _ in range(50)))

    assert 1 == len({answer.body for answer in answers})
    assert {("accepted", "20.00")} == {(answer["status"], answer["price"]) for answer in answers}
    assert (1, 1, 50) == (await either.count("leads"), await either.count("sales"), await either.count("requests"))
    assert 1 == len(either.buyers.posts("acme"))


async def test_identical_posts_one_after_another_are_duplicates(selling_cedar: Exchange) -> None:
    await post(selling_cedar)

    assert ("duplicate", "duplicate_seller") == (await post(selling_cedar)).told


async def test_an_unsold_post_is_sold_when_it_is_sent_again(selling_cedar: Exchange) -> None:
    selling_cedar.buyers.answers_posts("acme", REFUSED, SOLD)

    assert ["unsold", "accepted"] == [(await post(selling_cedar))["status"] for _ in range(2)]


@pytest.mark.parametrize(("outcome", "status"), [(SOLD, "accepted"), (HUNG_UP, "queued")])
async def test_a_seller_lead_id_repeats_what_sold_or_is_queued(
    selling_cedar: Exchange, outcome: Reply | Lost, status: str
) -> None:
    selling_cedar.buyers.answers_posts("acme", outcome)
    first = await post(selling_cedar, {**POST, "seller_lead_id": "L-1"})
    again = await post(selling_cedar, {**person(7), "seller_lead_id": "L-1"})

    assert (status, first.body, True) == (again["status"], again.body, again.replayed)


async def test_a_seller_lead_id_lets_a_corrected_post_through(selling_cedar: Exchange) -> None:
    wrong = await post(selling_cedar, {**POST, "seller_lead_id": "L-1", "monthly_bill": "a lot"})
    right = await post(selling_cedar, {**POST, "seller_lead_id": "L-1"})

    assert (422, "accepted", False) == (wrong.status_code, right["status"], right.replayed)


async def test_a_seller_lead_id_lets_an_unsold_post_try_again(selling_cedar: Exchange) -> None:
    selling_cedar.buyers.answers_posts("acme", REFUSED, SOLD)
    tries = [await post(selling_cedar, {**POST, "seller_lead_id": "L-1"}) for _ in range(2)]

    assert ["unsold", "accepted"] == [answer["status"] for answer in tries]


async def test_another_post_with_a_seller_lead_id_at_work_waits_for_the_first(selling_cedar: Exchange) -> None:
    first, second = await asyncio.gather(
        post(selling_cedar, {**POST, "seller_lead_id": "L-1"}),
        post(selling_cedar, {**person(7), "seller_lead_id": "L-1"}),
    )

    assert (first.body, True) == (second.body, second.replayed)
    assert 1 == await selling_cedar.count("sales")


async def test_an_expired_ping_posted_again_is_answered_again(selling_cedar: Exchange) -> None:
    """A post that was refused at its ping leaves no key waiting behind."""
    pinged = await ping(selling_cedar)
    later(selling_cedar, 121)

    answers = [await post_on(selling_cedar, pinged) for _ in range(2)]
    assert [("rejected", "ping_expired")] * 2 == [answer.told for answer in answers]


async def test_an_invalid_post_is_answered_and_its_key_repeats_it(selling_cedar: Exchange) -> None:
    wrong = {**POST, "monthly_bill": "a lot"}
    first, again = [await post(selling_cedar, wrong, key="k1") for _ in range(2)]

    assert (422, first.body) == (again.status_code, again.body)


async def test_an_error_of_ours_is_not_repeated(selling_cedar: Exchange) -> None:
    fields = {**POST, "test_outcome": "server_error"}
    first = await post(selling_cedar, fields, key="k1", mode=Mode.TEST)
    again = await post(selling_cedar, fields, key="k1", mode=Mode.TEST)

    assert (503, False) == (first.status_code, again.replayed)
    assert "1" == first.headers["Retry-After"]


async def test_one_call_for_ping_and_post_is_repeated_too(selling_cedar: Exchange) -> None:
    selling_cedar.buyers.answers_posts("acme", Delay(900, SOLD))
    first, again = [await send(selling_cedar, submission(selling_cedar, Kind.DIRECT, POST, key="k1")) for _ in range(2)]

    assert (900, first.body) == (first["took_ms"], again.body)


async def test_every_repeat_has_its_own_row(selling_cedar: Exchange) -> None:
    for _ in range(3):
        await post(selling_cedar, key="k1")
    rows = await selling_cedar.rows("SELECT status FROM requests ORDER BY status")

    assert ["accepted", "replayed", "replayed"] == [row["status"] for row in rows]


async def test_no_bid_today_may_be_a_bid_tomorrow(selling_cedar: Exchange) -> None:
    selling_cedar.buyers.answers_pings("acme", NO_BID)
    first: Heard = await post(selling_cedar)
    selling_cedar.buyers.bids("acme", "25.00")

    assert [("unsold", "no_bid"), ("accepted", None)] == [first.told, (await post(selling_cedar)).told]


async def test_a_post_that_was_settled_as_refused_is_sold_when_it_is_sent_again(either: Exchange) -> None:
    await either.add(*buying("acme"), *selling("cedar"))
    either.buyers.answers_posts("acme", HUNG_UP, SOLD)
    fields = {**POST, "seller_lead_id": "L-1"}
    assert ("queued", "outcome_unclear") == (await post(either, fields)).told
    await settle(either.market, (await attempts(either))[0]["id"], Decision(False, "They have no such lead."), OPERATOR)

    assert "accepted" == (await post(either, fields))["status"]


async def test_one_id_in_two_campaigns_is_two_leads(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    other = replace(exchange.market.deals.campaigns["cedar-solar"], id="cedar-two")
    await exchange.add(other)
    one = await post(exchange, {**person(1), "seller_lead_id": "7"})
    two = await post(exchange, {**person(2), "seller_lead_id": "7"}, campaign="cedar-two")

    assert ["accepted"] * 2 == [one["status"], two["status"]]
    assert 2 == len({one["lead_id"], two["lead_id"]})
