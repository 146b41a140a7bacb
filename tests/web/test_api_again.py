"""Sending again, test mode and looking before posting, through a real server and a real database."""

from __future__ import annotations

import pytest

from exchange.clock import SimulatedClock
from exchange.model.party import Disclosure, State
from tests.market import PING, POST, buying, campaign, consumer, key_for_tests, live_key, selling, usd
from tests.web.served import Served


def clock(served: Served) -> SimulatedClock:
    assert isinstance(served.exchange.clock, SimulatedClock)
    return served.exchange.clock


# Again


async def test_the_same_key_and_body_give_the_first_answer_again_to_the_byte(served: Served) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = await served.send("post", POST, headers=headers)
    again = await served.send("post", POST, headers=headers)

    assert first.body == again.body
    assert (None, "true") == (first.headers.get("Idempotent-Replayed"), again.headers.get("Idempotent-Replayed"))
    assert (1, 1) == (await served.exchange.count("leads"), await served.exchange.count("sales"))


async def test_the_same_key_with_another_body_is_a_conflict(served: Served) -> None:
    headers = {"Idempotency-Key": "k-1"}
    await served.send("post", POST, headers=headers)
    other = await served.send("post", consumer(7), headers=headers)

    assert (409, "error", "idempotency_conflict") == other.told
    assert 1 == await served.exchange.count("leads")


async def test_a_test_answer_is_never_replayed_to_a_live_key(served: Served) -> None:
    headers = {"Idempotency-Key": "k-1"}
    tried = await served.send("post", POST, key=key_for_tests("cedar"), headers=headers)
    live = await served.send("post", POST, headers=headers)

    assert (True, None) == (tried.get("test"), live.get("test"))
    assert "accepted" == live["status"]
    assert 1 == len(served.exchange.buyers.posts("acme"))


@pytest.mark.parametrize("key", ["", "two words", "ü", "x" * 256])
async def test_a_key_nobody_could_repeat_is_refused(served: Served, key: str) -> None:
    answer = await served.send("post", {**POST, "idempotency_key": key or " "})

    assert (200 if not key else 400) == answer.http_status


async def test_a_sold_lead_is_answered_again_by_the_sellers_own_id(served: Served) -> None:
    first = await served.send("post", {**POST, "seller_lead_id": "A-1"})
    again = await served.send("post", {**POST, "seller_lead_id": "A-1", "city": "Phoenix"})

    assert first.body == again.body
    assert "A-1" == first["seller_lead_id"]


async def test_a_lead_that_was_not_sold_or_was_wrong_may_be_posted_again(served: Served) -> None:
    served.exchange.buyers.bids("acme", None)
    wrong = await served.send("post", {**POST, "zip": "8501", "seller_lead_id": "A-1"})
    unsold = await served.send("post", {**POST, "seller_lead_id": "A-1"})
    served.exchange.buyers.bids("acme", "25.00")
    sold = await served.send("post", {**POST, "seller_lead_id": "A-1"})
    twice = await served.send("post", {**POST, "seller_lead_id": "A-2"})

    assert ["invalid", "unsold", "accepted", "duplicate"] == [each["status"] for each in (wrong, unsold, sold, twice)]
    assert "duplicate_seller" == twice["reason"]


async def test_a_consumer_sold_yesterday_is_a_duplicate_for_any_seller_until_the_window_ends(served: Served) -> None:
    await served.exchange.add(*selling("birch"))
    await served.send("post", POST)
    clock(served).advance(86_400)
    other = await served.send("post", {**POST, "email": "other@consumer.example"}, key=live_key("birch"))
    clock(served).advance(30 * 86_400)
    later = await served.send("post", POST, key=live_key("birch"))

    assert (200, "duplicate", "duplicate_exchange") == other.told
    assert "accepted" == later["status"]


# Test mode


MAGIC = {
    1: (200, "accepted", None, "20.00"),
    2: (200, "accepted", None, "20.00"),
    3: (200, "unsold", "no_bid", None),
    4: (200, "unsold", "below_floor", None),
    5: (200, "unsold", "buyer_rejected", None),
    6: (200, "accepted", None, "15.20"),
    7: (200, "duplicate", "duplicate_exchange", None),
    8: (200, "rejected", "fraud_score", None),
    9: (202, "queued", "awaiting_receipt", None),
    10: (200, "accepted", None, "20.00"),
    11: (503, "error", "internal", None),
    12: (202, "queued", "outcome_unclear", None),
}


@pytest.mark.parametrize("number", MAGIC)
async def test_a_magic_zip_gives_its_outcome_and_moves_nothing_live(served: Served, number: int) -> None:
    before = await served.exchange.balance("acme")

    answer = await served.send("pingpost", {**POST, "zip": f"{number:05d}"}, key=key_for_tests("cedar"))

    assert MAGIC[number] == (*answer.told, answer.get("price"))
    assert answer["test"] is True
    assert ("1" if number == 11 else None) == answer.headers.get("Retry-After")
    assert before == await served.exchange.balance("acme")
    assert [] == served.exchange.buyers.sent
    assert [{"n": 1}] == await served.exchange.rows("SELECT COUNT(*) AS n FROM transactions")  # the deposit
    assert 0 == await served.exchange.count("cap_use")


async def test_a_test_ping_says_what_the_outcome_field_asks_for(served: Served) -> None:
    two = await served.send("ping", {**PING, "test_outcome": "two_bids"}, key=key_for_tests("cedar"))
    none = await served.send("ping", {**PING, "test_outcome": "no_bid"}, key=key_for_tests("cedar"))

    assert ("accepted", "20.00") == (two["status"], two["price"])
    assert "no_bid" == none["reason"]


# Looking before posting


async def test_validate_tells_the_same_errors_as_a_post_and_keeps_no_lead(served: Served) -> None:
    wrong = {**POST, "zip": "8501", "phone": "123"}
    looked = await served.send("validate", wrong)
    posted = await served.send("post", wrong)

    assert posted["errors"] == looked["errors"]
    assert (422, "invalid", "invalid") == looked.told
    assert [{"endpoint": "validate", "lead_id": None, "raw": None, "status": "invalid"}] == await served.exchange.rows(
        "SELECT endpoint, lead_id, raw, status FROM requests WHERE endpoint = 'validate'"
    )


async def test_validate_says_how_many_contracts_would_be_asked_and_why_the_others_would_not(served: Served) -> None:
    await served.exchange.add(*buying("birch", state=State.PAUSED), *buying("cobalt", deposit="0.01", price=usd("9")))

    looked = await served.send("validate", POST)

    assert (200, "valid", 1) == (looked.http_status, looked["status"], looked["contracts_asked"])
    assert [{"check": "closed", "contracts": 1}, {"check": "no_room", "contracts": 1}] == looked["not_asked"]
    assert 0 == await served.exchange.count("leads")
    assert [] == served.exchange.buyers.sent


@pytest.mark.parametrize(
    ("disclosure", "told"),
    [
        (Disclosure.FULL, {"would_be_asked", "contracts_asked", "not_asked"}),
        (Disclosure.CATEGORY, {"would_be_asked", "contracts_asked"}),
        (Disclosure.CODE, {"would_be_asked"}),
    ],
)
async def test_validate_tells_no_more_than_the_campaign_discloses(
    served: Served, disclosure: Disclosure, told: set[str]
) -> None:
    await served.exchange.add(campaign("cedar", disclosure=disclosure))

    looked = await served.send("validate", POST)

    assert told == set(looked.fields) & {"would_be_asked", "contracts_asked", "not_asked"}
