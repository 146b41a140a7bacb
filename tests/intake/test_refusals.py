"""What the front door turns away, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from exchange import limits
from exchange.intake.decode import Flat, Refused, decode
from exchange.model.reason import Reason
from tests.effort import least_seconds

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
XML = "application/xml"


def refused(body: bytes | str, content_type: str | None, query: str = "") -> Refused:
    result = decode(body if isinstance(body, bytes) else body.encode(), content_type, query)
    assert isinstance(result, Refused), result
    return result


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"a": 1,\n "b": 2,\n "c": 3,\n "d": 4 "e": 5}', "JSON: expected a comma at line 4, column 9."),
        ('{"a" 1}', "JSON: expected a colon at line 1, column 6."),
        ("{'a': 1}", "JSON: expected a name in double quotes at line 1, column 2."),
        ('{"a": zip}', "JSON: expected a value at line 1, column 7."),
        ('{"a": "x\\q"}', "JSON: a backslash is followed by a letter that JSON does not know at line 1, column 9."),
        ('{"a": "x\ny"}', "JSON: a string holds a control character that is not escaped at line 1, column 9."),
        ('{"a": 1} {"b": 2}', "JSON: the body should have ended at line 1, column 10."),
        ('{"a": 1', "JSON: the body ends too early, at line 1, column 8."),
        ('{"a": "NaN",\n "b": NaN}', "JSON: NaN is not a value at line 2, column 7."),
        ('{"a": -Infinity}', "JSON: -Infinity is not a value at line 1, column 7."),
        ("[1]", 'JSON: expected one object, such as {"zip": "60610"}, and got a list.'),
        ("7", 'JSON: expected one object, such as {"zip": "60610"}, and got a single value.'),
    ],
)
def test_unreadable_json_is_told_with_its_place(body: str, message: str) -> None:
    assert Refused(Reason.BAD_REQUEST, 400, message) == refused(body, JSON)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("<l>\n<zip>1</zap></l>", "XML: mismatched tag at line 2, column 9."),
        ("<l><zip>1</zip>", "XML: no element found at line 1, column 16."),
        ("<l>&nbsp;</l>", "XML: undefined entity at line 1, column 4."),
        ("<l>\n<zip>1 <b>2</b></zip></l>", "XML: text and elements are mixed inside one element at line 2, column 16."),
        ("<zip>60610</zip>", "XML: expected elements inside the root element, and got text alone."),
        ("<leads><lead><a>1</a></lead><lead><a>2</a></lead></leads>", "XML: expected one record, and got a list."),
        ("<!DOCTYPE l><l><a>1</a></l>", "XML: a DOCTYPE is not taken at line 1, column 12."),
    ],
)
def test_unreadable_xml_is_told_with_its_place(body: str, message: str) -> None:
    assert Refused(Reason.BAD_REQUEST, 400, message) == refused(body, XML)


@pytest.mark.parametrize(
    ("body", "content_type", "query"),
    [
        ('{"zip": "1", "city": "X", "zip": "2"}', JSON, ""),
        ('{"lead": {"zip": "1", "zip": "1"}}', JSON, ""),
        ("zip=1&city=X&zip=1", FORM, ""),
        ("zip[]=1&zip=2", FORM, ""),
        ("<l><zip>1</zip><zip>2</zip></l>", XML, ""),
        ('<l zip="1"><zip>2</zip></l>', XML, ""),
        ('{"zip": "1"}', JSON, "zip=1"),
        ("zip=1", FORM, "zip=1"),
        ("", None, "zip=1&zip=2"),
    ],
)
def test_a_field_sent_twice_is_a_conflict_in_every_format(body: str, content_type: str, query: str) -> None:
    result = refused(body, content_type, query)

    assert (Reason.INVALID, 422) == (result.reason, result.status)
    assert ["conflict"] == [problem.code for problem in result.problems]
    assert "was sent more than once" in result.message
    assert result.problems[0].field.endswith("zip")


def test_a_record_sent_twice_is_a_conflict() -> None:
    assert 422 == refused('{"contact": {"a": 1}, "contact": {"b": 2}}', JSON).status
    assert 422 == refused("<l><contact><a>1</a></contact><contact><b>2</b></contact></l>", XML).status


@pytest.mark.parametrize(
    ("body", "content_type"),
    [('{"zip": 1, "zip": 2}', JSON), ("zip=1&zip=2", FORM), ("<l><zip>1</zip><zip>2</zip></l>", XML)],
)
def test_a_sellers_profile_may_take_the_first_or_the_last(body: str, content_type: str) -> None:
    first = decode(body.encode(), content_type, repeats="first")
    last = decode(body.encode(), content_type, repeats="last")

    assert isinstance(first, Flat) and isinstance(last, Flat)
    assert ("1", "2") == (first.fields["zip"], last.fields["zip"])
    assert "zip was sent more than once; the first was taken" == first.warnings[0].message
    assert "zip was sent more than once; the last was taken" == last.warnings[0].message


CONTROLS = [0, 1, 7, 8, 0x0B, 0x0C, 0x1B, 0x1C, 0x1F, 0x7F, 0x80, 0x85, 0x9F]


@pytest.mark.parametrize("code", CONTROLS)
def test_a_control_character_is_refused_in_every_format_and_named(code: int) -> None:
    told = f"first_name contains the control character U+{code:04X} at position 3."
    percent = "".join(f"%{byte:02X}" for byte in chr(code).encode())

    assert told == refused(json.dumps({"first_name": f"An{chr(code)}n"}), JSON).message
    assert told == refused(f"first_name=An{percent}n", FORM).message
    assert refused(f"<l><first_name>An{chr(code)}n</first_name></l>", XML).status in (400, 422)
    assert refused(json.dumps({f"an{chr(code)}n": "1"}), JSON).status == 422


@pytest.mark.parametrize("edge", ["\x00", "\x1c", "\x0b", "\x85"])
def test_only_tabs_and_line_breaks_are_white_space_at_an_edge(edge: str) -> None:
    assert 422 == refused(json.dumps({"zip": edge + "60610"}), JSON).status


def test_line_breaks_inside_a_value_do_not_pass() -> None:
    for text in ("Ann\r\nBcc: x@mail.example", "Ann\nExample", "Ann\tExample"):
        assert "pattern" == refused(json.dumps({"first_name": text}), JSON).problems[0].code


def test_half_a_surrogate_pair_is_refused_and_not_repeated() -> None:
    for body in ('{"a": "\\ud800"}', '{"a\\udfff": "1"}', '{"a": "\\ud83d"}'):
        result = refused(body, JSON)

        assert 422 == result.status
        assert result.message.encode("utf-8")


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff",
        b"\xc0\xaf",  # overlong
        b"\xe0\x80\xaf",
        b"\xed\xa0\x80",  # a surrogate, encoded
        b"\xf4\x90\x80\x80",  # beyond Unicode
        b"\xe9t\xe9",  # Latin-1
        b"\xc3",
    ],
)
def test_bytes_that_are_not_utf8_are_refused_in_every_format(raw: bytes) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + raw + b"\r\n--b--"

    assert 400 == refused(b'{"a": "' + raw + b'"}', JSON).status
    assert 400 == refused(b"<l><a>" + raw + b"</a></l>", XML).status
    assert 400 == refused(b"a=" + raw, FORM).status
    assert 400 == refused("a=" + "".join(f"%{byte:02x}" for byte in raw), FORM).status
    assert 400 == refused(part, "multipart/form-data; boundary=b").status


def test_the_place_of_a_wrong_byte_is_told() -> None:
    assert "The body is not UTF-8: byte 0xE9 at position 8." == refused(b'{"a": "\xe9"}', JSON).message


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_other_unicode_encodings_are_refused(codec: str) -> None:
    assert refused('{"a": "é"}'.encode(codec), JSON).status == 400
    assert refused("<l><a>é</a></l>".encode(codec), XML).status == 400


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/html",
        "application/octet-stream",
        "json",
        "/",
        ";charset=utf-8",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "application/json; charset=klingon",
        "application/x-www-form-urlencoded; charset=windows-1252",
        "text/xml; charset=UTF-7",
        "image/svg+xml",
        "x" * 5_000,
    ],
)
def test_a_content_type_the_exchange_does_not_read_is_refused(content_type: str) -> None:
    assert (Reason.MEDIA_TYPE, 415) == (refused('{"a": 1}', content_type).reason, refused("{}", content_type).status)


def test_a_refused_type_names_the_right_one() -> None:
    assert "send Content-Type: application/json." in refused('{"zip": 1}', "text/plain").message


def test_a_declaration_of_another_encoding_is_refused() -> None:
    assert 415 == refused('<?xml version="1.0" encoding="ISO-8859-1"?><l><a>1</a></l>', XML).status
    assert isinstance(decode(b'<?xml version="1.0" encoding="us-ascii"?><l><a>1</a></l>', XML), Flat)


@pytest.mark.parametrize(
    ("body", "content_type", "looks"),
    [
        ("<l><a>1</a></l>", JSON, "The content type says JSON, but the body looks like XML"),
        ("a=1&b=2", JSON, "The content type says JSON, but the body looks like a form"),
        ('{"a": 1}', XML, "The content type says XML, but the body looks like JSON"),
        ("a=1&b=2", XML, "The content type says XML, but the body looks like a form"),
        ('{"a": 1}', FORM, "The content type says a form, but the body looks like JSON"),
        ("<l/>", FORM, "The content type says a form, but the body looks like XML"),
        ("a=1", "multipart/form-data; boundary=b", "The content type says multipart, but the body looks like a form"),
        (
            '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b--',
            FORM,
            "The content type says a form, but the body looks like multipart",
        ),
    ],
)
def test_a_lying_content_type_is_told_what_the_body_looks_like(body: str, content_type: str, looks: str) -> None:
    result = refused(body, content_type)

    assert (400, looks) == (result.status, result.message.partition(":")[0])


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", "x"])
def test_a_compressed_body_is_refused_unopened(encoding: str) -> None:
    result = decode(b"{}", JSON, content_encoding=encoding)

    assert isinstance(result, Refused) and result.status == 415
    assert isinstance(decode(b"{}", JSON, content_encoding="Identity"), Flat)


@pytest.mark.parametrize("content_type", [JSON, XML, FORM, None, "multipart/form-data; boundary=b"])
@pytest.mark.parametrize("body", ["", " \r\n", "\ufeff"])
def test_an_empty_body_is_refused(content_type: str, body: str) -> None:
    assert 400 == refused(body, content_type).status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\nx\r\n--b--', 422),
        ('--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n\r\n--b--', 422),
        ('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n', 400),
        ('--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx', 400),
        ('--c\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--c--', 400),
        ("--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", 400),
        ("--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--", 400),
        ("--b\r\n\r\nx\r\n--b--", 400),
        ('--b\nContent-Disposition: form-data; name="a"\n\nx\n--b--\n', 400),
        ('--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\nx\r\n--b--', 415),
        (
            '--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: text/plain; charset=latin1'
            "\r\n\r\n1\r\n--b--",
            415,
        ),
        ('--b\r\nContent-Disposition: form-data; name="a"\r\nX: ' + "y" * 9_000 + "\r\n\r\n1\r\n--b--", 400),
    ],
)
def test_a_multipart_body_that_is_broken_or_carries_a_file_is_refused(body: str, status: int) -> None:
    assert status == refused(body, "multipart/form-data; boundary=b").status


@pytest.mark.parametrize(
    "content_type",
    ["multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "b" * 71],
)
def test_multipart_needs_a_boundary(content_type: str) -> None:
    body = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--'

    assert "Multipart: the content type carries no usable boundary." == refused(body, content_type).message


def test_every_problem_is_told_at_once_in_field_order() -> None:
    body = json.dumps({"a": "x\x00", "b": "ok", "c": "y" * 2_001, "": "1", "d" * 121: "1"})

    result = refused(body, JSON)

    assert ["a", "c", "", "d" * 80] == [problem.field for problem in result.problems]
    assert ["pattern", "length", "pattern", "length"] == [problem.code for problem in result.problems]
    assert "c is 2,001 characters long; at most 2,000 are taken" == result.problems[1].message
    assert result.message.startswith("4 things are wrong with the fields. The first: a contains the control character")


def test_at_most_a_hundred_problems_are_told() -> None:
    assert limits.PROBLEMS_TOLD == len(refused(json.dumps({f"f{n}": "\x00" for n in range(300)}), JSON).problems)


@pytest.mark.parametrize(("fields", "taken"), [(limits.FIELDS, True), (limits.FIELDS + 1, False)])
def test_three_hundred_fields_are_taken_and_no_more(fields: int, taken: bool) -> None:
    names = [f"f{number}" for number in range(fields)]
    bodies = {
        JSON: json.dumps(dict.fromkeys(names, "1")),
        FORM: "&".join(f"{name}=1" for name in names),
        XML: "<l>" + "".join(f"<{name}>1</{name}>" for name in names) + "</l>",
    }

    for content_type, body in bodies.items():
        assert taken is isinstance(decode(body.encode(), content_type), Flat)


@pytest.mark.parametrize(("depth", "taken"), [(limits.DEPTH, True), (limits.DEPTH + 1, False)])
def test_ten_levels_are_taken_and_no_more(depth: int, taken: bool) -> None:
    bodies = {
        JSON: '{"a":' * depth + "1" + "}" * depth,
        XML: "<a>" * (depth - 1) + "<b>1</b>" + "</a>" * (depth - 1),
        FORM: "a" + "[a]" * (depth - 1) + "=1",
    }

    for content_type, body in bodies.items():
        assert taken is isinstance(decode(body.encode(), content_type), Flat), content_type


def test_brackets_inside_strings_are_not_nesting() -> None:
    assert {"a": "[{" * 200} == getattr(decode(json.dumps({"a": "[{" * 200}).encode(), JSON), "fields", None)
    assert isinstance(decode(('{"a": "\\\\", "b": "' + "[" * 20 + '"}').encode(), JSON), Flat)


def test_a_body_over_the_limit_is_too_large() -> None:
    result = refused(b"a=" + b"x" * limits.BODY_BYTES, FORM)

    assert (Reason.TOO_LARGE, 413) == (result.reason, result.status)


BILLION_LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><l><a>&j;</a></l>"
)
FLOODS: dict[str, tuple[Callable[[], str], str]] = {
    "objects": (lambda: '{"":' * 65_000, JSON),
    "lists": (lambda: "[" * 100_000, JSON),
    "closed lists": (lambda: '{"a":' + "[" * 100_000 + "]" * 100_000 + "}", JSON),
    "elements": (lambda: "<a>" * 80_000, XML),
    "brackets": (lambda: "a" + "[a]" * 80_000 + "=1", FORM),
    "json pairs": (lambda: "{" + ",".join(f'"{n:x}":1' for n in range(26_000)) + "}", JSON),
    "json empties": (lambda: '{"a":[' + "[]," * 80_000 + "[]]}", JSON),
    "json scalars": (lambda: '{"a":[' + "1," * 120_000 + "1]}", JSON),
    "same key": (lambda: "{" + ",".join(['"a":1'] * 40_000) + "}", JSON),
    "form pairs": (lambda: "&".join(f"{n:x}=1" for n in range(35_000)), FORM),
    "form nothings": (lambda: "&" * 262_000, FORM),
    "form percents": (lambda: "a=" + "%41" * 80_000, FORM),
    "form half percents": (lambda: "a=" + "%" * 250_000, FORM),
    "query": (lambda: "a" + "[]" * 120_000 + "=1", FORM),
    "xml elements": (lambda: "<l>" + "<a/>" * 60_000 + "</l>", XML),
    "xml attributes": (lambda: "<l " + " ".join(f'a{n:x}=""' for n in range(26_000)) + "/>", XML),
    "xml comments": (lambda: "<l><a>" + "a<!---->" * 32_000 + "</a></l>", XML),
    "xml prefixes": (lambda: "<l " + " ".join(f'xmlns:a{n:x}="u"' for n in range(15_000)) + "/>", XML),
    "xml entities": (lambda: "<l><a>" + "&amp;" * 50_000 + "</a></l>", XML),
    "xml unclosed": (lambda: "<" * 250_000, XML),
    "billion laughs": (lambda: BILLION_LAUGHS, XML),
    "quadratic blow-up": (lambda: f'<!DOCTYPE l [<!ENTITY a "{"a" * 90_000}">]><l>{"&a;" * 40_000}</l>', XML),
    "external entity": (lambda: '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]><l><a>&a;</a></l>', XML),
    "remote DTD": (lambda: '<!DOCTYPE l SYSTEM "http://dtd.example/l.dtd"><l/>', XML),
    "long number": (lambda: '{"a":' + "9" * 250_000 + "}", JSON),
    "long exponent": (lambda: '{"a":1e' + "9" * 250_000 + "}", JSON),
    "escapes without end": (lambda: '{"a":' + "[]," * 20 + '"' + '\\"' * 120_000, JSON),
    "backslash at the end": (lambda: "[" * 11 + '"' + "a\\\\" * 80_000 + "\\", JSON),
    "quotes": (lambda: '{"a":[' + '"[",' * 60_000 + '""]}', JSON),
    "minus signs": (lambda: '{"a":' + "-" * 250_000, JSON),
    "white space": (lambda: " " * 262_000 + "x", JSON),
    "parts": (
        lambda: '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 4_500 + "--b--",
        "multipart/form-data; boundary=b",
    ),
    "a name without end": (
        lambda: '--b\r\nContent-Disposition: form-data; name="' + "\\a" * 1_900 + "\r\n\r\n\r\n--b--",
        "multipart/form-data; boundary=b",
    ),
    "dispositions": (
        lambda: "--b\r\nContent-Disposition: form-data;" + " name;" * 600 + "\r\n\r\n\r\n--b--",
        "multipart/form-data; boundary=b",
    ),
    "unknown start": (lambda: "a" * 262_000, "text/plain"),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_refused_in_under_100_ms(flood: str) -> None:
    make, content_type = FLOODS[flood]
    body = make().encode()
    assert len(body) <= limits.BODY_BYTES, "the size limit must not be what stops it"

    result = refused(body, content_type)

    assert least_seconds(lambda: refused(body, content_type), 0.1) < 0.1
    assert result.status in (400, 415, 422)
    assert len(result.message) < 500
