"""The runner of case files: what it finds in a good connector, and in careless ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from buyers.connection import Connection
from exchange.cases import BadCase, CaseResult, read_cases, run_cases
from exchange.connector import BadReply, Conversation, Match, Terms
from exchange.model.auction import Accepted, Award, Bid, NoBid, Pending, Rejected
from exchange.model.lead import Lead, Offer
from exchange.model.money import Money
from exchange.model.party import Contract
from exchange.model.wire import HttpMessage, Reply
from tests.buyers.shelf import connector, yaml
from tests.mail_buyer import MailBuyer

DOCUMENT = """
connection: a
connector: form_http
ping: {url: "https://a.example/ping", body: {zip: zip}, reading: &reading {
  outcomes: [{means: accepted, when: {where: "key:s", equals: ok}},
             {means: rejected, when: {where: "key:s", equals: "no"}}],
  carries: {price: "key:p", reference: "key:id", reason: "key:why"}}}
post: {url: "https://a.example/post", body: {zip: zip, name: first_name}, reading: *reading}
"""
PING = """
name: bids
offer: {zip: "60610"}
lead: {first_name: Wanda}
ping: {expect: {body: "zip=60610"}, reply: {body: "s=ok&p=12.50&id=7"}}
then: {bid: {price: "12.5", reference: "7"}}
"""


def run(text: str, document: str = DOCUMENT) -> list[CaseResult]:
    return run_cases(connector(Connection.load(yaml(document), {})), read_cases(text, "a.yaml"))


def first(text: str) -> tuple[str, ...]:
    return run(text)[0].problems


class Careless:
    """Takes anything that mentions ok, reads any number as money, and pings with all it can find."""

    def __init__(self, body: str = "zip=60610") -> None:
        self.body = body.encode()

    def _ask(self) -> Conversation[Reply]:
        return (yield HttpMessage("POST", "https://a.example", {}, self.body))

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]:
        reply = yield from self._ask()
        if reply.status == 302:
            raise KeyError("location")
        return [Bid(contract.id, "leg", Money(125_000, "EUR"), True, None, None)]

    def post(
        self, lead: Lead, award: Award, contract: Contract, terms: Terms
    ) -> Conversation[Accepted | Pending | Rejected]:
        yield from self._ask()
        return Accepted()

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        return []


def test_a_case_that_comes_out_as_it_says_has_no_problems() -> None:
    results = run(PING)

    assert [("bids", True), ("hostile replies to the ping", True)] == [(result.name, result.ok) for result in results]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('zip=60610"}', 'zip=60611"}'), "ping: body 'zip=60611' expected, 'zip=60610' sent"),
        (('"12.5"', '"12.51"'), "ping: price '12.51' expected, '12.50' came"),
        (('reference: "7"', 'reference: "8"'), "ping: reference '8' expected, '7' came"),
        (("s=ok", "s=no"), "ping: bid expected, no_bid (no_bid: ) came"),
        (("s=ok", "s=okay"), "ping: bid expected, bad_reply (no rule matched) came"),
        (('{body: "zip=60610"}', "{method: GET}"), "ping: method GET expected, POST sent"),
        (('{body: "zip=60610"}', "{headers: {X-A: b}}"), "ping: header X-A: b expected, None sent"),
        (("lead: {first_name: Wanda}", "lead: {street: '60610 Lake'}"), None),
    ],
)
def test_every_difference_is_a_sentence(change: tuple[str, str], problem: str | None) -> None:
    assert ((problem,) if problem else ()) == first(PING.replace(*change))


def test_a_refusal_is_compared_part_by_part() -> None:
    case = """
    name: refuses
    post: {reply: {body: "s=no&why=full"}}
    then: {rejected: {reason: duplicate_at_buyer, detail: full, final: everyone}}
    """

    assert (
        "post: final 'everyone' expected, 'buyer' came",
        "post: reason 'duplicate_at_buyer' expected, 'buyer_rejected' came",
    ) == first(case)


def test_something_personal_in_a_ping_is_found() -> None:
    cases = read_cases(PING, "a.yaml")
    leaks = {
        "zip=60610&n=wanda": "ping: first_name of the lead is in the message",
        "zip=60610&m=a%40b.example": "ping: something that looks like an email address is in the message",
        "zip=60610&t=(312)+555-0142": "ping: something that looks like a phone number is in the message",
    }

    for body, problem in leaks.items():
        assert problem in run_cases(Careless(body), cases)[0].problems


def test_a_careless_connector_is_found_out() -> None:
    both = PING + "---\nname: sells\npost: {reply: {body: 's=ok'}}\nthen: {accepted: {}}\n"
    told: Mapping[str, Any] = {result.name: result.problems for result in run_cases(Careless(), read_cases(both, "a"))}

    assert "ping: an amount is not whole units of USD" in told["bids"]
    assert "empty: was taken for a yes" in told["hostile replies to the ping"]
    assert "redirect to a login: the connector broke: KeyError" in told["hostile replies to the ping"]
    assert "error page inside 200: was taken for a yes" in told["hostile replies to the post"]


def test_a_reply_that_a_connection_may_accept_is_waived_by_name() -> None:
    document = DOCUMENT.replace('{where: "key:s", equals: ok}}', "{where: status, equals: 200}, status_alone: true}")
    plain = "name: sells\npost: {reply: {body: 's=ok'}}\nthen: {accepted: {}}\n"

    assert "empty: was taken for a yes" in run(plain, document)[1].problems
    assert "empty: was taken for a yes" not in run(plain + "waives: {empty: they send nothing}", document)[1].problems


def test_a_conversation_of_another_length_is_a_problem() -> None:
    case = "name: x\npost: [{reply: {body: 's=ok'}}, {reply: {body: 's=ok'}}]\nthen: {accepted: {}}"

    assert ("post: 1 messages were sent, the case has 2",) == first(case)


def test_a_question_to_a_connection_that_cannot_be_asked_is_a_problem() -> None:
    case = "name: x\nask: {reply: {body: 's=ok'}}\nthen: {accepted: {}}"

    assert "ask: accepted expected, bad_reply (this connection cannot be asked) came" in first(case)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no case"),
        ("a: [", "a.yaml"),
        ("name: x\nthen: {}\nping: {}", "a.yaml 1: ping.0.reply"),
        ("name: x\nthen: {bid: {price: 1.5}}", "then.bid.price"),
        ("name: x\nthen: {}\noffer: {zip: 1.5}", "write this value in quotes"),
        ("name: x\nthen: {}\ncolour: blue", "colour"),
    ],
)
def test_a_file_that_holds_no_case_says_why(text: str, said: str) -> None:
    with pytest.raises(BadCase, match=said.replace(".", r"\.")):
        read_cases(text, "a.yaml")


def test_bad_reply_says_whether_a_rule_was_missing() -> None:
    assert BadReply("x", unmapped=True).unmapped
    case = "name: x\npost: {reply: {body: 's=what'}}\nthen: {bad_reply: {unmapped: false}}"

    assert ("post: unmapped False expected, True came",) == first(case)


MAILED = """
name: is mailed
lead: {first_name: Wanda}
links: {accept: "https://us.example/l/1"}
post:
  expect:
    method: MAIL
    url: "mailto:leads@birch.buyer.example"
    headers: {Subject: A lead, Message-ID: "<ref-case-1@a.example>"}
    body: "first_name: Wanda\\naccept: https://us.example/l/1"
  reply: {status: 250}
then: {accepted: {reference: "ref-case-1"}}
---
name: is busy
lead: {first_name: Wanda}
post: {reply: {status: 451}}
then: {later: {reason: post_failed, detail: greylisted}}
---
name: expects too much
lead: {first_name: Wanda}
post: {expect: {method: POST}, reply: {status: 550}}
then: {later: greylisted}
"""


def test_messages_of_other_kinds_are_compared_as_the_record_shows_them() -> None:
    mailed, busy, wrong = run_cases(MailBuyer(), read_cases(MAILED, "a.yaml"))[:3]

    assert ((), ()) == (mailed.problems, busy.problems)
    assert ("post: method POST expected, MAIL sent", "post: later expected, rejected came") == wrong.problems
