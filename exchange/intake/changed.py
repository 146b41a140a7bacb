"""A list at an address, fetched when it has changed: its validators are the cursor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import orjson

from exchange.flows.doors import NotPolled
from exchange.flows.market import Market
from exchange.model.wire import Lost, Reply
from exchange.sources.document import Source

_BUSY = (429, 503)
_REDIRECTS = range(300, 400)
_NOT_MODIFIED = 304


class Fetched(NamedTuple):
    """`cursor` is to be kept once what is in `body` is."""

    body: bytes
    content_type: str
    cursor: str


async def fetch_changed(
    market: Market, source: Source, url: str, headers: Mapping[str, str], cursor: str
) -> Fetched | None:
    """One GET; None when nothing changed since `cursor`. Raises `NotPolled`."""
    reply = await market.outside.get(f"source:{source.name}", url, {**headers, **_validators(url, cursor)})
    if isinstance(reply, Lost):
        raise NotPolled(reply.detail or reply.why.slug.replace("_", " "))
    if reply.status == _NOT_MODIFIED:
        return None
    check(reply)
    made = {
        "url": url,
        "etag": reply.headers.get("etag", ""),
        "modified": reply.headers.get("last-modified", ""),
    }
    return Fetched(reply.body, reply.headers.get("content-type", ""), orjson.dumps(made).decode())


def check(reply: Reply) -> None:
    """Raises `NotPolled` unless the reply is a 200."""
    if reply.status in _BUSY:
        raise NotPolled(f"The server is busy: HTTP {reply.status}.", reply.wait_ms)
    if reply.status in _REDIRECTS:
        raise NotPolled(f"The server sent us elsewhere (HTTP {reply.status}). Name the new address in the source.")
    if reply.status != 200:
        raise NotPolled(f"The server answered HTTP {reply.status}.")


def _validators(url: str, cursor: str) -> dict[str, str]:
    """What the server said of the list we have; nothing when the address is another since."""
    known = orjson.loads(cursor) if cursor else {}
    if known.get("url") != url:
        return {}
    pairs = (("If-None-Match", known["etag"]), ("If-Modified-Since", known["modified"]))
    return {name: value for name, value in pairs if value}
