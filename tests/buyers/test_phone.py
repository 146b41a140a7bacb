"""Calls and texts as documents, words and TwiML; and our check of a signature against Twilio's own."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from twilio.request_validator import RequestValidator

from buyers.family import ConnectionProblems
from buyers.phone.call import CallConnector
from buyers.phone.document import CallDocument
from buyers.phone.family import phone
from buyers.phone.proof import check
from buyers.phone.spoken import CHARACTERS_MOST, digits, say, whole
from buyers.phone.twiml import Script
from exchange.connector import Callback, Forged, Scene
from exchange.model.lead import FieldValue, Lead
from exchange.stages.sample_lead import sample_lead
from tests.market import NOW, read_once

TOKEN = "12345"
DESK: dict[str, Any] = {
    "connection": "desk",
    "connector": "phone",
    "account": {"sid": "AC01", "token": {"secret": "desk_token"}},
    "from": "+16029580100",
    "to": "+14809580177",
    "summary": ["state", "zip"],
}
SHORT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)


def sample() -> Lead:
    return sample_lead(read_once()[0].verticals["solar"], 1, NOW)


def called(url: str, body: str, signature: str) -> Callback:
    return Callback("/hooks/desk", url, {"x-twilio-signature": signature}, body.encode(), {})


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(SHORT.filter(bool), SHORT, max_size=6),
    st.sampled_from(["https://a.example/h?x=1&y=%20", "http://a.example:8080/h", "https://a.example:443/h"]),
)
def test_what_twilio_signs_is_believed_and_with_anything_changed_it_is_not(fields: dict[str, str], url: str) -> None:
    body = urlencode(fields)
    signature = RequestValidator(TOKEN).compute_signature(url, fields)

    check(called(url, body, signature), TOKEN)

    assert RequestValidator(TOKEN).validate(url, fields, signature)
    for wrong in (
        called(url, f"{body}&Digits=1", signature),
        called(url + "2", body, signature),
        called(url, body, ""),
        called(url, body, signature[::-1]),
    ):
        with pytest.raises(Forged):
            check(wrong, TOKEN)
    with pytest.raises(Forged):
        check(called(url, body, signature), "another")


def test_a_token_that_is_not_set_proves_nothing() -> None:
    signature = RequestValidator("").compute_signature("https://a.example/h", {})

    with pytest.raises(Forged):
        check(called("https://a.example/h", "", signature), "")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"to": "4809580177"}, "to: '4809580177' is no telephone number with + and its country"),
        ({"from": "me"}, "from: 'me' is no telephone number"),
        ({"summary": ["state", "first_name", "phone"]}, "summary: first_name, phone would be told before anybody"),
        ({"intro": "Hello {first_name}"}, "intro: must be one line; {vertical} is the only name"),
        ({"intro": "a\nb"}, "intro: must be one line"),
        ({"account": {"sid": "AC01", "token": {"secret": "x"}, "base": "file:///etc"}}, "account.base: "),
        ({"account": {"sid": "SK", "token": {"secret": "x"}}}, "account.sid: "),
        ({"tries": 0}, "tries: "),
        ({"extra": 1}, "extra: "),
        ({"connector": "sms", "bridge": True}, "bridge: "),
    ],
)
def test_a_document_that_is_wrong_is_told_with_its_place(change: dict[str, Any], told: str) -> None:
    with pytest.raises(ConnectionProblems) as caught:
        phone("desk", {**DESK, **change})

    assert any(f"{each.path}: {each.message}".startswith(told) for each in caught.value.problems)


def test_what_a_document_needs_is_known_before_it_is_used() -> None:
    loaded = phone("desk", DESK)

    assert (frozenset({"desk_token"}), {"account.base": "https://api.twilio.com"}) == (loaded.secrets, loaded.urls)


@pytest.mark.parametrize(
    ("name", "text", "spoken"),
    [
        ("phone", "+16029580142", "6 0 2, 9 5 8, 0 1 4 2"),
        ("phone", "+442079460018", "4 4 2 0 7 9 4 6 0 0 1 8"),
        ("zip", "85016", "8 5 0 1 6"),
        ("state", "AZ", "A Z"),
        ("email", "maria@consumer.example", "maria at consumer dot example"),
        ("monthly_bill", "101-150", "101 to 150"),
        ("project", "new_roof", "new roof"),
        ("notes", "a\x00b\nc   d", "a b c d"),
    ],
)
def test_values_are_said_so_that_they_are_understood(name: str, text: str, spoken: str) -> None:
    assert spoken == say(name, text)


def test_a_long_lead_is_cut_at_a_word() -> None:
    values = {f"field_{number}": FieldValue("x", "word " * 50, "x") for number in range(40)}

    text = whole(sample()._replace(values=values), values)

    assert len(text) <= CHARACTERS_MOST and text.endswith(("word", ":", "."))
    assert "6 0 2, 9 5 8, 0 1 4 2" == digits("+16029580142")


@given(st.text(max_size=60))
def test_twiml_is_well_formed_whatever_a_lead_says(text: str) -> None:
    lead = sample()._replace(values={"state": FieldValue(text, text, text)})
    scene = Scene("dlv_1", "open", lead, frozenset({"state"}), "+16029580142")
    script = Script(CallDocument.model_validate(DESK), "https://a.example/hooks/desk/call/dlv_1?a=1&b=2")

    for document in (script.offer(scene), script.read(scene), script.connect("+16029580142"), script.wait()):
        root = etree.fromstring(document.encode())
        assert "Response" == root.tag and {"Gather", "Say", "Hangup", "Dial", "Pause", "Redirect"} >= {
            each.tag for each in root
        }


def test_the_keys_that_do_not_work_are_not_named() -> None:
    scene = Scene("dlv_1", "open", sample(), frozenset({"state"}), None, "It is night.")
    without = CallDocument.model_validate({**DESK, "bridge": False})

    assert "press 9" not in Script(CallDocument.model_validate(DESK), "x").offer(scene)
    assert "press 9" not in Script(without, "x").offer(scene._replace(consumer="+16029580142"))
    assert not CallConnector(without).may_connect(scene._replace(consumer="+16029580142"))


def test_only_fields_that_the_vertical_calls_public_are_told_before_a_key() -> None:
    scene = Scene("dlv_1", "open", sample(), frozenset({"state"}))

    told = Script(CallDocument.model_validate(DESK), "x").offer(scene)

    assert "State:" in told and "Zip:" not in told
