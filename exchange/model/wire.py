"""What a connector says and hears: messages, replies, and the record of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """One HTTP request a connector wants sent. `secrets` are the values the recorder masks wherever they occur.

    `delivers` says that this message hands the lead over: a loss before it is *failed*, from it on *unclear*.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delivers: bool = True
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
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


@dataclass(frozen=True, slots=True)
class Lost:
    """No reply: what happened, and one sentence for a person (it holds nothing personal)."""

    why: Loss
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WireRecord:
    """One request and what came of it, as sent and received. Sealed before it is stored."""

    message: HttpMessage
    outcome: Reply | Lost
    started_ms: int  # since the lead's receipt
    took_ms: int
    peer: str = ""  # address and port connected to, and the TLS version if any
