"""How a delivery may end, from the wire to the books: what the seller hears, what is held, what is booked, who owns the
consumer afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from exchange.courier.scripted import Delay
from exchange.model.party import Cap, SaleMode, Window
from exchange.model.wire import Loss, Lost, Reply
from tests.flows.lab import (
    HUNG_UP,
    TIMED_OUT,
    attempts,
    held,
    lead_of,
    owed,
    person,
    post,
    spent,
    told_about,
    used,
)
from tests.market import POST, REFUSED, Exchange, buying, reply, selling

PAGE = Reply(200, {"content-type": "text/html"}, b"<html>Service temporarily unavailable</html>")
ODD = reply(status="matched maybe")
QUEUED = reply(status="queued", id="q1")


@dataclass(frozen=True)
class Case:
    """What one buyer answers to the post, and what comes of it when it is the only buyer."""

    answer: Reply | Lost
    state: str
    reason: str | None
    heard: tuple[int, str, str | None]


def lost(why: Loss) -> Lost:
    return Lost(why, "Lost on the way.")


NOT_SENT = (200, "unsold", "post_failed")
REJECTED = (200, "unsold", "buyer_rejected")
UNCLEAR = (202, "queued", "outcome_unclear")

CASES = {
    "DNS failure": Case(lost(Loss.DNS), "failed", "post_failed", NOT_SENT),
    "TCP refused": Case(lost(Loss.CONNECT), "failed", "post_failed", NOT_SENT),
    "TLS failed": Case(lost(Loss.TLS), "failed", "post_failed", NOT_SENT),
    "breaker open": Case(lost(Loss.BREAKER), "failed", "post_failed", NOT_SENT),
    "address forbidden": Case(lost(Loss.REFUSED_ADDRESS), "failed", "post_failed", NOT_SENT),
    "accepted": Case(reply(status="sold", id="b1"), "accepted", None, (200, "accepted", None)),
    "refused": Case(REFUSED, "rejected", "buyer_rejected", REJECTED),
    "timeout": Case(lost(Loss.TIMEOUT), "unclear", "post_timeout", UNCLEAR),
    "reset": Case(lost(Loss.RESET), "unclear", "post_unreadable", UNCLEAR),
    "truncated": Case(lost(Loss.TRUNCATED), "unclear", "post_unreadable", UNCLEAR),
    "too large": Case(lost(Loss.TOO_LARGE), "unclear", "post_unreadable", UNCLEAR),
    "not HTTP": Case(lost(Loss.NOT_HTTP), "unclear", "post_unreadable", UNCLEAR),
    "500": Case(reply(http_status=500), "unclear", None, UNCLEAR),
    "502": Case(reply(http_status=502), "unclear", None, UNCLEAR),
    "a redirect": Case(reply(http_status=302), "unclear", None, UNCLEAR),
    "an error page": Case(PAGE, "unclear", None, UNCLEAR),
    "no rule matches": Case(ODD, "unclear", "post_unmapped", UNCLEAR),
    "404": Case(reply(http_status=404), "rejected", "buyer_rejected", REJECTED),
    "422": Case(reply(http_status=422), "rejected", "buyer_rejected", REJECTED),
    "409": Case(reply(http_status=409), "unclear", None, UNCLEAR),
    "429": Case(reply(http_status=429), "failed", "post_failed", NOT_SENT),
    "503": Case(reply(http_status=503), "failed", "post_failed", NOT_SENT),
    "a receipt to come": Case(QUEUED, "pending", "awaiting_receipt", (202, "queued", "awaiting_receipt")),
}
EACH = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
CAP = Cap(Window.DAY, "count", 50)


async def posted(exchange: Exchange, case: Case) -> tuple[int, str, str | None]:
    await exchange.add(*buying("acme", caps=(CAP,)), *selling("cedar"))
    exchange.buyers.answers_posts("acme", case.answer)
    answer = await post(exchange)
    return answer.status_code, *answer.told


@EACH
async def test_what_the_seller_hears_and_what_is_recorded(exchange: Exchange, case: Case) -> None:
    assert case.heard == await posted(exchange, case)
    state, reason = (await told_about(exchange))["acme"]
    assert case.state == state
    assert case.reason is None or case.reason == reason


@EACH
async def test_what_is_held_and_what_is_booked(exchange: Exchange, case: Case) -> None:
    await posted(exchange, case)
    waits, sold = case.state in ("unclear", "pending"), case.state == "accepted"

    assert ("25.00" if waits else "0.00") == await held(exchange, "acme")
    assert ("25.00" if sold else "0.00") == await spent(exchange, "acme")
    assert ("20.00" if sold else "0.00") == await owed(exchange)
    assert (1 if waits or sold else 0) == await used(exchange, "acme-solar:day:count")


@EACH
async def test_who_owns_the_consumer_afterwards(exchange: Exchange, case: Case) -> None:
    """What was not sold may be posted again, by anybody; what is or may be sold may not."""
    await posted(exchange, case)
    exchange.buyers.answers_posts("acme", reply(status="sold", id="b2"))
    await exchange.add(*selling("maple"))
    again = await post(exchange, seller="maple")

    taken = case.state in ("accepted", "unclear", "pending")
    assert (("duplicate", "duplicate_exchange") if taken else ("accepted", None)) == again.told


@EACH
async def test_whether_the_next_buyer_is_asked(exchange: Exchange, case: Case) -> None:
    """Only after a clear no, or when nothing was sent."""
    await exchange.add(*buying("birch"))
    exchange.buyers.bids("birch", "20.00")
    await posted(exchange, case)

    assert (1 if case.state in ("failed", "rejected") else 0) == len(exchange.buyers.posts("birch"))


async def test_a_busy_buyer_is_tried_once_more_under_the_same_reference(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    exchange.buyers.answers_posts("acme", reply(http_status=503), reply(status="sold", id="b1"))
    answer = await post(exchange)

    assert ("accepted", 300) == (answer["status"], answer["took_ms"])
    assert 2 == len(exchange.buyers.posts("acme"))
    assert 1 == len({each["id"] for each in exchange.buyers.posts("acme")})


async def test_a_buyer_that_stays_busy_is_left_for_the_next(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.answers_posts("acme", reply(http_status=429))
    await post(exchange)

    assert {"acme": ("failed", "post_failed"), "birch": ("accepted", None)} == await told_about(exchange)
    assert 2 == len(exchange.buyers.posts("acme"))


async def test_a_busy_buyer_that_hangs_up_at_the_second_try_is_unclear(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.answers_posts("acme", reply(http_status=503), HUNG_UP)

    assert ("queued", "outcome_unclear") == (await post(exchange)).told
    assert [] == exchange.buyers.posts("birch")


async def test_a_busy_buyer_is_not_tried_again_when_time_is_short(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    exchange.buyers.answers_posts("acme", Delay(400, reply(http_status=503)))
    await post(exchange, {**POST, "timeout_ms": "1000"})

    assert 1 == len(exchange.buyers.posts("acme"))


async def test_a_shared_lead_goes_on_beside_an_unclear_post(exchange: Exchange) -> None:
    for name in ("acme", "birch", "cobalt"):
        await exchange.add(*buying(name, sale_mode=SaleMode.SHARED))
    await exchange.add(*selling("cedar", slots=2))
    exchange.buyers.bids("acme", "40.00")
    exchange.buyers.answers_posts("acme", HUNG_UP)
    answer = await post(exchange)

    assert ("accepted", 1) == (answer["status"], answer["times_sold"])
    assert "40.00" == await held(exchange, "acme")


async def test_a_poster_that_knows_only_yes_and_no_hears_unsold_and_the_lead_is_held(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *buying("birch"), *selling("cedar", unclear_answer="unsold"))
    exchange.buyers.bids("acme", "30.00")
    exchange.buyers.answers_posts("acme", TIMED_OUT)
    answer = await post(exchange)

    assert (200, "unsold", "outcome_unclear") == (answer.status_code, *answer.told)
    assert "unclear" == (await lead_of(exchange, answer))["state"]
    assert ("duplicate", "duplicate_seller") == (await post(exchange)).told
    assert [] == exchange.buyers.posts("birch")


async def test_a_refused_lead_may_be_posted_again_and_is_asked_about_again(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    exchange.buyers.answers_posts("acme", REFUSED)
    first, second = await post(exchange), await post(exchange)

    assert [("unsold", "buyer_rejected")] * 2 == [first.told, second.told]
    assert 2 == len(await attempts(exchange))


async def test_every_row_of_a_busy_hour_agrees_with_its_holds(either: Exchange) -> None:
    await either.add(*buying("acme", caps=(CAP,)), *buying("birch"), *selling("cedar"))
    either.buyers.bids("birch", "20.00")
    for number, case in enumerate(CASES.values()):
        either.buyers.answers_posts("acme", case.answer)
        await post(either, person(number))

    waits = sum(case.state in ("unclear", "pending") for case in CASES.values())
    assert waits * 25 == int(float(await held(either, "acme")))
    assert waits + 1 == await used(either, "acme-solar:day:count")
