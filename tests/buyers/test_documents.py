"""What a reply is found to be, whatever it is called."""

from __future__ import annotations

import pytest

from buyers.reading.document import Document, Shape, read_document
from tests.buyers.shelf import reply


def taken(body: str | bytes, content_type: str = "", **shape: object) -> Document:
    return read_document(reply(body, content_type=content_type), Shape(**shape))  # type: ignore[arg-type]  # test data


@pytest.mark.parametrize(
    ("body", "declared", "kind"),
    [
        ('{"a":1}', "text/html", "json"),
        ("[1]", "text/plain", "json"),
        ("true", "", "json"),
        ("10", "text/html", "json"),
        ("<a/>", "application/json", "xml"),
        ("\t\n<?xml version='1.0'?><a/>", "text/plain", "xml"),
        ("<!DOCTYPE html><p>x", "text/xml", "html"),
        ("<HTML><body>x", "", "html"),
        ("status=ok&price=1", "text/plain", "form"),
        ("status=ok\nprice=1", "text/plain", "form"),
        ("ACCEPTED, thank you", "text/csv", "csv"),
        ("Thank you", "text/plain", "text"),
        (" \r\n", "application/json", "empty"),
    ],
)
def test_the_content_decides_before_the_label(body: str, declared: str, kind: str) -> None:
    assert kind == taken(body, declared).kind


def test_a_connection_overrules_what_is_found() -> None:
    assert "text" == taken('{"a":1}', kind="text").kind


def test_a_byte_order_mark_and_other_encodings_are_taken() -> None:
    assert {"a": "é"} == taken(b'\xef\xbb\xbf{"a":"\xc3\xa9"}').value
    assert {"a": "é"} == taken('{"a":"é"}'.encode("utf-16")).value
    assert {"a": "é"} == taken('{"a":"é"}'.encode("iso-8859-1"), "application/json; charset=ISO-8859-1").value
    latin = "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".encode("iso-8859-1")
    assert "é" == taken(latin).root.text


def test_numbers_stay_as_they_were_written() -> None:
    assert {"id": "900719925474099312345", "price": "12.10"} == taken(
        '{"id":900719925474099312345,"price":12.10}'
    ).value


def test_junk_after_json_is_no_harm_but_a_second_document_is() -> None:
    assert {"a": "b"} == taken('{"a":"b"}<!-- served by node 7 -->').value
    assert "broken" == taken('{"a":"b"}{"a":"c"}').kind


def test_a_key_twice_is_taken_only_when_both_say_the_same() -> None:
    assert {"a": "b"} == taken('{"a":"b","a":"b"}').value
    assert "broken" == taken('{"a":"b","a":"c"}').kind
    assert "broken" == taken("a=b&a=c").kind


@pytest.mark.parametrize(
    "body",
    [
        "<s>&lt;r&gt;&lt;status&gt;ok&lt;/status&gt;&lt;/r&gt;</s>",
        "<s><![CDATA[<r><status>ok</status></r>]]></s>",
        "&lt;r&gt;&lt;status&gt;ok&lt;/status&gt;&lt;/r&gt;",
        '"<r><status>ok</status></r>"',
        "<x:r xmlns:x='urn:a'><x:status>ok</x:status></x:r>",
        "<e><b><PingResult>&lt;r&gt;&lt;status&gt;ok&lt;/status&gt;&lt;/r&gt;</PingResult></b></e>",
    ],
)
def test_a_document_in_a_wrapper_is_taken_out(body: str) -> None:
    assert ["ok"] == [element.text for element in taken(body).root.iter("status")]


def test_json_in_a_wrapper_is_taken_out() -> None:
    assert {"status": "ok"} == taken('<string xmlns="urn:w">{"status":"ok"}</string>').value
    assert {"status": "ok"} == taken('"{\\"status\\":\\"ok\\"}"').value


def test_text_that_only_looks_like_markup_stays_text() -> None:
    assert "[OK]" == taken("<a>[OK]</a>").root.text
    assert "5 < 6" == taken("<a><b>5 &lt; 6</b></a>").root.findtext("b")


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE r [<!ENTITY a 'b'>]><r>&a;</r>",
        b"<r><!ENTITY x></r>",
        b"<!DOCTYPE html [<!ENTITY a 'b'>]><html>&a;</html>",
        b"<a><b></a>",
        b"<a>",
        b'{"a":',
        b'{"a":1}\x00',
        b"\xff\xfe\x80\x81\x82",
        b"[" * 5_000 + b"]" * 5_000,
        b'{"a":' * 60 + b"1" + b"}" * 60,
        b"<a>" * 2_000 + b"</a>" * 2_000,
        b"x" * 70_000,
        b"<r>" + b"<a/>" * 6_000 + b"</r>",
    ],
)
def test_what_is_hostile_or_cut_short_is_broken_and_says_why(body: bytes) -> None:
    document = taken(body)

    assert "broken" == document.kind
    assert document.problem


def test_rows_keep_what_stands_in_quotes_and_the_rest_of_a_limited_line() -> None:
    assert [["a", "b,c"]] == taken('a,"b,c"', kind="csv").rows
    assert [["a", "b,c,d"]] == taken("a,b,c,d", kind="csv", columns=2).rows
    assert [["1", "2"]] == taken("x|y\n1|2", kind="csv", delimiter="|", header=True).rows
