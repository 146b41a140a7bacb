from __future__ import annotations

import base64

import pytest

from exchange.courier.masking import MASK, mask_record
from exchange.model.wire import HttpMessage, Loss, Lost, Reply, WireRecord

SECRET = 'k3y/+ "ü<&'


def record(message: HttpMessage, outcome: Reply | Lost) -> WireRecord:
    return WireRecord(message, outcome, 12, 34, "127.0.0.1:80")


@pytest.mark.parametrize(
    "body",
    [
        SECRET.encode(),
        b"key=k3y%2F%2B+%22%C3%BC%3C%26&zip=60610",
        b"key=k3y/%2B%20%22%C3%BC%3C%26&zip=60610",
        b'{"key": "k3y/+ \\"\\u00fc<&"}',
        '{"key": "k3y/+ \\"ü<&"}'.encode(),
        '<key>k3y/+ "ü&lt;&amp;</key>'.encode(),
        '<a key="k3y/+ &quot;ü&lt;&amp;"/>'.encode(),
        base64.b64encode(SECRET.encode()),
    ],
)
def test_a_secret_is_masked_in_every_spelling(body: bytes) -> None:
    masked = mask_record(
        record(HttpMessage("POST", "https://acme.example/", {}, body, secrets=(SECRET,)), Reply(200, {}, body))
    )

    assert isinstance(masked.outcome, Reply)
    for text in (masked.message.shown().body, masked.outcome.body):
        assert MASK.encode() in text
        assert b"k3y" not in text and base64.b64encode(SECRET.encode()) not in text


def test_a_secret_is_masked_in_url_headers_and_loss() -> None:
    message = HttpMessage("GET", "https://acme.example/?k=s3cret", {"X-Key": "s3cret"}, secrets=("s3cret",))

    masked = mask_record(record(message, Lost(Loss.RESET, "broke at s3cret")))

    assert masked.message == HttpMessage("GET", f"https://acme.example/?k={MASK}", {"X-Key": MASK})
    assert masked.outcome == Lost(Loss.RESET, f"broke at {MASK}")
    assert (12, 34, "127.0.0.1:80") == (masked.started_ms, masked.took_ms, masked.peer)


def test_credentials_nobody_named_are_masked_too() -> None:
    message = HttpMessage("POST", "https://acme.example/", {"authorization": "Bearer abc", "Cookie": "sid=1; b=2"})

    masked = mask_record(record(message, Reply(200, {"set-cookie": "sid=9"}, b"")))

    assert {"authorization": f"Bearer {MASK}", "Cookie": MASK} == masked.message.shown().headers
    assert isinstance(masked.outcome, Reply)
    assert {"set-cookie": MASK} == masked.outcome.headers


def test_of_two_secrets_one_inside_the_other_none_is_left_half() -> None:
    message = HttpMessage("POST", "https://acme.example/", {}, b"abc-def abc", secrets=("abc", "abc-def", ""))

    assert f"{MASK} {MASK}".encode() == mask_record(record(message, Reply(200, {}, b""))).message.shown().body
