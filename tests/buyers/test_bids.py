"""From a reply to bids, refusals and sales, through whole conversations."""

from __future__ import annotations

from typing import Any

import pytest

from buyers.connection import Connection
from exchange.cases.document import Case, award_of, contract_of, lead_of, offer_of, terms_of
from exchange.connector import BadReply, Connector
from exchange.model.auction import Accepted, NoBid, Pending, Rejected
from exchange.model.money import Money
from exchange.model.reason import Reason
from tests.buyers.shelf import connector, reply, yaml

DOCUMENT = """
connection: a
connector: json_http
ping: &stage
  url: https://a.example/ping
  body: {zip: zip}
  reading:
    outcomes:
      - {means: accepted, when: {where: "json:s", equals: ok}}
      - {means: duplicate, when: {where: "json:s", equals: dup}}
      - {means: queued, when: {where: "json:s", equals: wait}}
      - {means: error, when: {where: "json:s", equals: error}}
      - {means: rejected, final: again, when: {where: "json:s", equals: "no"}}
    carries:
      price: "json:p"
      shared_price: "json:sp"
      currency: "json:c"
      reference: "json:id"
      reason: "json:why"
      expires: {where: "json:ttl", as: seconds}
      echo: {where: "json:ours"}
      legs: {each: "json:legs", leg: "json:co", name: "json:n", reference: "json:r", price: "json:p",
             valid: {where: "json:v", equals: true}}
post: *stage
ask: *stage
"""


def speaker() -> Connector:
    return connector(Connection.load(yaml(DOCUMENT), {}))


def heard(stage: str, body: str, **contract: Any) -> Any:
    case = Case.model_validate({"name": "x", "then": {}, "contract": contract, "award": {"price": "10.00"}})
    to: Any = speaker()
    terms = terms_of(case)
    if stage == "ping":
        conversation = to.ping(offer_of(case), contract_of(case), terms)
    elif stage == "post":
        conversation = to.post(lead_of(case), award_of(case), contract_of(case), terms)
    else:
        conversation = to.ask("ref-case-1", contract_of(case), terms)
    next(conversation)
    with pytest.raises(StopIteration) as end:
        conversation.send(reply(body))
    return end.value.value


def refused(stage: str, body: str, **contract: Any) -> BadReply:
    with pytest.raises(BadReply) as bad:
        heard(stage, body, **contract)
    return bad.value


def prices(bids: Any) -> list[tuple[str, bool]]:
    return [(bid.price.text, bid.exclusive) for bid in bids]


def test_a_bid_has_its_price_reference_and_end() -> None:
    (bid,) = heard("ping", '{"s":"ok","p":12.5,"id":77,"ttl":90}')

    assert (Money.parse("12.50", "USD"), "77", "leg", True) == (bid.price, bid.buyer_reference, bid.leg, bid.exclusive)
    assert 1_795_000_090_000 == bid.expires_at


def test_an_acceptance_without_a_price_is_no_bid_unless_the_contract_has_one() -> None:
    none = heard("ping", '{"s":"ok","id":77}')

    assert NoBid("con_case", Reason.PING_UNREADABLE, "accepted without a price") == none
    assert [("8.00", True)] == prices(heard("ping", '{"s":"ok","id":77}', price="8.00"))


@pytest.mark.parametrize(
    "price", ["NaN", "-12.50", "1e309", '"12,50"', '"free"', "500.01", "9999999", '"' + "9" * 50 + '"']
)
def test_a_bid_that_cannot_be_one_is_refused_and_never_used(price: str) -> None:
    assert Reason.BAD_BID is refused("ping", f'{{"s":"ok","p":{price}}}').reason


def test_a_bid_of_nothing_is_for_the_contract_to_allow() -> None:
    assert Reason.BAD_BID is heard("ping", '{"s":"ok","p":0}').reason
    assert [("0.00", True)] == prices(heard("ping", '{"s":"ok","p":0}', zero_price=True))


@pytest.mark.parametrize("body", ['{"s":"ok","p":5,"c":"EUR"}', '{"s":"ok","p":"€5"}', '{"s":"ok","p":"5 GBP"}'])
def test_a_bid_in_another_currency_is_no_bid(body: str) -> None:
    assert Reason.BAD_BID is heard("ping", body).reason


