"""Rules: what they mean, and what is refused before any reply comes."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from buyers.reading import StageRules
from exchange.connector import BadReply
from exchange.model.auction import Finality
from tests.buyers.shelf import reader, reply, yaml


def outcome(when: str, body: str, status: int = 200, more: str = "") -> str | None:
    rules = f"outcomes: [{{means: rejected, when: {when}}}]\n{more}"
    return reader(rules).read(reply(body, status)).outcome


@pytest.mark.parametrize(
    ("when", "body", "holds"),
    [
        ("{where: 'json:a', equals: matched}", '{"a":" Matched "}', True),
        ("{where: 'json:a', equals: matched}", '{"a":"Unmatched"}', False),
        ("{where: 'json:a', equals: 1}", '{"a":1}', True),
        ("{where: 'json:a', equals: 1}", '{"a":10}', False),
        ("{where: 'json:a', equals: 1}", '{"a":"1"}', True),
        ("{where: 'json:a', equals: false}", '{"a":"false"}', True),
        ("{where: 'json:a', equals: false}", '{"a":null}', False),
        ("{where: 'json:a', in: [x, y]}", '{"a":"Y"}', True),
        ("{where: body, contains: sold out, unlike: [unsold outlet]}", "We are SOLD OUT today", True),
        ("{where: body, contains: matched, unlike: [Unmatched]}", "status Unmatched", False),
        ("{where: body, matches: 'code [0-9]+'}", "code 12", True),
        ("{where: body, matches: 'code [0-9]+'}", "code 12 or so", False),
        ("{where: 'json:a', above: 5}", '{"a":"5.01"}', True),
        ("{where: 'json:a', above: 5}", '{"a":"5.00"}', False),
        ("{where: 'json:a', at_most: 5}", '{"a":NaN}', False),
        ("{where: 'json:a', absent: true}", '{"b":1}', True),
        ("{where: 'json:a', absent: true}", '{"a":null}', True),
        ("{where: 'json:a', absent: true}", "<html>error</html>", False),
        ("{not: {where: 'json:a', equals: 1}}", '{"a":2}', True),
        ("{not: {where: 'json:a', equals: 1}}", "<html>error</html>", False),
        ("{where: 'json:a', empty: true}", '{"a":{}}', True),
        ("{all: [{where: 'json:a', equals: 1}, {where: 'json:b', equals: 2}]}", '{"a":1,"b":2}', True),
        ("{any: [{where: 'json:a', equals: 1}, {where: 'json:b', equals: 2}]}", '{"a":0,"b":2}', True),
        ("{where: 'json:a[].b', equals: 1}", '{"a":[{"b":0},{"b":1}]}', False),
        ("{where: 'json:a[].b', equals: 1, of: any}", '{"a":[{"b":0},{"b":1}]}', True),
        ("{where: 'json:a[].b', equals: 1, of: all}", '{"a":[{"b":1},{"b":1}]}', True),
        ("{where: ['json:a', 'xpath://a'], equals: 1}", "<r><a>1</a></r>", True),
        ("{where: 'header:content-type', equals: text/plain}", "x", True),
        ("{where: status, equals: 200}", "x", True),
    ],
)
def test_a_condition_holds_for_what_it_says_and_nothing_else(when: str, body: str, holds: bool) -> None:
    assert ("rejected" if holds else None) == outcome(when, body)


@pytest.mark.parametrize(
    ("place", "body", "found"),
    [
        ("json:bids[?ok].id", '{"bids":[{"id":1,"ok":false},{"id":2,"ok":true}]}', "2"),
        ("json:max_by(bids, &to_number(price)).id", '{"bids":[{"id":1,"price":9.5},{"id":2,"price":"10"}]}', "2"),
        ("json:bids[?price > `9`].price | [0]", '{"bids":[{"price":9.00},{"price":12.10}]}', "12.10"),
        ("json:keys(@)[0]", '{"only":1}', "only"),
        ("xpath://b/@id", "<a><b id='7'/></a>", "7"),
        ("xpath:count(//b)", "<a><b/><b/></a>", "2"),
        ("xpath:string(//b)", "<a><b>x</b></a>", "x"),
        ("css:p.ref", "<html><p class='ref'>R1</p></html>", "R1"),
        ("path:A.b[1].@id", "<a><b id='1'/><b id='2'/></a>", "2"),
        ("path:list.*.id", '{"list":[{"id":4},{"id":5}]}', "4"),
        ("path:Deep.NAME", '{"deep":{"name":"x"}}', "x"),
        ("key:ref", "ok=1&ref=a%20b", "a b"),
        ("regex:ref ([A-Z]+[0-9]+)", "thanks, ref AB12 it is", "AB12"),
        ("header:x-ref", "x", "H1"),
        ("body", "whole", "whole"),
    ],
)
def test_a_place_finds_its_value(place: str, body: str, found: str) -> None:
    document = {"outcomes": [{"means": "rejected", "when": {"where": "status", "equals": 200}}]}
    rules = StageRules.model_validate({**document, "carries": {"reference": place}})
    heard = reply(body, x_ref="H1")

    assert found == reader(yaml_of(rules)).read(heard).reference


def yaml_of(rules: StageRules) -> str:
    return rules.model_dump_json(by_alias=True, exclude_none=True)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("outcomes: [{means: accepted, when: {where: 'json:error', absent: true}}]", "must rest on something"),
        ("outcomes: [{means: accepted, when: {not: {where: 'json:a', equals: no}}}]", "must rest on something"),
        ("outcomes: [{means: accepted, when: {where: status, equals: 200}}]", "must rest on something"),
        ("outcomes: [{means: accepted, when: {where: body, contains: matched}}]", "`unlike`"),
        ("outcomes: [{means: accepted, when: {where: 'json:a', equals: 1, in: [2]}}]", "exactly one test"),
        ("outcomes: [{means: accepted, when: {where: 'jsn:a', equals: 1}}]", "not a place"),
        ("outcomes: [{means: accepted, when: {where: 'json:a[', equals: 1}}]", "not JMESPath"),
        ("outcomes: [{means: accepted, when: {where: 'json:[@,@][]|[@,@][]|[@,@][]', equals: 1}}]", "flattening"),
        ("outcomes: [{means: accepted, when: {where: 'xpath://a[', equals: 1}}]", "not XPath"),
        ("outcomes: [{means: accepted, when: {where: 'xpath://a[//b]', equals: 1}}]", "inner `//`"),
        ("outcomes: [{means: accepted, when: {where: 'xpath://soap:Body', equals: 1}}]", "prefix"),
        ("outcomes: [{means: accepted, when: {where: 'css:p[', equals: 1}}]", "not a CSS selector"),
        ("outcomes: [{means: accepted, when: {where: 'regex:(a', equals: 1}}]", "not a pattern"),
        ("outcomes: [{means: accepted, when: {where: body, matches: '(?=a)'}}]", "not a pattern"),
        ("outcomes: [{means: accepted, when: {where: 'json:a', equals: 1.10}}]", "quotes"),
        ("outcomes: [{means: accepted, statuses: [9xx], when: {where: body, equals: 1}}]", "not an HTTP status"),
        ("outcomes: [{means: accepted, final: everyone, when: {where: body, equals: 1}}]", "`final`"),
        ("outcomes: [{means: sold, when: {where: body, equals: 1}}]", "Input should be"),
        ("outcomes: [{means: accepted, whn: {where: body, equals: 1}}]", "Extra inputs"),
        ("outcomes: []", "at least 1"),
    ],
)
def test_rules_that_cannot_be_right_are_refused(rules: str, said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        StageRules.model_validate(yaml(rules))

    assert said in str(refused.value)


def test_contains_is_refused_when_it_matches_what_it_must_not() -> None:
    with pytest.raises(ValueError, match="also matches"):
        reader("outcomes: [{means: accepted, when: {where: body, contains: thank you, unlike: [no thank you]}}]")


def test_the_first_rule_that_holds_decides() -> None:
    rules = """
    outcomes:
      - {means: duplicate, when: {all: [{where: "json:ok", equals: false}, {where: "json:why", equals: seen}]}}
      - {means: rejected, final: everyone, when: {where: "json:ok", equals: false}}
    """

    assert "duplicate" == reader(rules).read(reply('{"ok":false,"why":"seen"}')).outcome
    assert Finality.EVERYONE is reader(rules).read(reply('{"ok":false,"why":"bad phone"}')).finality


@pytest.mark.parametrize("status", [301, 302, 429, 500, 502, 503])
def test_no_rule_reads_a_failing_status_unless_it_says_so(status: int) -> None:
    plain = "outcomes: [{means: accepted, when: {where: body, equals: ok}}]"
    told = f"outcomes: [{{means: accepted, statuses: [{status}], when: {{where: body, equals: ok}}}}]"

    assert None is reader(plain).read(reply("ok", status)).outcome
    assert "accepted" == reader(told).read(reply("ok", status)).outcome


def test_an_acceptance_needs_2xx_and_a_refusal_may_come_with_4xx() -> None:
    rules = """
    outcomes:
      - {means: accepted, when: {where: "json:ok", equals: true}}
      - {means: rejected, when: {where: "json:ok", equals: false}}
    """

    assert None is reader(rules).read(reply('{"ok":true}', 404)).outcome
    assert "rejected" == reader(rules).read(reply('{"ok":false}', 422)).outcome


def test_a_broken_body_is_unreadable_unless_a_rule_asks_for_nothing_but_the_status() -> None:
    rules = """
    outcomes:
      - {means: accepted, when: {where: "json:ok", equals: true}}
      - {means: rejected, statuses: [404], when: {where: status, equals: 404}}
      - {means: rejected, when: {where: "json:ok", absent: true}}
    """

    with pytest.raises(BadReply) as unreadable:
        reader(rules).read(reply('{"ok":tru'))
    assert not unreadable.value.unmapped
    assert "rejected" == reader(rules).read(reply('{"ok":tru', 404)).outcome


def test_http_204_is_no_bid_on_a_ping_and_nothing_on_a_post() -> None:
    rules = "outcomes: [{means: accepted, when: {where: body, equals: ok}}]"

    assert "no_bid" == reader(rules, "ping").read(reply("", 204)).outcome
    assert None is reader(rules, "post").read(reply("", 204)).outcome


def test_how_a_reply_was_read_is_told_rule_by_rule() -> None:
    rules = """
    outcomes: [{means: accepted, when: {where: "json:status", equals: accept}}]
    carries: {price: "json:price", reference: "json:id", redirect: "json:go"}
    """
    told = reader(rules).explain(reply('{"status":"accept","price":"x","id":7,"go":"javascript:alert(1)"}'))

    assert [
        ("json:status", "equals accept", "Outcome: accepted"),
        ("json:price", "amount", "Price: unreadable (not an amount of money)"),
        ("json:id", "text", "Reference: 7"),
    ] == [(match.where, match.rule, match.meaning) for match in told]
    assert ["Outcome: unmapped (no rule matched)"] == [m.meaning for m in reader(rules).explain(reply('{"a":1}'))]


@pytest.mark.parametrize(
    ("sent", "redirect"),
    [
        ("https://a.example/x?b=1%202", "https://a.example/x?b=1%202"),
        ("https%3A%2F%2Fa.example%2F%3Fb%3D1%252C2", "https://a.example/?b=1%2C2"),
        ("javascript:alert(1)", None),
        ("//a.example/x", None),
        ("https://", None),
        ("https://a.example/ x", None),
        ("", None),
    ],
)
def test_a_redirect_is_a_web_address_or_none(sent: str, redirect: str | None) -> None:
    rules = "outcomes: [{means: accepted, when: {where: 'key:s', equals: ok}}]\ncarries: {redirect: 'regex:r=(.*)$'}"

    assert redirect == reader(rules).read(reply(f"s=ok&r={sent}")).redirect


@pytest.mark.parametrize(
    ("unit", "told", "in_ms", "at"),
    [
        ("seconds", "90", 90_000, None),
        ("epoch", "1795000100", None, 1_795_000_100_000),
        ("epoch_ms", "1795000100123", None, 1_795_000_100_123),
        ("timestamp", "2026-11-18T11:08:20Z", None, 1_795_000_100_000),
        ("timestamp", "2026-11-18T12:08:20+01:00", None, 1_795_000_100_000),
    ],
)
def test_how_long_a_bid_holds_is_read(unit: str, told: str, in_ms: int | None, at: int | None) -> None:
    rules = f"""
    outcomes: [{{means: accepted, when: {{where: "json:s", equals: ok}}}}]
    carries: {{expires: {{where: "json:e", as: {unit}}}}}
    """
    expiry = reader(rules, "ping").read(reply(f'{{"s":"ok","e":"{told}"}}')).expires

    assert (in_ms, at) == ((expiry.in_ms, expiry.at) if expiry else None)
