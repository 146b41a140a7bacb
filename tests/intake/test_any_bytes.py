"""Nothing that arrives makes the front door fail: random bytes, and the collections of known trouble.

The collections lie outside the repository; where they are absent the samples below stand in for them.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange import limits
from exchange.intake.decode import Flat, Refused, decode
from exchange.intake.encode import encode
from tests.effort import least_seconds

CORPORA = Path(__file__).parents[3] / "shared" / "corpora"
JSON = "application/json"
XML = "application/xml"
FORM = "application/x-www-form-urlencoded"
PIECES = [
    *[b"{", b"}", b"[", b"]", b'"', b":", b",", b"\\", b"\\ud800", b"NaN", b"1e9", b"null", b" ", b"\r\n"],
    *[b"<a>", b"</a>", b"<a b='1'/>", b"&amp;", b"<!--", b"-->", b"<?xml version='1.0'?>", b"<![CDATA[", b"]]>"],
    *[b"=", b"&", b"%", b"%00", b"+", b"a", b"a[", b"[0]", b"\x00", b"\xff", b"\xef\xbb\xbf"],
    *[b"--b", b'Content-Disposition: form-data; name="a"'],
]
BODIES = st.binary(max_size=200) | st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join)

TYPES = [
    None,
    "application/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/plain",
]


def checked(body: bytes, content_type: str | None, query: str = "") -> Flat | Refused:
    """Decode, and hold what comes out to the door's promises."""
    result = decode(body, content_type, query)
    assert least_seconds(lambda: decode(body, content_type, query), 0.1) < 0.1
    if isinstance(result, Refused):
        assert result.status in (400, 413, 415, 422)
        assert 0 < len(result.message) < 500 and not controls(result.message)
        assert len(result.problems) <= limits.PROBLEMS_TOLD
        return result
    assert len(result.fields) <= limits.FIELDS
    assert not any(controls(text) for pair in result.fields.items() for text in pair)
    assert all(len(value) <= limits.FIELD_CHARACTERS for value in result.fields.values())
    return result


def controls(text: str) -> bool:
    return any(ord(mark) < 32 or 127 <= ord(mark) < 160 or 0xD800 <= ord(mark) < 0xE000 for mark in text)


@given(BODIES, st.sampled_from(TYPES) | st.text(max_size=60), st.text(max_size=20))
def test_no_bytes_make_the_front_door_fail(body: bytes, content_type: str | None, query: str) -> None:
    assert isinstance(checked(body, content_type, query), (Flat, Refused))


JSON_SAMPLES = {
    "y_object.json": b'{"asd":"sdf", "dfg":"fgh"}',
    "y_object_with_newlines.json": b'{\n"a": "b"\n}',
    "y_array_empty.json": b"[]",
    "y_string_space.json": b'" "',
    "n_object_trailing_comma.json": b'{"id":0,}',
    "n_object_two_commas_in_a_row.json": b'{"a":"b",,"c":"d"}',
    "n_structure_open_array_object.json": b'[{"":' * 50_000,
    "n_number_NaN.json": b'{"a": NaN}',
    "i_number_huge_exp.json": b'{"a": 0.4e' + b"9" * 120 + b"}",
    "i_string_UTF-16LE_with_BOM.json": b'\xff\xfe[\x00"\x00\xe9\x00"\x00]\x00',
}


def json_samples() -> Iterator[tuple[str, bytes]]:
    yield from JSON_SAMPLES.items()
    for path in sorted((CORPORA / "json").glob("*.json")):
        yield path.name, path.read_bytes()


def test_every_json_that_is_valid_is_taken_or_clearly_refused_and_every_other_is_refused() -> None:
    for name, body in json_samples():
        result = checked(body, JSON)
        wrapped = checked(b'{"lead": ' + body + b"}", JSON)

        if name.startswith("n_"):
            assert isinstance(result, Refused), name
        elif name.startswith("y_") and isinstance(json.loads(body), dict):
            # a name sent twice, an empty one, or a NUL in one is valid JSON and no lead
            assert isinstance(result, Flat) or result.status == 422, name
        elif name.startswith("y_"):
            assert isinstance(result, Refused) and result.message.startswith("JSON: expected one object"), name
            assert isinstance(wrapped, Flat) or wrapped.status == 422, name


XML_SAMPLES = {
    "bomb.xml": b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><l><z>&b;</z></l>',
    "file.xml": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]><l><z>&x;</z></l>',
    "parameter.xml": b'<!DOCTYPE l [<!ENTITY % x SYSTEM "http://dtd.example/x"> %x;]><l/>',
    "include.xml": b'<l xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/hostname"/></l>',
}


def xml_samples() -> Iterator[tuple[str, bytes]]:
    yield from XML_SAMPLES.items()
    for path in sorted(path for folder in ("bombs", "xxe") for path in (CORPORA / "xml" / folder).glob("*.xml")):
        yield path.name, path.read_bytes()
    for archive in sorted((CORPORA / "xml").glob("*.zip")):
        with zipfile.ZipFile(archive) as files:
            for name in files.namelist():
                if name.endswith(".xml") and "/not-wf/" in name:
                    yield name, files.read(name)


def test_no_doctype_and_no_broken_xml_passes_and_nothing_is_fetched_or_expanded() -> None:
    for name, body in xml_samples():
        result = checked(body, XML)

        if b"<!DOCTYPE" in body or ("/not-wf/" in name and body.startswith(b"<")):  # white space before it is let pass
            assert isinstance(result, Refused), name
        elif isinstance(result, Flat):
            assert all(value.encode() in body for value in result.fields.values()), name


LINES = [
    "undefined",
    "1/0",
    "Ω≈ç√∫",
    "<script>alert(1)</script>",
    "田中さん",
    "\u202etest",
    "\x00",
    "{{42*42}}",
    "=1+1",
    "%0d%0aX: y",
]


def naughty() -> Iterator[str]:
    yield from LINES
    for path in sorted(CORPORA.glob("naughty/*.json")):
        yield from json.loads(path.read_text("utf-8"))
    for path in sorted(
        [*CORPORA.glob("fuzzdb/*.txt"), *CORPORA.glob("seclists/*.txt"), *CORPORA.glob("xml/xxe/*.txt")]
    ):
        yield from path.read_bytes().decode("utf-8", "replace").splitlines()


def test_a_naughty_text_means_the_same_in_each_format_or_is_refused_in_each() -> None:
    for text in naughty():
        form = checked(f"comment={quote_plus(text)}".encode(), FORM)
        body = checked(json.dumps({"comment": text}).encode(), JSON)

        assert getattr(form, "fields", None) == getattr(body, "fields", None), text
        if isinstance(form, Flat):
            assert text.strip(" \t\r\n") == form.fields["comment"]
            xml = checked(*encode(form.fields, "xml"))
            assert isinstance(xml, Flat) and form.fields == xml.fields, text


@pytest.mark.parametrize("content_type", TYPES)
def test_a_naughty_text_as_the_whole_body_never_fails(content_type: str | None) -> None:
    assert all(isinstance(checked(text.encode(), content_type), (Flat, Refused)) for text in naughty())
