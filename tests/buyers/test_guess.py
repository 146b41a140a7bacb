"""A pasted sample request becomes a mapping: by name, by content, and what nobody knows as it stood."""

from __future__ import annotations

from typing import Any

import pytest

from buyers.connection import Connection
from buyers.mapping.guess import guess

NAMES = {
    "homeowner": "homeowner",
    "monthlybill": "monthly_bill",
    "state": "state",
    "tcpaconsenttext": "tcpa_consent_text",
}
READING = {"outcomes": [{"means": "accepted", "when": {"where": "json:status", "equals": "sold"}}]}
JSON = """{"campaign_id": 77, "apiKey": "k-123", "contact": {"firstName": "Ann", "last_name": "Lee",
  "email_address": "ann@consumer.example", "phones": ["602-958-0142"]}, "zip_code": "85016", "state": "AZ",
  "MonthlyBill": "150", "consent_text": {"tcpa_consent_text": "I agree"}, "q1": "85017"}"""


def loads(connector: str, body: dict[str, Any]) -> Connection:
    stage = {"url": "https://buyer.example/post", "body": body, "reading": READING}
    return Connection.load({"connection": "guessed", "connector": connector, "post": stage}, {})


def test_a_json_sample_fills_the_usual_contact_fields() -> None:
    made = guess(JSON, NAMES, frozenset({"tcpa_consent_text"}))

    assert "json_http" == made.connector
    assert {"field": "first_name"} == made.body["contact.firstName"]
    assert {"field": "email"} == made.body["contact.email_address"]
    assert {"field": "phone"} == made.body["contact.phones[0]"]
    assert {"field": "monthly_bill"} == made.body["MonthlyBill"]
    assert {"consent": "text"} == made.body["consent_text.tcpa_consent_text"]
    assert {"constant": "77"} == made.body["campaign_id"]
    assert ("address", "city") == made.missing


def test_a_credential_becomes_a_secret_and_its_value_is_gone() -> None:
    made = guess(JSON, NAMES)

    assert {"secret": "api_key"} == made.body["apiKey"]
    assert "k-123" not in repr(made)


@pytest.mark.parametrize(
    ("sample", "connector", "email"),
    [
        ("first=Ann&email=ann%40consumer.example&src=web", "form_http", "email"),
        ("https://buyer.example/post?fname=Ann&email=ann@consumer.example", "form_http", "email"),
        (
            "<lead><contact email='ann@consumer.example'><first>Ann</first></contact></lead>",
            "xml_http",
            "lead.contact.@email",
        ),
        (
            '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><Submit><Email>ann@consumer.example'
            "</Email></Submit></soap:Body></soap:Envelope>",
            "soap_http",
            "Submit.Email",
        ),
        ("curl -X POST https://b.example -d 'email=ann@consumer.example&zip=85016'", "form_http", "email"),
        (
            'POST /lead HTTP/1.1\nContent-Type: application/json\n\n{"mail": "ann@consumer.example"}',
            "json_http",
            "mail",
        ),
    ],
)
def test_every_usual_kind_of_sample_is_taken(sample: str, connector: str, email: str) -> None:
    made = guess(sample, {})

    assert (connector, {"field": "email"}) == (made.connector, made.body[email])
    loads(made.connector, dict(made.body))


def test_a_field_is_given_to_one_name_only() -> None:
    made = guess('{"zip": "85016", "zip_code": "85016", "billing": "85018"}', {})

    assert ["zip", "", ""] == list(made.fields.values())


@pytest.mark.parametrize(
    "sample", ["", "just words", "{", "[1]", "{}", "<a>", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "[" * 5_000]
)
def test_what_is_no_sample_is_told_in_a_sentence(sample: str) -> None:
    with pytest.raises(ValueError, match="sample"):
        guess(sample, {})
