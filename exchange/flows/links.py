"""Links without sign-in: each names one delivery and what may be done with it, until when, and cannot be made up.

A scanner of mail opens every link, so opening one never does anything: the page shows a button, and the button acts.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from enum import Enum
from typing import NamedTuple

from exchange.flows.market import Market

PATH = "/l/"
LINK_CHARACTERS = 300
_KIND = "link"

DISPOSITION = "disposition"
"""`detail` is the word: what became of the lead."""
RETURN = "return"
"""Asks the money back; the page wants to know why."""
UNSUBSCRIBE = "unsubscribe"
"""Somebody, by the id of a user in the place of the delivery's, wants no more mail of the kind in `detail`."""
STOP_MESSAGES = "stop"
"""The consumer of a lead, by its id, wants no more messages; `detail` is how they got one. It takes consent back."""
REPLY = "reply"
"""No page: the address that answers to the mail of a delivery come to."""
PAGE = "page"
"""A provider fetches what it delivers."""
SAMPLE_PAGE = "sample"
"""The same of a test, where there is no delivery: the connection's name, and `detail` its contract and which sample."""


class Link(NamedTuple):
    attempt_id: str
    kind: str
    detail: str
    until: int


class BadLink(Enum):
    """Why a link opens nothing."""

    UNKNOWN = "unknown"  # made up, cut off, or of another exchange
    OVER = "over"


def make_link(market: Market, link: Link, path: str = PATH) -> str:
    """The whole address. Each kind of link has a page at its path."""
    text = json.dumps([link.attempt_id, link.kind, link.detail, link.until], separators=(",", ":"))
    token = f"{_packed(text.encode())}.{_packed(market.vault.index(_KIND, text))}"
    assert len(token) <= LINK_CHARACTERS, "a link must survive a line of mail"
    return f"{market.public_url}{path}{token}"


def read_link(market: Market, token: str) -> Link | BadLink:
    body, _, mark = token.partition(".")
    try:
        text = _unpacked(body).decode()
        given = _unpacked(mark)
    except (binascii.Error, ValueError):
        return BadLink.UNKNOWN
    if len(token) > LINK_CHARACTERS or not hmac.compare_digest(given, market.vault.index(_KIND, text)):
        return BadLink.UNKNOWN
    link = Link(*json.loads(text))
    return link if market.clock.now() < link.until else BadLink.OVER


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unpacked(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