def test_a_contract_that_buys_either_way_bids_both_ways() -> None:
    both = heard("ping", '{"s":"ok","p":12,"sp":7}', sale_mode="either")

    assert [("12.00", True), ("7.00", False)] == prices(both)
    assert [("12.00", False)] == prices(heard("ping", '{"s":"ok","p":12,"sp":7}', sale_mode="shared"))


def test_each_company_behind_a_reseller_bids_for_itself() -> None:
    legs = (
        '[{"co":"c1","n":"One","r":"b1","p":"5.00","v":true},{"co":"c2","r":"b2","v":true},'
        '{"co":"c3","r":"b3","p":9,"v":false},{"co":"c1","n":"One","r":"b4","p":"6.00","v":true}]'
    )
    bids = heard("ping", f'{{"s":"ok","p":8,"id":"T1","legs":{legs}}}', sale_mode="shared")

    assert [("c1", "6.00", "b4", "T1"), ("c2", "8.00", "b2", "T1")] == [
        (bid.leg, bid.price.text, bid.leg_reference, bid.buyer_reference) for bid in bids
    ]


def test_one_bad_company_spoils_the_reply_and_none_that_bought_is_no_bid() -> None:
    bad = '{"s":"ok","p":8,"legs":[{"co":"a","p":5,"v":true},{"co":"b","p":"NaN","v":true}]}'
    nobody = '{"s":"ok","p":8,"legs":[{"co":"a","p":5,"v":false}]}'

    assert Reason.BAD_BID is refused("ping", bad).reason
    assert NoBid("con_case", Reason.NO_BID, "no company behind it bought") == heard("ping", nobody)


@pytest.mark.parametrize("word", ["no", "wait", "error"])
def test_every_other_word_on_a_ping_is_no_bid(word: str) -> None:
    assert NoBid("con_case", Reason.NO_BID, "full") == heard("ping", f'{{"s":"{word}","p":9,"why":"full"}}')


def test_a_word_that_no_rule_knows_is_unmapped_at_every_stage() -> None:
    assert [True] * 3 == [refused(stage, '{"s":"okay","p":9}').unmapped for stage in ("ping", "post", "ask")]


def test_a_reply_that_cannot_be_read_is_not_merely_unmapped() -> None:
    assert [False] * 2 == [refused(stage, '{"s":"ok",').unmapped for stage in ("ping", "post")]


def test_a_post_is_accepted_with_its_price_or_without() -> None:
    assert Accepted(Money.parse("9.50", "USD"), "1") == heard("post", '{"s":"ok","p":"9.50","id":1}')
    assert Accepted(None, "1") == heard("post", '{"s":"ok","p":null,"id":1}')


@pytest.mark.parametrize("price", ["NaN", "-1", '"€5"', '"x"'])
def test_an_acceptance_at_an_unusable_price_is_no_acceptance(price: str) -> None:
    assert Reason.POST_UNREADABLE is refused("post", f'{{"s":"ok","p":{price}}}').reason


def test_an_acceptance_of_another_lead_is_no_acceptance() -> None:
    assert isinstance(heard("post", '{"s":"ok","ours":"ref-case-1"}'), Accepted)
    assert Reason.WRONG_REFERENCE is refused("post", '{"s":"ok","ours":"ref-other"}').reason


def test_the_other_words_of_a_post_are_what_they_say() -> None:
    assert Rejected(Reason.DUPLICATE_AT_BUYER, "seen") == heard("post", '{"s":"dup","why":"seen"}')
    assert Rejected(Reason.BUYER_REJECTED, "our mistake") == heard("post", '{"s":"error","why":"our mistake"}')
    assert Pending(Reason.AWAITING_RECEIPT, "q1") == heard("post", '{"s":"wait","id":"q1"}')


def test_an_error_in_answer_to_a_question_says_nothing_about_the_lead() -> None:
    assert not refused("ask", '{"s":"error","why":"who are you"}').unmapped
    assert isinstance(heard("ask", '{"s":"no"}'), Rejected)
    assert isinstance(heard("ask", '{"s":"ok"}'), Accepted)
