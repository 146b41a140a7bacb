"""What comes from a source: messages that may be leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One message as its reader understood it.

    `key` is what the sender calls it (a Message-ID, a guid, an event's id), empty when it has no name; then its bytes
    are its name. `fields` is flat as a request's, named as the sender names them; None when it could not be read, and
    `problems` say why. `channel` and `told` go into the lead's timeline: "by email", "from leads@dealer.example".
    `at` is when it arrived here, in epoch milliseconds. `test` makes it a test lead whatever the source says. `fetch`
    is set when the message only says where the lead is: its kind's fetcher makes the fields of it later.
    """

    key: str
    channel: str
    fields: Mapping[str, str] | None
    original: bytes
    content_type: str
    at: int
    problems: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    test: bool = False
    remote_ip: str = ""
    fetch: str = ""


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poll found, or a part of it. `cursor` is how far the poller has come once these items are durable."""

    items: tuple[Item, ...]
    cursor: str
