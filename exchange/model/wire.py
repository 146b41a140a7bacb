"""What a connector says and hears: messages, replies, and the record of both.

Every ping makes a few of these: named tuples are as frozen as dataclasses and made in half the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class HttpMessage(NamedTuple):
    """One HTTP request a connector wants sent. `secrets` are the values the recorder masks wherever they occur.

    `delivers` says that this message hands the lead over: a loss before it is *failed*, from it on *unclear*.
    """

    method: str
    url: str
    headers: Mapping[str, str] = _NO_HEADERS
    body: bytes = b""
    delivers: bool = True
    secrets: tuple[str, ...] = ()


class Reply(NamedTuple):
    """An HTTP answer, complete and within limits. Header names are lower case; `body` is unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Loss(Enum):
    """Why no reply came. `sent` tells whether a byte of the request may have reached the buyer."""

    DNS = ("dns", False)
    REFUSED_ADDRESS = ("address_forbidden", False)
    CONNECT = ("connect_failed", False)
    TLS = ("tls_failed", False)
    BREAKER = ("breaker_open", False)
    POOL = ("pool_exhausted", False)
    DEADLINE_BEFORE = ("deadline_before_sending", False)
    TIMEOUT = ("timeout", True)
    RESET = ("connection_lost", True)
    TRUNCATED = ("truncated", True)
    TOO_LARGE = ("reply_too_large", True)
    NOT_HTTP = ("not_http", True)

    def __init__(self, slug: str, sent: bool) -> None:
        self.slug = slug
        self.sent = sent


class Lost(NamedTuple):
    """No reply: what happened, and one sentence for a person (it holds nothing personal)."""

    why: Loss
    detail: str = ""


class WireRecord(NamedTuple):
    """One request and what came of it, as sent and received. Sealed before it is stored."""

    message: HttpMessage
    outcome: Reply | Lost
    started_ms: int  # since the lead's receipt
    took_ms: int
    peer: str = ""  # address and port connected to, and the TLS version if any
