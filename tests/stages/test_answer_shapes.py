"""Answers in another system's form: its names, its words, its codes, and nothing that was not asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from exchange.flows.answers import read_shape, with_answers, write_answer
from exchange.flows.shapes import DocumentProblems
from exchange.intake.encode import encode
from exchange.model.party import Campaign
from exchange.stages.answer_shapes import shape_names
from tests.stages.submissions import campaign

PING = {"status": "accepted", "ping_id": "png_1", "price": "26.60", "currency": "USD", "request_id": "req_1"}
SOLD = {"status": "accepted", "lead_id": "ld_1", "price": "26.60", "redirect_url": "https://a.example/?a=1&b=2"}
UNSOLD = {"status": "unsold", "lead_id": "ld_1", "reason": "no_bid", "message": "No buyer made a bid."}
TWICE = {"status": "duplicate", "lead_id": "ld_1", "message": "Known."}
QUEUED = {"status": "queued", "lead_id": "ld_1"}
INVALID = {
    "status": "invalid",
    "message": "Wrong.",
    "errors": [{"message": "zip is required."}, {"message": "Too old."}],
}


def written(terms: Campaign, fields: dict[str, Any], asked: str = "json") -> str:
    return write_answer(encode, fields, asked, terms)[0].decode()


def having(name: str, document: dict[str, Any] | None = None) -> Campaign:
    return with_answers(campaign(), name, document)


@pytest.mark.parametrize("asked", ["json", "xml", "nvp"])
def test_matched_is_xml_with_status_lead_id_and_price_whatever_was_asked(asked: str) -> None:
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<response><status>'

    assert head + "Matched</status><lead_id>png_1</lead_id><price>26.60</price></response>" == written(
        having("matched"), PING, asked
    )
    told = written(having("matched"), UNSOLD, asked)
    assert told.startswith(head + "Unmatched</status><lead_id>ld_1</lead_id><price>0.00</price>")
    assert head + "Pending</status>" in written(having("matched"), QUEUED, asked)
    assert "application/xml; charset=utf-8" == write_answer(encode, PING, asked, having("matched"))[1]


def test_success_has_result_ping_id_and_price_in_the_format_that_was_asked() -> None:
    terms = having("success")

    assert '{"result":"success","ping_id":"png_1","price":"26.60"}' == written(terms, PING)
    assert "result=success&ping_id=png_1&price=26.60" == written(terms, PING, "nvp")
    assert written(terms, UNSOLD).startswith('{"result":"failed","lead_id":"ld_1","price":"0.00"')


@pytest.mark.parametrize(
    ("fields", "word", "code"),
    [(SOLD, "ACCEPTED", "1"), (TWICE, "DUPLICATED", "2"), (UNSOLD, "ERROR", "3"), (INVALID, "ERROR", "3"),
     (QUEUED, "PENDING", "4")],
)  # fmt: skip
def test_accepted_has_a_word_and_a_number(fields: dict[str, Any], word: str, code: str) -> None:
    assert written(having("accepted"), fields).startswith(f'{{"status":"{word}","code":"{code}"')


def test_errors_are_one_text() -> None:
    assert "<message>Wrong.</message><errors>zip is required. Too old.</errors>" in written(having("matched"), INVALID)


def test_a_form_of_ones_own_has_its_names_its_root_its_type_and_constants() -> None:
    document = {
        "format": "xml",
        "root": "PingResponse",
        "content_type": "text/xml",
        "words": {"accepted": "1", "otherwise": "0"},
        "fields": {
            "Success": "word",
            "Price": {"of": "price", "otherwise": "0"},
            "Id": "id",
            "Version": {"constant": "1.0"},
            "Url": "redirect_url",
        },
    }
    body, content_type = write_answer(encode, SOLD, "json", having("custom", document))

    assert "text/xml" == content_type
    assert body.decode().partition("\n")[2] == (
        "<PingResponse><Success>1</Success><Price>26.60</Price><Id>ld_1</Id><Version>1.0</Version>"
        "<Url>https://a.example/?a=1&amp;b=2</Url></PingResponse>"
    )
    assert "<Success>0</Success><Price>0</Price>" in written(having("custom", document), UNSOLD)


def test_values_are_data_and_never_read_again() -> None:
    document = {"fields": {"said": "message"}}
    hostile = {**UNSOLD, "message": "{{42*42}} {price} <b> ${x}"}

    assert '{"said":"{{42*42}} {price} <b> ${x}"}' == written(having("custom", document), hostile)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({}, "fields: Field required."),
        ({"fields": {}}, "fields: Dictionary should have at least 1 item"),
        ({"fields": {"a b": "status"}}, "fields.a b"),
        ({"fields": {"a": "buyer"}}, "fields.a: 'buyer' is not one of status, lead_id"),
        ({"fields": {"a": {"of": "price", "constant": "1"}}}, "fields.a: say either of or constant."),
        ({"fields": {"a": "word"}, "words": {"won": "1"}}, "words: 'won' is not one of accepted, duplicate"),
        ({"fields": {"a": "word"}, "format": "yaml"}, "format: "),
        ({"fields": {"a": "word"}, "root": "<x>"}, "root: "),
        ({"fields": {"a": "word"}, "content_type": "text/html\r\nX: y"}, "content_type"),
        ({"fields": {"a": "word"}, "script": "1"}, "script: "),
    ],
)
def test_a_form_that_cannot_be_is_told(document: dict[str, Any], told: str) -> None:
    with pytest.raises(DocumentProblems) as refused:
        read_shape(document)

    assert any(problem.startswith(told) for problem in refused.value.problems), refused.value.problems


def test_a_form_nobody_knows_and_one_without_its_document_are_refused() -> None:
    for name in ("matchd", "custom"):
        with pytest.raises(DocumentProblems):
            having(name)
    assert ("standard", "matched", "success", "accepted", "custom") == shape_names()
    assert (
        written(having("standard"), PING)
        == written(campaign(), PING)
        == written(replace(having("custom", {"fields": {"a": "word"}}), answers="standard"), PING)
    )
