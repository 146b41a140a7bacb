"""What reads and writes bytes for flows that begin beside a request.

Intake knows how, and flows import no intake: whoever builds the market hands it in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from exchange.model.batch import Batch, Columns, Layout, LeadFile, Record
from exchange.model.source import Item, Polled
from exchange.sources.document import Source

if TYPE_CHECKING:
    from exchange.flows.market import Market

Poller = Callable[["Market", Source, str], AsyncIterator[Polled]]
"""Looks at a source from a cursor on ("" the first time) and yields what it found, part by part.

It is resumed once a part is durable, so that it may then move or mark what it read: what is repeated because that did
not happen changes nothing. Raises `NotPolled` when nobody is there, or nobody lets us in.
"""
Fetcher = Callable[["Market", Source, Item], Awaitable[Item]]
"""Fetches what a message only points at: the same item with its fields, or with problems. Raises `NotPolled`."""
Reader = Callable[[Source, Item], Item]
"""Reads a kept message's `original` anew, as its source says now: the same item with other fields or problems."""


class NotPolled(Exception):
    """The source could not be looked at. `after_ms` is how long it asked to be left alone.

    The sentence is shown to operators and holds nothing secret or personal.
    """

    def __init__(self, detail: str, after_ms: int | None = None) -> None:
        super().__init__(detail, after_ms)
        self.detail, self.after_ms = detail, after_ms


class Write(Protocol):
    """Makes an answer's bytes: fields, format, and the root element of XML → body, content type."""

    def __call__(self, answer: Mapping[str, Any], format: str, root: str = ..., /) -> tuple[bytes, str]: ...


@dataclass(frozen=True, slots=True)
class Doors:
    """`write` makes an answer's bytes; `look_through` and `records` read a file of leads, from a row number on.

    `is_sheet` knows a spreadsheet by how it begins, and `sheet_as_csv` writes its rows as CSV.
    `pollers` look at sources, `fetchers` complete their messages and `readers` read them again, by kind of source.
    """

    write: Write
    look_through: Callable[[LeadFile], Batch]
    records: Callable[[LeadFile, Layout, Columns, int], Iterator[Record]]
    is_sheet: Callable[[bytes], bool]
    sheet_as_csv: Callable[[LeadFile, Callable[[bytes], object]], None]
    pollers: Mapping[str, Poller]
    fetchers: Mapping[str, Fetcher]
    readers: Mapping[str, Reader]
