"""A URL taken apart strictly: what is checked is what is connected to, so no two readings of one text exist."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote

_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<path>[^#]*)(?:#.*)?", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{0,5}))?")
_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PLAIN_PATH = re.compile(r"[!-~]*")
_PATH_SAFE = "%/:?&=+$,;@!*'()[]~|^`{}\"<>\\"


class BadUrl(ValueError):
    """The URL cannot be sent to. The text is one sentence and holds no part of path or query."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where one message goes. `host` is lower case and without brackets; `path` holds visible ASCII only."""

    secure: bool
    host: str
    port: int
    authority: str  # for the Host header
    path: str


def split_url(url: str) -> Target:
    """Raises BadUrl. Odd spellings of addresses (decimal, hex, octal, short) are refused, not interpreted."""
    found = _URL.fullmatch(url)
    if found is None:
        raise BadUrl("The URL must start with http:// or https://.")
    authority = found["authority"]
    if "@" in authority:
        raise BadUrl("The URL must not hold a user name or password: use a header and a stored secret.")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise BadUrl("The URL's host cannot be read.")
    secure = found["scheme"].lower() == "https"
    port = int(parts["port"]) if parts["port"] else (443 if secure else 80)
    if not 1 <= port <= 65_535:
        raise BadUrl("The URL's port must lie between 1 and 65535.")
    host = _host(parts["host"])
    shown = f"[{host}]" if ":" in host else host
    if port != (443 if secure else 80):
        shown = f"{shown}:{port}"
    return Target(secure, host, port, shown, _path(found["path"]))


def _host(text: str) -> str:
    if text.startswith("["):
        try:
            return str(IPv6Address(text[1:-1]))
        except AddressValueError:
            raise BadUrl("The URL's IPv6 address cannot be read.") from None
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError:
            raise BadUrl("The URL's host is not a valid name.") from None
    host = text.lower().removesuffix(".")
    if _NAME.fullmatch(host) is None:
        raise BadUrl("The URL's host is not a valid name.")
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            return str(IPv4Address(host))
        except AddressValueError:
            raise BadUrl("The URL's host must be a name or an address written as four decimal numbers.") from None
    return host


def _path(text: str) -> str:
    """Path and query; what is not visible ASCII is percent-encoded, so that no line break reaches a request."""
    if not text.startswith("/"):
        text = "/" + text
    if _PLAIN_PATH.fullmatch(text):
        return text
    return quote(text, safe=_PATH_SAFE)
