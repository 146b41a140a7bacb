"""One record, whatever the format it came in."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from exchange.intake.decode import Flat, Refused, decode

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
XML = "application/xml"
MULTIPART = "multipart/form-data; boundary=part-7"

VALUES = {
    "first_name": "Ana & Søren <x>",
    "zip": "00601",
    "price": "12.50",
    "external_id": "123456789012345678901234567890",
    "owner": "true",
    "comment": "",
    "consent_text": 'I agree to "calls" + texts, 100% 😀',
}


def read(body: bytes | str, content_type: str | None, query: str = "") -> Flat:
    result = decode(body if isinstance(body, bytes) else body.encode(), content_type, query)
    assert isinstance(result, Flat), result
    return result


def refused(body: bytes | str, content_type: str | None, query: str = "") -> Refused:
    result = decode(body if isinstance(body, bytes) else body.encode(), content_type, query)
    assert isinstance(result, Refused), result
    return result


def parts(values: dict[str, str]) -> bytes:
    head = "--part-7\r\nContent-Disposition: form-data; "
    text = "".join(f'{head}name="{name}"\r\n\r\n{value}\r\n' for name, value in values.items())
    return (text + "--part-7--\r\n").encode()


def test_the_same_values_give_the_same_record_in_every_format() -> None:
    xml = (
        '<?xml version="1.0"?><lead><first_name>Ana &amp; Søren &lt;x></first_name><zip>00601</zip><price>12.50</price>'
        "<external_id>123456789012345678901234567890</external_id><owner>true</owner><comment/>"
        '<consent_text><![CDATA[I agree to "calls" + texts, 100% 😀]]></consent_text></lead>'
    )
    typed = (
        '{"first_name": "Ana & S\\u00f8ren <x>", "zip": "00601", "price": 12.50, '
        '"external_id": 123456789012345678901234567890, "owner": true, "comment": null, '
        '"consent_text": "I agree to \\"calls\\" + texts, 100% \\ud83d\\ude00"}'
    )

    assert VALUES == read(json.dumps(VALUES), JSON).fields
    assert VALUES == read(typed, JSON).fields
    assert VALUES == read(urlencode(VALUES), FORM).fields
    assert VALUES == read(parts(VALUES), MULTIPART).fields
    assert VALUES == read(xml, XML).fields


def test_the_order_of_the_fields_is_kept() -> None:
    names = ["zip", "email", "a", "first_name"]

    assert names == list(read(json.dumps(dict.fromkeys(names, "1")), JSON).fields)
    assert names == list(read(urlencode(dict.fromkeys(names, "1")), FORM).fields)
    assert names == list(read("<l>" + "".join(f"<{name}>1</{name}>" for name in names) + "</l>", XML).fields)


def test_nesting_gives_the_same_record_in_every_format() -> None:
    expected = {
        "first_name": "Ann",
        "contact.zip": "60610",
        "property.zip": "60611",
        "partners": "A,B",
        "drivers.0.age": "30",
        "drivers.1.age": "40",
    }
    record = {
        "contact": {"first_name": "Ann", "zip": "60610"},
        "property": {"zip": "60611"},
        "partners": ["A", "B"],
        "drivers": [{"age": 30}, {"age": 40}],
    }
    form = (
        "contact[first_name]=Ann&contact[zip]=60610&property[zip]=60611&partners[]=A&partners[]=B"
        "&drivers[0][age]=30&drivers[1][age]=40"
    )
    xml = (
        "<lead><contact><first_name>Ann</first_name><zip>60610</zip></contact><property><zip>60611</zip></property>"
        "<partners><partner>A</partner><partner>B</partner></partners>"
        "<drivers><driver><age>30</age></driver><driver><age>40</age></driver></drivers></lead>"
    )

    assert expected == read(json.dumps(record), JSON).fields
    assert expected == read(form, FORM).fields
    assert expected == read(xml, XML).fields


def test_a_wrapper_is_seen_through() -> None:
    expected = {"campaign_key": "ck_test_1", "zip": "60610"}

    assert expected == read('{"lead": {"campaign_key": "ck_test_1", "zip": "60610"}}', JSON).fields
    assert expected == read('{"campaign_key": "ck_test_1", "fields": {"zip": "60610"}}', JSON).fields
    assert expected == read("<r><lead><campaign_key>ck_test_1</campaign_key><zip>60610</zip></lead></r>", XML).fields


def test_a_name_that_two_places_share_keeps_its_whole_path() -> None:
    body = '{"name": "A", "company": {"name": "B"}}'

    assert {"name": "A", "company.name": "B"} == read(body, JSON).fields


def test_an_item_with_a_comma_stays_one_item() -> None:
    assert {"partners": '"Smith, Inc",B'} == read('{"partners": ["Smith, Inc", "B"]}', JSON).fields
    assert {"partners": '"Smith, Inc",B'} == read("partners[]=Smith,+Inc&partners[]=B", FORM).fields


def test_white_space_at_the_edges_of_names_and_values_is_dropped() -> None:
    assert {"zip": "60610"} == read('{" zip ": "\\t 60610 \\r\\n"}', JSON).fields
    assert {"zip": "60610"} == read("+zip=%0960610%0D%0A", FORM).fields
    assert {"zip": "60610"} == read("<l>\n  <zip>\n    60610\n  </zip>\n</l>", XML).fields


def test_a_byte_order_mark_is_tolerated() -> None:
    mark = b"\xef\xbb\xbf"

    assert {"zip": "60610"} == read(mark + b'{"zip": "60610"}', JSON).fields
    assert {"zip": "60610"} == read(mark + b"zip=60610", FORM).fields
    assert {"zip": "60610"} == read(mark + b"<l><zip>60610</zip></l>", XML).fields


@pytest.mark.parametrize(
    ("body", "content_type", "format"),
    [
        ('{"a": "1"}', "application/json", "json"),
        ('{"a": "1"}', "Application/JSON ; Charset=UTF-8", "json"),
        ('{"a": "1"}', 'application/vnd.lead+json;charset="utf-8"', "json"),
        ("<l><a>1</a></l>", "text/xml; charset=us-ascii", "xml"),
        ("<l><a>1</a></l>", "application/soap+xml", "xml"),
        ("a=1", "application/x-www-form-urlencoded", "nvp"),
        (
            '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--',
            'multipart/form-data; boundary="b"',
            "nvp",
        ),
    ],
)
def test_the_format_of_the_request_is_told(body: str, content_type: str, format: str) -> None:
    assert ({"a": "1"}, format) == (read(body, content_type).fields, read(body, content_type).format)


@pytest.mark.parametrize(("body", "format"), [('{"a": 1}', "json"), (" <l><a>1</a></l>", "xml"), ("a=1", "nvp")])
@pytest.mark.parametrize("content_type", [None, "", " "])
def test_without_a_content_type_a_plain_body_is_recognised(body: str, format: str, content_type: str) -> None:
    assert ({"a": "1"}, format) == (read(body, content_type).fields, read(body, content_type).format)


@pytest.mark.parametrize("body", ["hello", "a b=1", "\x00\x01", "1", "=1", '"a"', "--b\r\n"])
def test_without_a_content_type_an_ambiguous_body_is_refused(body: str) -> None:
    assert 415 == refused(body, None).status


def test_fields_of_the_query_count_like_those_of_the_body() -> None:
    assert {"campaign_key": "ck_test_1", "zip": "60610"} == read(
        '{"zip": "60610"}', JSON, "campaign_key=ck_test_1"
    ).fields
    assert {"zip": "60610"} == read("", None, "zip=60610").fields
    assert "nvp" == read("", None, "zip=60610").format


def test_a_form_keeps_what_a_browser_keeps() -> None:
    expected = {"a": "", "b": "1=2", "c": "50%", "d": "é"}

    assert expected == read("a&&b=1=2&c=50%&d=%C3%A9&", FORM).fields


def test_multipart_takes_quoted_names_and_ignores_an_empty_file_input() -> None:
    body = (
        b'preamble\r\n--b\r\ncontent-disposition: form-data; name="a \\"b\\""\r\nContent-Type: text/plain'
        b'\r\n\r\nx\r\ny--\r\n--b\r\nContent-Disposition: form-data; name=c; filename=""\r\n\r\n\r\n--b--\r\nepilogue'
    )
    result = refused(body, "multipart/form-data; boundary=b")

    assert ('a "b"',) == tuple(problem.field for problem in result.problems)  # the line break inside the value
    assert {'a "b"': "x", "c": ""} == read(body.replace(b"x\r\ny--", b"x"), "multipart/form-data; boundary=b").fields


def test_xml_attributes_are_fields_and_prefixes_are_dropped() -> None:
    soap = (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:lead" soap:x="y">'
        '<soap:Header/><soap:Body><Post xml:lang="en"><lead id="L7"><ns1:zip xmlns:ns1="urn:z">60610</ns1:zip>'
        '<contact first="Ann" last="Example"/><phone type="cell">5550142</phone></lead></Post>'
        "</soap:Body></soap:Envelope>"
    )
    expected = {"lead.id": "L7", "zip": "60610", "first": "Ann", "last": "Example"}

    fields = read(soap, "text/xml").fields

    assert expected | {"phone": "5550142", "phone.type": "cell"} == dict(fields)
    assert {"id": "L7", "zip": "1"} == read('<lead id="L7"><zip>1</zip></lead>', XML).fields


def test_an_empty_record_is_a_record() -> None:
    assert {} == read("{}", JSON).fields
    assert {} == read("<lead/>", XML).fields


def test_a_letter_read_in_the_wrong_encoding_is_mended_and_no_control_character() -> None:
    found = decode(b'{"first_name": "\\u00c3\\u0081ngel", "note": "\\u0081"}', "application/json")
    mended = decode(b'{"first_name": "\\u00c3\\u0081ngel"}', "application/json")

    assert isinstance(mended, Flat) and {"first_name": "Ángel"} == dict(mended.fields)
    assert not isinstance(found, Flat)
