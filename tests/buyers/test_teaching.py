"""Values that name their places, rules proposed from samples, rules taught by a click."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from buyers.connection import Connection
from buyers.reading import Reader, StageRules
from buyers.reading.document import Shape
from buyers.reading.places import values_of
from buyers.reading.propose import propose
from buyers.reading.teach import with_rule
from exchange.cases.hostile import hostile_replies
from exchange.connector import BadReply
from exchange.model.teaching import Proposal, Taught
from exchange.model.wire import Reply
from tests.buyers.shelf import reply, yaml
from tests.buyers.test_replies import CAPTURED, OWN

SOLD = reply('{"data": {"status": "Sold", "lead-id": "B 1", "price": 31.50, "flags": [{"ok": true}]}}')
SPENT = reply('{"data": {"status": "Refused", "lead-id": "B 2", "reason": "cap reached"}}')


def replies() -> list[tuple[str, str, str | None, Reply]]:
    """System, stage, outcome and reply of every captured case there is."""
    found = []
    for case in yaml(OWN.read_text("utf-8")):
        found.append(
            (case["preset"], case["stage"], case["means"]["outcome"], reply(case["body"], case.get("status", 200)))
        )
    for case in json.loads(CAPTURED.read_text()) if CAPTURED.exists() else []:
        heard = case["response"]
        words = {"accept": "accepted", "reject": "rejected"}
        outcome = words.get(case["means"]["outcome"], case["means"]["outcome"])
        found.append((case["vendor"], case["stage"], outcome, reply(heard["body"], heard["http_status"])))
    return found


def test_a_value_names_the_place_that_finds_it() -> None:
    found = {seen.place: seen.text for seen in values_of(SOLD)}

    assert "Sold" == found["json:data.status"]
    assert "B 1" == found['json:data."lead-id"']
    assert "true" == found["json:data.flags[0].ok"]
    assert "31.50" == found["json:data.price"]


@pytest.mark.parametrize(
    ("body", "place", "text"),
    [
        ("status=sold&id=7", "key:status", "sold"),
        ("<r><status>Matched</status></r>", "path:r.status", "Matched"),
        ("<r><e>one</e><e>two</e></r>", "xpath:/r/e[2]", "two"),
        ('<ping result="accepted"/>', "path:ping.@result", "accepted"),
        ("<html><body><h3> Thank you! </h3></body></html>", "xpath:/html/body/h3", "Thank you!"),
        ("1", "json:@", "1"),
        ("Thanks, taken", "body", "Thanks, taken"),
        ("Thanks, taken", r"regex:Thanks,\s+(\$?[\w.-]*\w)", "taken"),
        ("ACCEPTED id=17 price=9.50.", r"regex:^\W*(\$?[\w.-]*\w)", "ACCEPTED"),
        ("ACCEPTED id=17 price=9.50.", r"regex:price=(\$?[\w.-]*\w)", "9.50"),
        ("OK|17|$9.50", r"regex:[0-9]+\|(\$?[\w.-]*\w)", "$9.50"),
    ],
)
def test_every_kind_of_reply_has_places(body: str, place: str, text: str) -> None:
    assert (place, text) in values_of(reply(body))


def test_a_word_of_a_plain_text_is_found_beside_other_numbers_too() -> None:
    taught = {seen.text: seen.place for seen in values_of(reply("ACCEPTED id=17 price=9.50"))}
    carries = {"reference": taught["17"], "price": taught["9.50"]}
    rule = {"means": "accepted", "when": {"where": taught["ACCEPTED"], "equals": "ACCEPTED"}}
    reader = Reader.compile(StageRules.model_validate({"outcomes": [rule], "carries": carries}), "post")
    told = reader.read(reply("Accepted   id=4,   price=31.00"))

    assert "accepted" == told.outcome
    assert told.price is not None and ("", "4") == (told.price.problem, told.reference)


def test_every_place_of_every_captured_reply_finds_its_value() -> None:
    for _, stage, _, heard in replies():
        for seen in values_of(heard):
            rule = {"means": "rejected", "when": {"where": seen.place, "equals": seen.text}, "statuses": [heard.status]}
            reader = Reader.compile(StageRules.model_validate({"outcomes": [rule]}), stage)
            assert "rejected" == reader.read(heard).outcome


def test_hostile_replies_are_shown_without_breaking() -> None:
    for _, heard in hostile_replies():
        assert all(seen.text for seen in values_of(heard))
        made = propose("post", [SOLD], [heard])
        assert made is None or "accepted" not in (read("post", made, heard), read("post", made, SPENT))


def test_a_yes_and_a_no_become_rules_with_price_id_and_reason() -> None:
    made = propose("post", [SOLD], [SPENT])

    assert made is not None
    assert {"means": "accepted", "when": {"where": "json:data.status", "equals": "Sold"}} == made.outcomes[0]
    assert {"means": "rejected", "when": {"where": "json:data.status", "equals": "Refused"}} == made.outcomes[1]
    assert {"price", "reference", "reason"} == made.carries.keys()


def test_a_word_decides_and_not_an_id_or_an_amount() -> None:
    assert propose("post", [reply('{"id": "a1", "price": "5.00"}')], [reply('{"id": "b2", "price": "0.00"}')]) is None


def test_the_same_reply_as_yes_and_no_is_no_rule() -> None:
    assert propose("post", [SOLD], [SOLD]) is None


def test_a_no_of_another_kind_is_told_by_what_it_says_itself() -> None:
    made = propose("post", [SOLD], [reply("<html><body><h1>Closed</h1></body></html>")])

    assert made is not None
    assert ["accepted", "rejected"] == [outcome["means"] for outcome in made.outcomes]


def test_no_proposal_takes_a_refused_sample_for_a_sale() -> None:
    by_system: dict[tuple[str, str], dict[bool, list[Reply]]] = defaultdict(lambda: {True: [], False: []})
    for system, stage, outcome, heard in replies():
        if stage in ("ping", "post") and outcome is not None and outcome != "queued":
            by_system[system, stage][outcome == "accepted"].append(heard)
    made = 0
    for (_, stage), samples in by_system.items():
        for yes in samples[True]:
            for no in samples[False]:
                proposal = propose(stage, [yes], [no])
                if proposal is not None:
                    made += 1
                    assert ("accepted", True) == (read(stage, proposal, yes), read(stage, proposal, no) != "accepted")
    assert made >= 15


def read(stage: str, proposal: Proposal, heard: Reply) -> str | None:
    rules = StageRules.model_validate({"outcomes": proposal.outcomes, "carries": proposal.carries})
    try:
        return Reader.compile(rules, stage).read(heard).outcome
    except BadReply:
        return None


def document(**reading: Any) -> dict[str, Any]:
    outcomes = [{"means": "accepted", "when": {"where": "json:data.status", "equals": "sold"}}]
    stage = {"url": "https://buyer.example/post", "body": {"id": {"term": "reference"}}}
    return {
        "connection": "late",
        "connector": "json_http",
        "post": {**stage, "reading": {"outcomes": outcomes, **reading}},
    }


def outcome(made: Mapping[str, Any], heard: Reply) -> str | None:
    return Connection.load(made, {}).readers["post"].read(heard).outcome


def test_a_taught_rule_reads_the_reply_and_leaves_the_others_alone() -> None:
    before = document()
    made = with_rule(before, before, "post", Taught("json:data.status", "Refused", means="rejected"))

    assert (None, "rejected") == (outcome(before, SPENT), outcome(made, SPENT))
    assert "accepted" == outcome(made, SOLD)
    assert 1 == len(before["post"]["reading"]["outcomes"])


def test_teaching_the_same_value_again_replaces_its_rule() -> None:
    first = document()
    once = with_rule(first, first, "post", Taught("json:data.status", "Refused", means="rejected"))
    twice = with_rule(once, once, "post", Taught("json:data.status", "refused", means="duplicate"))

    assert ("duplicate", 2) == (outcome(twice, SPENT), len(twice["post"]["reading"]["outcomes"]))


def test_a_part_is_read_from_the_place_that_was_clicked() -> None:
    before = document()
    made = with_rule(before, before, "post", Taught("json:data.price", "31.50", part="price"))

    price = Connection.load(made, {}).readers["post"].read(SOLD).price
    assert price is not None and price.amount is not None
    assert "31.5" == price.amount.text.rstrip("0")


@pytest.mark.parametrize("taught", [Taught("json:a", "b", part="postcode"), Taught("json:a", "b", part="legs")])
def test_what_is_no_part_of_an_answer_is_refused(taught: Taught) -> None:
    with pytest.raises(ValueError, match="is no part"):
        with_rule(document(), document(), "post", taught)


def test_a_stage_that_the_connection_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="has no ping"):
        with_rule(document(), document(), "ping", Taught("json:a", "b", means="accepted"))


def test_delimited_text_is_seen_as_the_stage_takes_it() -> None:
    found = values_of(reply("sold|B7|12.50"), Shape(kind="csv", delimiter="|"))

    assert [("column:1", "sold"), ("column:2", "B7"), ("column:3", "12.50")] == list(found[:3])
