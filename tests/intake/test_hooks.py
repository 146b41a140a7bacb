"""Messages of form builders and platforms: captured ones are read as they should be, and forged ones not at all."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any

import orjson
import pytest
from ruamel.yaml import YAML

from exchange.bootstrap import read_catalog
from exchange.catalog import default_config
from exchange.intake.hooks import NotProven, is_address, read, read_hook
from exchange.sources.document import Source
from exchange.sources.hook import HookDocument
from exchange.sources.read import BadSource, read_source

CASES = sorted((Path(__file__).parent / "hooks").glob("*.yaml"))
SECRET = "the secret"
EXTRAS = {
    "facebook": {"secret": "shared", "access_token": "token", "verify": "word"},
    "google": {"secret": "shared"},
    "typeform": {"secret": "shared"},
}


def source_of(preset: str, **more: Any) -> Source:
    catalog, problems = read_catalog(default_config())
    assert [] == problems
    base = {"source": "hooked", "preset": preset, "campaign": "cedar-solar", "address": "place"}
    document = read_source({**base, **EXTRAS.get(preset, {}), **more}, catalog.source_presets)
    return Source(document, {"place": "p1", "shared": SECRET, "token": "t1", "word": "w1"})


def signed(source: Source, body: bytes) -> dict[str, str]:
    """The headers a sender that holds the secret adds."""
    document = source.document
    assert isinstance(document, HookDocument)
    if document.signature is None:
        return {}
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
    written = digest.hex() if document.signature.encoding == "hex" else base64.b64encode(digest).decode()
    return {document.signature.header: document.signature.prefix + written}


def case_of(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text("utf-8"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_captured_message_is_read_as_it_should_be(path: Path) -> None:
    case = case_of(path)
    source, body = source_of(case["preset"]), case["body"].rstrip("\n").encode()
    items = read_hook(source, {**case["headers"], **signed(source, body)}, body, case["headers"]["Content-Type"], 5, "")

    assert len(case["items"]) == len(items)
    for expected, item in zip(case["items"], items, strict=True):
        assert () == item.problems
        assert (expected["key"], tuple(expected["told"]), expected.get("test", False)) == (
            item.key,
            item.told,
            item.test,
        )
        assert expected.get("fields") == item.fields and expected.get("fetch", "") == item.fetch
        assert item == read(source, item)


def test_every_preset_has_a_captured_message_that_says_where_it_is_from() -> None:
    catalog, _ = read_catalog(default_config())
    cases = [case_of(path) for path in CASES]

    assert set(catalog.source_presets) == {case["preset"] for case in cases}
    assert all(len(case["about"]) > 30 for case in cases)


@pytest.mark.parametrize("preset", ["facebook", "typeform"])
def test_what_is_not_signed_with_the_secret_is_not_read(preset: str) -> None:
    case = case_of(next(path for path in CASES if path.stem == preset))
    source, body = source_of(preset), case["body"].encode()
    headers = signed(source, body)
    forged = [
        (headers, body.replace(b"1", b"2")),
        (headers, body + b" "),
        ({}, body),
        ({name: value.upper() for name, value in headers.items()}, body),
        ({name: value[:-1] for name, value in headers.items()}, body),
        ({name: value.partition("=")[2] for name, value in headers.items()}, body),
    ]
    for given, sent in forged:
        with pytest.raises(NotProven):
            read_hook(source, given, sent, "application/json", 5, "")


@pytest.mark.parametrize("key", ['"another"', '""', "null", "true", '{"a": "the secret"}'])
def test_a_message_without_the_key_is_not_read(key: str) -> None:
    case = case_of(next(path for path in CASES if path.stem == "google"))
    body = case["body"].replace('"the secret"', key).encode()

    with pytest.raises(NotProven):
        read_hook(source_of("google"), {}, body, "application/json", 5, "")


@pytest.mark.parametrize("preset", ["facebook", "typeform", "google"])
def test_a_secret_that_nobody_set_opens_nothing(preset: str) -> None:
    made = source_of(preset)
    source = Source(made.document, dict.fromkeys(made.secrets, ""))
    body = b'{"google_key": ""}'
    digest = hmac.new(b"", body, hashlib.sha256).digest()
    for written in (digest.hex(), base64.b64encode(digest).decode()):
        headers = {"X-Hub-Signature-256": f"sha256={written}", "Typeform-Signature": f"sha256={written}"}
        with pytest.raises(NotProven):
            read_hook(source, headers, body, "application/json", 5, "")
    assert not is_address(source, "") and not is_address(source, "p1") and is_address(made, "p1")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"email": "a@b.example", "email": "c@d.example"}', "email was sent more than once"),
        (b'{"a": {"email": "x", "email": "y"}}', "email was sent more than once"),
        (b'{"email": "a@b.example"', "the body ends too early"),
        (b"[1, 2]", "expected one object"),
        (b"email=a%40b.example&email=c%40d.example", "email was sent more than once"),
        (b"{}", "No field was found"),
        (b"", "No field was found"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"email": "a\\u0000b"}', "control character"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "nested deeper"),
        (b"&".join(b"n%d=1" % number for number in range(400)), "More than 300 fields"),
        (b'{"note": "' + b"x" * 3_000 + b'"}', "characters long"),
    ],
)
def test_what_cannot_be_read_is_one_item_that_says_why(body: bytes, told: str) -> None:
    source = source_of("zapier")
    content_type = "application/x-www-form-urlencoded" if b"&" in body or not body else "application/json"
    (item,) = read_hook(source, {}, body, content_type, 5, "203.0.113.9")

    assert item.fields is None and told in "; ".join(item.problems)
    assert "203.0.113.9" == item.remote_ip


def test_a_body_without_its_object_says_so() -> None:
    (item,) = read_hook(source_of("unbounce"), {}, b"page_id=1", "application/x-www-form-urlencoded", 5, "")

    assert ("The form has no field data.json.",) == item.problems


def test_a_message_about_something_else_holds_no_lead() -> None:
    source = source_of("facebook")
    body = b'{"object": "page", "entry": [{"changes": [{"field": "feed", "value": {}}]}]}'

    assert () == read_hook(source, signed(source, body), body, "application/json", 5, "")
    body = b'{"object": "page"}'
    assert () == read_hook(source, signed(source, body), body, "application/json", 5, "")


def test_a_source_lays_its_own_words_over_a_presets() -> None:
    source = source_of("gravity", columns={"1.3": "first_name", "ip": ""})

    assert "first_name" == source.document.columns["1.3"]
    assert "" == source.document.columns["ip"] and "user_agent" == source.document.columns["user_agent"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"preset": "nobody"}, "preset: 'nobody' is not one of cf7, facebook"),
        ({"preset": "typeform"}, "secret: is needed"),
        ({"preset": "facebook", "secret": "s"}, "access_token: is needed"),
        ({"preset": "zapier", "members": ["a["]}, "members.0: is no JMESPath"),
        ({"kind": "hook"}, "preset: name one"),
    ],
)
def test_a_document_that_cannot_work_is_refused(change: dict[str, Any], said: str) -> None:
    catalog, _ = read_catalog(default_config())
    base = {"source": "hooked", "campaign": "cedar-solar", "address": "place"}
    with pytest.raises(BadSource) as bad:
        read_source({**base, **change}, catalog.source_presets)

    assert said in "\n".join(bad.value.problems)


def test_an_original_is_kept_lead_by_lead() -> None:
    case = case_of(next(path for path in CASES if path.stem == "facebook"))
    source, body = source_of("facebook"), case["body"].encode()
    items = read_hook(source, signed(source, body), body, "application/json", 5, "")

    assert ["123123123123", "123123123124"] == [orjson.loads(item.original)["leadgen_id"] for item in items]


def test_a_message_with_too_many_leads_is_refused_and_none_is_left_out() -> None:
    many = source_of("zapier", items="leads", members=["@"])
    body = orjson.dumps({"leads": [{"email": f"a{number}@consumer.example"} for number in range(301)]})

    (item,) = read_hook(many, {}, body, "application/json", 5, "")

    assert (None, ("The message holds more than 300 leads.",)) == (item.fields, item.problems)
