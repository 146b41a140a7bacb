"""Replies that no author of a case thinks of. None may become a bid or a sale, whatever the connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from exchange.model.wire import Reply

_JSON: Final = (("content-type", "application/json"),)
_XML: Final = (("content-type", "text/xml"),)
_HTML: Final = (("content-type", "text/html"),)
_LAUGHS: Final = "".join(
    f'<!ENTITY {name} "{f"&{below};" * 10}">' for below, name in zip("abcdef", "bcdefg", strict=True)
)
_BOMB: Final = f'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">{_LAUGHS}]><r>&g;</r>'
_ERROR_PAGE: Final = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

Named = tuple[str, int, tuple[tuple[str, str], ...], bytes]

REPLIES: Final[tuple[Named, ...]] = (
    ("empty", 200, (), b""),
    ("white space", 200, (), b" \r\n\t "),
    ("only a byte order mark", 200, _JSON, b"\xef\xbb\xbf"),
    ("error page inside 200", 200, _HTML, _ERROR_PAGE.encode()),
    ("error page labelled JSON", 200, _JSON, _ERROR_PAGE.encode()),
    ("maintenance page", 200, _HTML, b"<!doctype html><p>We will be back soon.</p>"),
    ("gateway error", 502, _HTML, _ERROR_PAGE.encode()),
    ("server error", 500, _JSON, b'{"message":"Server Error"}'),
    ("redirect to a login", 302, (("location", "https://login.example/"),), b""),
    ("JSON cut short", 200, _JSON, b'{"outcome":{"word":"acce'),
    ("XML cut short", 200, _XML, b"<reply><outcome>acce"),
    ("XML with crossed elements", 200, _XML, b"<a><b></a></b>"),
    ("JSON nested 50,000 deep", 200, _JSON, b'{"a":' * 50_000),
    ("lists nested 60,000 deep", 200, _JSON, b"[" * 60_000),
    ("XML nested 10,000 deep", 200, _XML, b"<a>" * 10_000),
    ("half a megabyte", 200, (), b"a" * 500_000),
    ("NUL bytes", 200, (), b"a\x00b"),
    ("not UTF-8", 200, _JSON, b'{"a":"\xff\xfe\x80"}'),
    ("UTF-16 without a mark", 200, _JSON, '{"a":1}'.encode("utf-16-le")),
    ("compressed bytes", 200, _JSON, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"),
    ("document type bomb", 200, _XML, _BOMB.encode()),
    (
        "external entity",
        200,
        _XML,
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;</r>',
    ),
    ("number of 5,000 digits", 200, _JSON, b'{"amount":' + b"9" * 5_000 + b"}"),
    ("a key twice", 200, _JSON, b'{"word":"no","word":"yes"}'),
    ("two documents", 200, _JSON, b'{"word":"no"}{"word":"yes"}'),
    ("lone surrogate", 200, _JSON, b'{"a":"\\ud800"}'),
    ("null", 200, _JSON, b"null"),
    ("zero", 200, _JSON, b"0"),
    ("another system's acceptance in JSON", 200, _JSON, b'{"ergebnis":"angenommen","preis":"12.50","nr":"77"}'),
    (
        "another system's acceptance in XML",
        200,
        _XML,
        b"<antwort><ergebnis>angenommen</ergebnis><preis>9</preis></antwort>",
    ),
    ("another system's acceptance in pairs", 200, (), b"ergebnis=angenommen&preis=12.50&nr=77"),
)

# Put in place of a captured price: none may come out as an amount.
PRICES: Final = ("NaN", "Infinity", "-12.50", "1e309", "1e1000000", "0x1F", "12,50,00", "9" * 5_000, "٣٤", "twelve")


def hostile_replies() -> Iterator[tuple[str, Reply]]:
    for name, status, headers, body in REPLIES:
        yield name, Reply(status, dict(headers), body)


def spoiled(reply: Reply, price: str, above: str | None) -> Iterator[tuple[str, Reply]]:
    """A captured acceptance, spoiled: each of `PRICES` (and `above`, an amount over the maximum) for its price."""
    for token in (*PRICES, *((above,) if above is not None else ())):
        for quoted in (f'"{price}"', price):
            if quoted.encode() in reply.body:
                content = reply.body.replace(quoted.encode(), _in_place_of(quoted, token).encode())
                yield f"price {token[:12]}", Reply(reply.status, reply.headers, content)
                break


def _in_place_of(quoted: str, token: str) -> str:
    return f'"{token}"' if quoted.startswith('"') else token


def broken_off(reply: Reply) -> Reply | None:
    """A captured reply cut in half, where its format can tell."""
    start = reply.body.lstrip()[:1]
    if start not in (b"{", b"[", b"<") or b"<html" in reply.body[:200].lower() or len(reply.body) < 8:
        return None
    return Reply(reply.status, reply.headers, reply.body[: len(reply.body) // 2])
