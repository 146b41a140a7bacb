"""Answers out, and back in again."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.intake.decode import Flat, decode
from exchange.intake.encode import CONTENT_TYPES, answer_format, encode
from exchange.intake.soap import NAMESPACES
from exchange.model.money import Money

ACCEPTED = {
    "status": "accepted",
    "ping_id": "png_01KAG2V7RM",
    "price": "26.60",
    "currency": "USD",
    "expires_at": "2026-11-20T14:16:22.573Z",
    "request_id": "req_01KAG2V7RM",
}
INVALID = {
    "status": "invalid",
    "reason": None,
    "errors": [
        {"field": "zip", "code": "missing", "message": "zip is missing"},
        {"field": "bill", "code": "not_allowed", "allowed": ["0-50", "51-100"]},
    ],
    "test": True,
    "took_ms": 3,
}


def test_an_accepted_ping_reads_as_documented_in_each_format() -> None:
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<response><status>accepted</status><ping_id>png_01KAG2V7RM</ping_id><price>26.60</price>"
        "<currency>USD</currency><expires_at>2026-11-20T14:16:22.573Z</expires_at>"
        "<request_id>req_01KAG2V7RM</request_id></response>"
    )
    nvp = (
        "status=accepted&ping_id=png_01KAG2V7RM&price=26.60&currency=USD"
        "&expires_at=2026-11-20T14%3A16%3A22.573Z&request_id=req_01KAG2V7RM"
    )

    assert (json.dumps(ACCEPTED, separators=(",", ":")).encode(), CONTENT_TYPES["json"]) == encode(ACCEPTED, "json")
    assert (xml.encode(), CONTENT_TYPES["xml"]) == encode(ACCEPTED, "xml")
    assert (nvp.encode(), CONTENT_TYPES["nvp"]) == encode(ACCEPTED, "nvp")


def test_errors_nest_in_each_format_and_what_is_none_is_left_out() -> None:
    xml = encode(INVALID, "xml")[0].decode()
    pairs = parse_qsl(encode(INVALID, "nvp")[0].decode())

    assert [name for name in INVALID if name != "reason"] == list(json.loads(encode(INVALID, "json")[0]))
    assert "<errors><error><field>zip</field><code>missing</code><message>zip is missing</message></error>" in xml
    assert "<allowed><item>0-50</item><item>51-100</item></allowed></error></errors><test>true</test>" in xml
    assert ("errors[0][field]", "zip") == pairs[1]
    assert ("errors[1][allowed][1]", "51-100") == pairs[7]
    assert [("test", "true"), ("took_ms", "3")] == pairs[-2:]


def test_a_nested_answer_reads_back_the_same_from_each_format() -> None:
    records = [decode(*encode(INVALID, format)) for format in ("json", "xml", "nvp")]

    assert all(isinstance(record, Flat) for record in records)
    assert 1 == len({json.dumps(getattr(record, "fields", None)) for record in records})


HOSTILE = [
    "\x00\x1b[31m",
    "a\r\nSet-Cookie: x",
    "]]>",
    "<!DOCTYPE a>",
    "&#0;&lol;",
    "\ud800",
    "\ufffe\uffff",
    "\x85",
    "'\"<>&",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_an_answer_carries_it_is_well_formed_and_free_of_control_characters(text: str) -> None:
    answer = {"message": text, text: "1", "errors": [{"got": text}]}
    bodies = {format: encode(answer, format)[0].decode() for format in ("json", "xml", "nvp")}

    assert json.loads(bodies["json"])["message"] == ElementTree.fromstring(bodies["xml"]).findtext("message")
    for body in bodies.values():
        marks = body.removeprefix(bodies["xml"][:39]).replace("\n", "")
        assert not any(ord(mark) < 32 or 127 <= ord(mark) < 160 for mark in marks)


def test_the_lines_of_an_address_stay_lines() -> None:
    address = {"address": "12 Dock Road\nBoston"}
    assert address == json.loads(encode(address, "json")[0])
    assert address["address"] == ElementTree.fromstring(encode(address, "xml")[0]).findtext("address")


def test_values_of_other_kinds_go_out_as_text() -> None:
    answer = {"price": Money.parse("12.50", "USD"), "big": 2**80, "least": -(2**63), "names": ("a", "b")}

    body = json.loads(encode(answer, "json")[0])

    assert str(Money.parse("12.50", "USD")) == body["price"]
    assert (str(2**80), -(2**63), ["a", "b"]) == (body["big"], body["least"], body["names"])


def test_an_unknown_format_is_answered_in_json() -> None:
    assert CONTENT_TYPES["json"] == encode({}, "yaml")[1]


@pytest.mark.parametrize(
    ("asked", "accept", "request_format", "expected"),
    [
        ("xml", "application/json", "nvp", "xml"),
        (" JSON ", None, "xml", "json"),
        ("form", None, "xml", "nvp"),
        ("yaml", "text/xml", "nvp", "xml"),
        (None, "application/json;q=0.5, application/xml;q=0.9", "nvp", "xml"),
        (None, "application/json, application/xml", "xml", "json"),
        (None, "*/*", "xml", "xml"),
        (None, "text/html, */*;q=0.1", "nvp", "nvp"),
        (None, "text/html", "nvp", "nvp"),
        (None, "application/json;q=0, text/xml;q=0.1", "nvp", "xml"),
        (None, "application/json;q=nonsense", "xml", "json"),
        (None, "," * 5_000, "nvp", "nvp"),
        ("", "", "nvp", "nvp"),
        (None, None, "", "json"),
    ],
)
def test_the_answers_format_is_the_field_then_accept_then_the_requests(
    asked: str | None, accept: str | None, request_format: str, expected: str
) -> None:
    assert expected == answer_format(asked, accept, request_format)


XML_NAMES = st.from_regex(r"[a-z_][a-z0-9_-]{0,30}", fullmatch=True).filter(lambda name: name != "xmlns")
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zs", "Zl", "Zp"], exclude_characters="[]\ufffe\uffff"),
    min_size=1,
    max_size=60,
)
VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff"), max_size=200
).map(lambda text: text.strip(" "))


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=20))
def test_a_flat_record_survives_json_and_a_form(fields: dict[str, str]) -> None:
    for format in ("json", "nvp"):
        result = decode(*encode(fields, format))
        assert isinstance(result, Flat) and fields == result.fields and format == result.format


@given(st.dictionaries(XML_NAMES, VALUES, min_size=2, max_size=20))
def test_a_flat_record_survives_xml(fields: dict[str, str]) -> None:
    result = decode(*encode(fields, "xml"))

    assert isinstance(result, Flat) and fields == result.fields


ANSWERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), ANSWERS, max_size=5))
def test_any_answer_can_be_written_in_every_format(answer: dict[str, Any]) -> None:
    assert isinstance(json.loads(encode(answer, "json")[0]), dict)
    assert "response" == ElementTree.fromstring(encode(answer, "xml")[0]).tag
    assert encode(answer, "nvp")[0].isascii()
    for version, space in NAMESPACES.items():
        for status in ("accepted", "error"):  # an answer and a fault
            assert (
                f"{{{space}}}Envelope" == ElementTree.fromstring(encode({**answer, "status": status}, version)[0]).tag
            )


@given(st.dictionaries(XML_NAMES, VALUES, min_size=2, max_size=20))
def test_a_flat_record_survives_an_envelope(fields: dict[str, str]) -> None:
    for version in NAMESPACES:
        result = decode(*encode({**fields, "status": "accepted"}, version))
        assert isinstance(result, Flat) and {**fields, "status": "accepted"} == result.fields
