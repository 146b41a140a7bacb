"""Our fields to theirs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from buyers.mapping.document import Request
from buyers.mapping.messages import compile_request
from buyers.mapping.values import Facts
from exchange.cases.document import Case, award_of, contract_of, lead_of, offer_of, terms_of
from exchange.connector import BadReply
from exchange.model.wire import HttpMessage
from tests.buyers.shelf import yaml

LEAD: Mapping[str, str] = {
    "first_name": "Wanda",
    "last_name": "Placeholder",
    "phone": "+13125550142",
    "email": "wanda@consumer.example",
    "dob": "1980-02-29",
    "loan": "2500.5",
    "note": "5 < 6 & \u201cso on\u201d",
}


def sent(request: str, encoding: str = "form", ping: bool = False, **case: Any) -> HttpMessage:
    told: dict[str, Any] = {"name": "x", "then": {}, "lead": dict(LEAD), "secrets": {"key": "k+1"}, **case}
    model = Case.model_validate(told)
    facts = Facts(contract_of(model), terms_of(model), lead=lead_of(model), award=award_of(model))
    if ping:
        facts = Facts(contract_of(model), terms_of(model), offer=offer_of(model))
    document = {"url": "https://b.example/x", **yaml(request)}
    return compile_request(Request.model_validate(document), encoding, delivers=True).message(facts)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("first_name", "Wanda"),
        ("{constant: x}", "x"),
        ("7", "7"),
        ("true", "true"),
        ("{secret: key}", "k+1"),
        ("{term: reference}", "ref-case-1"),
        ("{term: bid_price}", "12.50"),
        ("{term: mode}", "live"),
        ("{term: grade}", "A"),
        ("{tracking: sub_id1}", "blue"),
        ("{setting: type}", "19"),
        ("{consent: text}", "I agree."),
        ("{join: [first_name, middle, last_name]}", "Wanda Placeholder"),
        ("{join: [last_name, first_name], with: ', '}", "Placeholder, Wanda"),
        ("{field: [mobile, phone]}", "+13125550142"),
        ("{field: nickname, default: none}", "none"),
        ("{field: phone, phone: digits}", "3125550142"),
        ("{field: phone, phone: digits11}", "13125550142"),
        ("{field: phone, phone: dashes}", "312-555-0142"),
        ("{field: phone, phone: parentheses}", "(312) 555-0142"),
        ("{field: phone, phone: dots}", "312.555.0142"),
        ("{field: phone, phone: e164}", "+13125550142"),
        ("{field: dob, date: '%m/%d/%Y'}", "02/29/1980"),
        ("{term: now, date: '%Y-%m-%dT%H:%M:%SZ'}", "2026-11-18T11:06:40Z"),
        ("{term: now, date: '%H:%M', zone: America/Phoenix}", "04:06"),
        ("{term: now, date: epoch}", "1795000000"),
        ("{field: loan, number: {decimals: 2}}", "2500.50"),
        ("{field: loan, number: {decimals: 0, sign: $, thousands: ','}}", "$2,500"),
        ("{field: loan, number: {decimal_comma: true, thousands: '.'}}", "2.500,5"),
        ("{field: first_name, lookup: {wanda: W}}", "W"),
        ("{field: first_name, lookup: {other: O}}", "Wanda"),
        ("{field: first_name, lookup: {other: O}, otherwise: '-'}", "-"),
        ("{field: first_name, case: upper}", "WANDA"),
        ("{constant: ' A@B.example ', hash: md5}", "d3ce9fe2208376bd39cf85fbcc2a90c7"),
        ("{field: note, most: 3}", "5 <"),
    ],
)
def test_a_value_comes_from_its_source_in_its_format(value: str, text: str) -> None:
    extra: dict[str, Any] = {"tracking": {"sub_id1": "blue"}, "consent": {"text": "I agree."}}
    message = sent(f"body: {{x: {value}}}", contract={"settings": {"type": "19"}}, **extra)

    assert {"x": [text]} == parse_qs(message.body.decode())


def test_the_hash_of_an_email_ignores_case_and_edges() -> None:
    hashed = [
        sent(f"body: {{x: {{constant: '{mail}', hash: sha256}}}}").body for mail in ("a@b.example", " A@B.example")
    ]

    assert hashed[0] == hashed[1]


def test_pairs_keep_their_order_and_leave_out_what_is_empty() -> None:
    message = sent(
        "body: {b: last_name, a: [first_name, last_name], n: note, gone: nickname, "
        "kept: {field: nickname, omit_if_empty: false}}"
    )

    assert b"b=Placeholder&a=Wanda&a=Placeholder&n=5+%3C+6+%26+%E2%80%9Cso+on%E2%80%9D&kept=" == message.body
    assert "application/x-www-form-urlencoded" == message.headers["Content-Type"]


def test_json_has_paths_lists_numbers_and_booleans() -> None:
    message = sent(
        """
        body:
          a.b[1].c: first_name
          a.b[0].c: last_name
          names: [first_name, nickname]
          loan: {field: loan, type: number}
          long: {constant: "900719925474099312345", type: number}
          word: {field: first_name, type: number}
          yes: {constant: "yes", type: boolean}
          dotted\\.name: first_name
        """,
        "json",
    )

    assert b'"loan":2500.5,"long":900719925474099312345' in message.body
    told = orjson.loads(message.body)
    assert {"b": [{"c": "Placeholder"}, {"c": "Wanda"}]} == told["a"]
    assert (["Wanda"], "Wanda", True, "Wanda") == (told["names"], told["word"], told["yes"], told["dotted.name"])


def test_xml_keeps_order_attributes_namespaces_and_cdata() -> None:
    message = sent(
        """
        namespaces: {"": "urn:a", v: "urn:v"}
        body:
          R.@id: {term: reference}
          R.Name.@part: {constant: first}
          R.Name: first_name
          R.Tel[0].No: {field: phone, phone: digits}
          R.Tel[1].No: {constant: "2"}
          R.v:Note: {field: note, cdata: true}
          R.Gone: nickname
        """,
        "xml",
    )

    assert (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<R xmlns="urn:a" xmlns:v="urn:v" id="ref-case-1"><Name part="first">Wanda</Name><Tel><No>3125550142</No></Tel>'
        "<Tel><No>2</No></Tel><v:Note><![CDATA[5 < 6 & “so on”]]></v:Note></R>"
    ) == message.body.decode()


def test_a_document_travels_inside_a_field() -> None:
    message = sent("body: {Message: {document: {as: xml, fields: {R.Name: first_name, R.Note: note}}}}")

    root = etree.fromstring(parse_qs(message.body.decode())["Message"][0].encode())
    assert ("Wanda", LEAD["note"]) == (root.findtext("Name"), root.findtext("Note"))


def test_a_get_carries_its_values_in_the_query_and_the_reference_in_the_address() -> None:
    message = sent("{method: GET, url: 'https://b.example/{reference}?v=2', query: {n: note, key: {secret: key}}}")

    assert "https://b.example/ref-case-1?v=2&n=5+%3C+6+%26+%E2%80%9Cso+on%E2%80%9D&key=k%2B1" == message.url
    assert b"" == message.body


def test_secrets_are_named_to_the_recorder_as_they_are_sent() -> None:
    message = sent("{headers: {Authorization: {basic: [{constant: u}, {secret: key}]}}, body: {k: {secret: key}}}")

    assert ("k+1", "k%2B1", "Basic dTprKzE=") == message.secrets


@pytest.mark.parametrize("secrets", [{}, {"key": ""}])
def test_a_secret_that_is_not_set_stops_the_message(secrets: dict[str, str]) -> None:
    with pytest.raises(BadReply, match="key is not set"):
        sent("body: {k: {secret: key}}", secrets=secrets)


def test_no_value_breaks_out_of_a_header_or_an_address() -> None:
    lead = {"evil": "a\r\nX-Evil: 1\x00"}
    message = sent("{url: 'https://b.example/x', headers: {X-A: evil}, query: {q: evil}}", lead=lead)

    assert "a X-Evil: 1" == message.headers["X-A"]
    assert "https://b.example/x?q=a%0D%0AX-Evil%3A+1" == message.url


def test_a_ping_cannot_carry_what_only_a_lead_has() -> None:
    body = "body: {n: first_name, c: {consent: text}, p: {term: bid_price}, z: zip}"

    assert b"z=60610" == sent(body, ping=True, offer={"zip": "60610"}).body


@given(st.text(max_size=40))
def test_any_text_makes_a_well_formed_body(text: str) -> None:
    case: dict[str, Any] = {"lead": {"any": text}}

    assert parse_qs(sent("body: {x: any}", "form", **case).body.decode("ascii")) is not None
    assert orjson.loads(sent("body: {x: any}", "json", **case).body) is not None
    assert b"" == (body := sent("body: {R.x: any}", "xml", **case).body) or etree.fromstring(body) is not None
    assert etree.fromstring(sent("body: {R.x: any}", "soap", **case).body) is not None
    assert sent("headers: {X-A: any}", **case).headers.get("X-A", "").isprintable()
