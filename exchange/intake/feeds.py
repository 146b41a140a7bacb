"""RSS and Atom: each entry is a message, in elements of its own or as a list of labels in its content."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import feedparser  # type: ignore[import-untyped]  # it has no types
import orjson

from exchange import limits
from exchange.flows.doors import NotPolled
from exchange.flows.market import Market
from exchange.intake.changed import fetch_changed
from exchange.intake.labels import pairs_of_text
from exchange.intake.markup import text_of_page
from exchange.intake.trees import settled
from exchange.model.source import Item, Polled
from exchange.sources.document import Source
from exchange.sources.feed import FeedDocument

_ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8"
_ABOUT = ("title", "link", "author", "published")
_MARKED_UP = re.compile(r"<[a-zA-Z/!]|&#?\w{1,10};")
_NO_FIELDS = frozenset(
    ("id", "guidislink", "summary", "content", "links", "tags", "authors", "updated", "updated_parsed")
)


async def poll(market: Market, source: Source, cursor: str) -> AsyncIterator[Polled]:
    document = source.document
    assert isinstance(document, FeedDocument)
    headers = {"Accept": _ACCEPT}
    if document.authorization is not None:
        headers["Authorization"] = source.secrets[document.authorization]
    fetched = await fetch_changed(market, source, document.url, headers, cursor)
    if fetched is None:
        return
    items = await asyncio.to_thread(read_feed, fetched.body, market.clock.now())
    for start in range(0, len(items), limits.ITEMS_AT_ONCE):
        part = items[start : start + limits.ITEMS_AT_ONCE]
        last = start + len(part) == len(items)
        yield Polled(part, fetched.cursor if last else cursor)


def read_feed(body: bytes, now: int) -> tuple[Item, ...]:
    """The entries of a feed, the oldest first as feeds list them. Raises `NotPolled` when it is none, or is broken.

    Of a broken feed nothing is taken: its last entry may be half a lead, and would never be read again.
    """
    # A stream, never the bytes themselves: those it would take for the name of a file.
    try:
        feed = feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        # What it reads loosely, once it found the feed broken, it may break on in all these ways.
        raise NotPolled(f"The feed cannot be read ({type(error).__name__}).") from None
    version = str(feed.get("version", ""))
    if not version:
        raise NotPolled("What is at this address is no RSS and no Atom feed.")
    if feed.bozo and not isinstance(feed.bozo_exception, feedparser.CharacterEncodingOverride):
        raise NotPolled(f"The feed cannot be read: {_why(feed.bozo_exception)}")
    channel = "atom" if version.startswith("atom") else "rss"
    return tuple(_item(entry, channel, now) for entry in reversed(feed.entries))


def _why(error: Exception) -> str:
    line = getattr(error, "getLineNumber", lambda: None)()
    told = getattr(error, "getMessage", lambda: "it is not well formed")()
    return f"{told}, at line {line}." if line is not None else f"{told}."


def _item(entry: Mapping[str, Any], channel: str, now: int) -> Item:
    pairs = list(dict.fromkeys(_pairs(entry)))
    name = str(entry.get("id") or entry.get("link") or "")
    told = (f"item {entry.get('id') or entry.get('title') or 'without a name'}"[: limits.GOT_CHARACTERS],)
    made = Item(name, channel, None, orjson.dumps(pairs), "application/json", now, told=told)
    return settled(made, [(name, name, value) for name, value in pairs], "nvp")


def read(_: Source, item: Item) -> Item:
    """An entry that was kept, again."""
    return settled(item, [(name, name, value) for name, value in orjson.loads(item.original)], "nvp")


def _pairs(entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What the entry is called, its elements of any namespace, and the labels of its content."""
    for name in _ABOUT:
        if entry.get(name) and entry[name] != entry.get("id"):  # a guid that is no address is told as the link too
            yield _pair(name, str(entry[name]))
    for name, value in entry.items():
        if name not in _ABOUT and name not in _NO_FIELDS and isinstance(value, str) and value.strip():
            yield _pair(name, value)
    texts = list(_texts(entry))
    pairs = [pair for text in texts for pair in pairs_of_text(text)]
    for label, value in pairs:
        yield _pair(label, value)
    if not pairs and texts and len(texts[0]) <= limits.FIELD_CHARACTERS:
        yield _pair("summary", texts[0])


def _texts(entry: Mapping[str, Any]) -> Iterator[str]:
    """Its summary and contents as text."""
    parts = [entry["summary_detail"]] if entry.get("summary_detail") else []
    for part in [*parts, *entry.get("content", ())]:
        value = str(part.get("value", ""))
        yield text_of_page(value) if _MARKED_UP.search(value) else value  # its type is often wrong


def _pair(name: str, value: str) -> tuple[str, str]:
    """A line break inside a value is read as a blank: a request could not carry it."""
    return name, " ".join(value.split())
