"""Requests that are signed, tokens, and ways out, as a document says them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest

from buyers import connectors
from buyers.connection import Connection
from buyers.family import ConnectionProblems, load
from exchange.cases.document import Case, award_of, contract_of, lead_of, terms_of
from exchange.connector import BadReply
from exchange.model.wire import HttpMessage, Keeping, Reply, Route
from tests.buyers.shelf import yaml

READING = "reading: {outcomes: [{means: accepted, when: {where: 'json:ok', equals: 1}}]}"


def document(post: str, **more: Any) -> dict[str, Any]:
    stage = {"url": "https://b.example/leads?v=2", **yaml(READING), **yaml(post)}
    return {"connection": "b", "connector": "json_http", "post": stage, **more}


def first_message(told: dict[str, Any], **case: Any) -> HttpMessage:
    model = Case.model_validate({"name": "x", "then": {}, "lead": {"zip": "60610"}, **case})
    connector = load(told, {}, connectors()).build()
    conversation = connector.post(lead_of(model), award_of(model), contract_of(model), terms_of(model))
    message = next(conversation)
    assert isinstance(message, HttpMessage)
    return message


def refused(told: dict[str, Any]) -> str:
    with pytest.raises(ConnectionProblems) as problems:
        Connection.load(told, {})
    return str(problems.value)


SIGN = """
body: {zip: zip}
headers:
  X-Time: {term: now, date: epoch}
  X-Sign:
    join:
      - {constant: 'v1='}
      - {hmac: {secret: key, over: [{term: now, date: epoch}, {signed: body}], with: '.'}}
    with: ''
