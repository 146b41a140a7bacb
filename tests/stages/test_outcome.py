"""What a buyer's answer means, row by row of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from exchange.connector import BadReply, Profile
from exchange.model.auction import (
    Accepted,
    Award,
    Bid,
    Failed,
    Finality,
    Later,
    NoBid,
    Outcome,
    Pending,
    Rejected,
    Unclear,
)
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.model.wire import Loss, Lost
from exchange.stages.outcome import ping_outcome, post_outcome
from tests.stages.terms import bid, contract, usd

CONTRACT = contract("acme")
AWARD = Award(bid("acme", "12.50"), 1, "ref-1")
NOT_SENT = (Loss.DNS, Loss.REFUSED_ADDRESS, Loss.CONNECT, Loss.TLS, Loss.BREAKER, Loss.POOL)
SENT = (Loss.RESET, Loss.TRUNCATED, Loss.TOO_LARGE, Loss.NOT_HTTP)


@dataclass(frozen=True)
class Heard:
    answer: Any = None
    error: BadReply | None = None
    lost: Lost | None = None
    delivered: bool = True
    status: int | None = 200


def post(heard: Heard, **more: Any) -> Outcome:
    return post_outcome(more.pop("contract", CONTRACT), AWARD, heard, **more)


@pytest.mark.parametrize("why", NOT_SENT)
def test_what_was_refused_before_sending_is_failed_and_the_next_buyer_may_be_asked(why: Loss) -> None:
    heard = Heard(lost=Lost(why), delivered=False, status=None)

    assert Failed(Reason.POST_FAILED, why.slug) == post(heard)
    assert NoBid("acme", Reason.PING_FAILED, why.slug) == ping_outcome(CONTRACT, heard)


@pytest.mark.parametrize("why", SENT)
def test_what_was_lost_after_a_byte_left_is_unclear(why: Loss) -> None:
    heard = Heard(lost=Lost(why), status=None)

    assert Unclear(Reason.POST_UNREADABLE, why.slug) == post(heard)
    assert NoBid("acme", Reason.PING_UNREADABLE, why.slug) == ping_outcome(CONTRACT, heard)


def test_silence_after_sending_is_unclear_and_before_it_is_failed() -> None:
    assert Unclear(Reason.POST_TIMEOUT, "timeout") == post(Heard(lost=Lost(Loss.TIMEOUT), status=None))
    assert Failed(Reason.DEADLINE, "late") == post(Heard(lost=Lost(Loss.DEADLINE_BEFORE, "late"), delivered=False))
    assert NoBid("acme", Reason.PING_TIMEOUT, "timeout") == ping_outcome(CONTRACT, Heard(lost=Lost(Loss.TIMEOUT)))


def test_a_loss_in_a_message_that_delivers_nothing_is_failed() -> None:
    token_lost = Heard(lost=Lost(Loss.RESET, "while fetching a token"), delivered=False)
    token_bad = Heard(error=BadReply("the first reply has no token"), delivered=False)

    assert Failed(Reason.POST_FAILED, "while fetching a token") == post(token_lost)
    assert Failed(Reason.POST_FAILED, "HTTP 200: the first reply has no token") == post(token_bad)


def test_a_clear_yes_and_a_clear_no_are_what_they_say() -> None:
    yes, no = Accepted(usd("12.50"), "B1"), Rejected(Reason.BUYER_REJECTED, "full", Finality.EVERYONE)

    assert yes == post(Heard(yes))
    assert no == post(Heard(no))
    assert [bid("acme", "9")] == ping_outcome(CONTRACT, Heard([bid("acme", "9")]))
    assert NoBid("acme", Reason.NO_BID, "full") == ping_outcome(CONTRACT, Heard(NoBid("acme", Reason.NO_BID, "full")))


def test_a_receipt_still_to_come_is_pending() -> None:
    pending = Pending(Reason.AWAITING_RECEIPT, "q1")

    assert pending == post(Heard(pending))


def test_what_was_not_taken_now_failed_and_says_nothing_of_an_earlier_delivery() -> None:
    busy = Later(Reason.POST_FAILED, "greylisted", 60_000)

    assert Failed(Reason.POST_FAILED, "greylisted") == post(Heard(busy))
    assert isinstance(post(Heard(busy), repeated=True), Unclear)


def test_duplicate_is_a_refusal_at_first_and_unclear_on_a_repeated_delivery() -> None:
    duplicate = Rejected(Reason.DUPLICATE_AT_BUYER, "seen")

    assert duplicate == post(Heard(duplicate))
    assert isinstance(post(Heard(duplicate), repeated=True), Unclear)


@pytest.mark.parametrize(
    "heard",
    [
        Heard(lost=Lost(Loss.CONNECT), delivered=False),
        Heard(error=BadReply("?", unmapped=True), status=422),
        Heard(error=BadReply("?", unmapped=True), status=503),
        Heard(lost=Lost(Loss.TIMEOUT)),
    ],
)
def test_a_repeated_delivery_that_brings_no_clear_word_leaves_it_unclear(heard: Heard) -> None:
    assert isinstance(post(heard, repeated=True), Unclear)


def test_a_repeated_delivery_that_brings_a_clear_word_settles_it() -> None:
    assert Accepted() == post(Heard(Accepted()), repeated=True)
    assert isinstance(post(Heard(Rejected(Reason.BUYER_REJECTED)), repeated=True), Rejected)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_4xx_with_a_body_no_rule_knows_was_not_taken(status: int) -> None:
    heard = Heard(error=BadReply("no rule matched", unmapped=True), status=status)

    assert Rejected(Reason.BUYER_REJECTED, f"HTTP {status}: no rule matched") == post(heard)
    assert NoBid("acme", Reason.PING_UNMAPPED, "no rule matched") == ping_outcome(CONTRACT, heard)


@pytest.mark.parametrize("status", [402, 409, 410, 301, 302, 500, 502, 504, 200, 202])
def test_any_other_status_with_a_body_no_rule_knows_is_unclear(status: int) -> None:
    unmapped = Heard(error=BadReply("no rule matched", unmapped=True), status=status)
    unreadable = Heard(error=BadReply("not well-formed"), status=status)

    assert Unclear(Reason.POST_UNMAPPED, f"HTTP {status}: no rule matched") == post(unmapped)
    assert Unclear(Reason.POST_UNREADABLE, f"HTTP {status}: not well-formed") == post(unreadable)


@pytest.mark.parametrize("status", [429, 503])
def test_too_busy_took_nothing(status: int) -> None:
    heard = Heard(error=BadReply("no rule matched", unmapped=True), status=status)

    assert Failed(Reason.POST_FAILED, f"HTTP {status}: no rule matched") == post(heard)
    assert NoBid("acme", Reason.PING_FAILED, "no rule matched") == ping_outcome(CONTRACT, heard)


def test_a_profile_says_otherwise_about_statuses() -> None:
    heard = Heard(error=BadReply("?", unmapped=True), status=404)
    busy = Heard(error=BadReply("?", unmapped=True), status=503)
    strict = Profile(not_taken=frozenset(), busy=frozenset())

    assert isinstance(post(heard, profile=strict), Unclear)
    assert isinstance(post(busy, profile=strict), Unclear)


def test_an_acceptance_of_another_lead_is_unclear() -> None:
    error = BadReply("the acceptance names another lead", reason=Reason.WRONG_REFERENCE)

    assert Unclear(Reason.WRONG_REFERENCE, "HTTP 200: the acceptance names another lead") == post(Heard(error=error))


def test_without_a_price_the_bid_stands() -> None:
    assert Accepted(None) == post(Heard(Accepted(None)))


def test_a_price_above_the_bid_is_charged_at_the_bid_and_noted() -> None:
    dearer = post(Heard(Accepted(usd("13.00"), "r1")))

    assert Accepted(usd("12.50"), "r1", None, "answered 13.00, charged its bid") == dearer


def test_a_price_under_the_bid_is_refused_unless_the_contract_takes_it() -> None:
    lowered = Heard(Accepted(usd("10"), "B1"))

    assert Rejected(Reason.PRICE_LOWERED, "accepted at 10.00", reference="B1") == post(lowered)
    assert lowered.answer == post(lowered, contract=contract("acme", lower_price="accept_lower"))


def test_a_price_of_nothing_is_taken_only_where_the_contract_allows_it() -> None:
    free = Heard(Accepted(usd("0")))
    lower = {"lower_price": "accept_lower"}

    assert isinstance(post(free, contract=contract("acme", **lower)), Rejected)
    assert free.answer == post(free, contract=contract("acme", zero_price=True, **lower))


def test_a_price_in_another_currency_or_below_zero_is_unclear() -> None:
    assert isinstance(post(Heard(Accepted(Money.parse("12.50", "EUR")))), Unclear)
    assert isinstance(post(Heard(Accepted(-usd("12.50")))), Unclear)


@pytest.mark.parametrize(
    "bad",
    [
        bid("acme", "500.01"),
        Bid("acme", "acme", -usd("1"), True, None, None),
        bid("acme", "0"),
        Bid("acme", "acme", Money.parse("5", "EUR"), True, None, None),
        bid("other", "5"),
    ],
    ids=["above the maximum", "below zero", "nothing", "another currency", "another contract"],
)
def test_a_bad_bid_is_no_bid_whoever_made_it(bad: Bid) -> None:
    answer = ping_outcome(CONTRACT, Heard([bid("acme", "5"), bad]))

    assert isinstance(answer, NoBid)
    assert Reason.BAD_BID is answer.reason


def test_a_bid_of_nothing_is_a_bid_where_the_contract_allows_it() -> None:
    assert [bid("acme", "0")] == ping_outcome(contract("acme", zero_price=True), Heard([bid("acme", "0")]))


def test_no_list_of_bids_is_no_bid() -> None:
    assert NoBid("acme", Reason.NO_BID, "no bid in the answer") == ping_outcome(CONTRACT, Heard([]))