"""


def test_a_signature_is_over_the_moment_and_the_body() -> None:
    message = first_message(document(SIGN), secrets={"key": "s3cret"})

    said = message.headers["X-Time"].encode() + b"." + message.body
    wanted = hmac.new(b"s3cret", said, hashlib.sha256).hexdigest()
    assert (b'{"zip":"60610"}', f"v1={wanted}") == (message.body, message.headers["X-Sign"])
    assert "s3cret" in message.secrets


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("{secret: key, secret_as: hex, algorithm: sha512, as: base64", bytes.fromhex("00ff10")),
        ("{secret: key, secret_as: text, algorithm: sha1, as: base64", b"00ff10"),
    ],
)
def test_a_signature_is_over_method_address_and_digest(rule: str, key: bytes) -> None:
    over = "over: [{signed: method}, {signed: path}, {signed: body_sha256}], with: '|'"
    post = f"{{body: {{zip: zip}}, headers: {{X-Sign: {{hmac: {rule}, {over}}}}}}}}}"
    message = first_message(document(post), secrets={"key": "00ff10"})

    said = f"POST|/leads?v=2|{hashlib.sha256(message.body).hexdigest()}".encode()
    name = "sha512" if "sha512" in rule else "sha1"
    assert base64.b64encode(hmac.new(key, said, name).digest()).decode() == message.headers["X-Sign"]


def test_a_key_that_is_not_what_it_should_be_stops_the_message() -> None:
    post = "{body: {zip: zip}, headers: {X: {hmac: {secret: key, secret_as: hex, over: [{signed: body}]}}}}"
    with pytest.raises(BadReply, match="the secret key is not hex"):
        first_message(document(post), secrets={"key": "no hex"})


@pytest.mark.parametrize("place", ["query", "body"])
def test_a_signature_stands_in_a_header(place: str) -> None:
    told = document(f"{{{place}: {{s: {{join: [{{signed: body}}]}}}}}}")

    assert "s: a signature of the message stands in a header" in refused(told)


def test_the_proxy_may_be_the_contracts() -> None:
    transport = yaml(
        "{proxy: {setting: proxy}, proxy_user: {constant: lex}, proxy_password: {secret: key}, ca_file: /ca}"
    )
    told = document("body: {zip: zip}", transport=transport)

    by = first_message(told, secrets={"key": "s3cret"}, contract={"settings": {"proxy": "http://p.example:3128"}})
    straight = first_message(told, secrets={"key": "s3cret"})
    plain = first_message(document("body: {zip: zip}"))

    assert Route("http://p.example:3128", "lex", "s3cret", ca_file="/ca") == by.route
    assert (Route(ca_file="/ca"), None) == (straight.route, plain.route)
    assert "s3cret" in by.secrets


def test_a_proxy_of_the_document_is_checked_like_its_other_addresses() -> None:
    told = document("body: {zip: zip}", transport={"proxy": {"constant": "http://p.example:3128"}})

    assert "http://p.example:3128" == load(told, {}, connectors()).urls["transport.proxy"]


@pytest.mark.parametrize(
    ("transport", "told"),
    [
        ({"certificate": "ours.pem"}, "whole path"),
        ({"key_file": "/k.pem"}, "key_file goes with certificate"),
        ({"proxy_user": {"constant": "a"}}, "go with proxy"),
        ({"proxy": "zip"}, "constants, settings and secrets only"),
        ({"proxy": {"constant": "https://p.example"}}, "http://host:port"),
        ({"proxy": {"constant": "http://u:p@p.example"}}, "http://host:port"),
    ],
)
def test_a_way_out_that_cannot_be_is_refused(transport: dict[str, Any], told: str) -> None:
    assert told in refused(document("body: {zip: zip}", transport=transport))


STEP = "{url: 'https://b.example/token', as: form, body: {c: {secret: key}}, keep: {token: 'json:t'}, cache: %s}"


def test_a_cached_step_says_how_long_its_reply_serves() -> None:
    told = document(f"{{steps: [{STEP % '50m'}], headers: {{T: {{kept: token}}}}, body: {{zip: zip}}}}")

    assert Keeping(3_000) == first_message(told, secrets={"key": "s3cret"}).keeps


def test_a_reply_that_was_refused_is_named_when_it_is_asked_anew() -> None:
    told = document(f"{{steps: [{STEP % '50m'}], headers: {{T: {{kept: token}}}}, body: {{zip: zip}}}}")
    model = Case.model_validate({"name": "x", "then": {}, "lead": {"zip": "60610"}, "secrets": {"key": "s3cret"}})
    connector = load(told, {}, connectors()).build()
    conversation = connector.post(lead_of(model), award_of(model), contract_of(model), terms_of(model))
    token = Reply(200, {}, b'{"t": "tok-0001"}')

    next(conversation)
    conversation.send(token)
    again = conversation.send(Reply(401, {}, b""))
    last = conversation.send(Reply(200, {}, b'{"t": "tok-0002"}'))

    assert isinstance(again, HttpMessage) and isinstance(last, HttpMessage)
    assert (Keeping(3_000, token), "tok-0002") == (again.keeps, last.headers["T"])
    assert {"tok-0002"} <= set(last.secrets)


@pytest.mark.parametrize("time", ["soon", "0m", "48h", "'5'"])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    assert "such as 50m" in refused(document(f"{{steps: [{STEP % time}], body: {{zip: zip}}}}"))


@pytest.mark.parametrize("value", ["zip", "{term: now}", "{hmac: {secret: key, over: [{constant: a}]}}"])
def test_what_depends_on_a_lead_or_the_moment_is_not_cached(value: str) -> None:
    step = f"{{url: 'https://b.example/token', headers: {{X: {value}}}, keep: {{token: 'json:t'}}, cache: 5m}}"

    assert "may not depend on a lead" in refused(document(f"{{steps: [{step}], body: {{zip: zip}}}}"))


@pytest.mark.parametrize(
    ("version", "content_type", "action", "namespace"),
    [
        ("1.1", "text/xml; charset=utf-8", '"urn:Add"', "http://schemas.xmlsoap.org/soap/envelope/"),
        (
            "1.2",
            'application/soap+xml; charset=utf-8; action="urn:Add"',
            None,
            "http://www.w3.org/2003/05/soap-envelope",
        ),
    ],
)
def test_both_versions_of_soap_are_spoken(version: str, content_type: str, action: str | None, namespace: str) -> None:
    soap = f"{{version: '{version}', action: 'urn:Add', header: {{Auth.Key: {{secret: key}}}}}}"
    told = {**document(f"{{soap: {soap}, body: {{Add.Zip: zip}}}}"), "connector": "soap_http"}
    message = first_message(told, secrets={"key": "s3cret"})

    assert (content_type, action) == (message.headers["Content-Type"], message.headers.get("SOAPAction"))
    assert namespace.encode() in message.body and b"<Zip>60610</Zip>" in message.body
    assert b"<Key>s3cret</Key>" in message.body
