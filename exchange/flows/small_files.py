"""Files small enough to be held whole: any of the forms that leads come in, read as rows with names."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import NamedTuple

from exchange import limits
from exchange.flows.import_desk import shown_name
from exchange.flows.market import Market
from exchange.model.batch import Batch, Columns, LeadFile
from exchange.model.feedback import storable

SAMPLES = 3


class CannotRead(Exception):
    """Why a file is not taken or nothing can be done with it, as a sentence."""


class SmallFile(NamedTuple):
    """A file that was taken. `hash` is of its bytes as they came, `data` the same rows as text."""

    name: str
    hash: bytes
    data: bytes
    columns: tuple[str, ...]
    rows: int


async def take_file(market: Market, name: str, data: bytes) -> SmallFile:
    """Read what came. Raises `CannotRead`, and the `BadFile` of the door."""
    if len(data) > limits.DISPOSITION_FILE_BYTES:
        raise CannotRead(f"It is larger than {limits.DISPOSITION_FILE_BYTES // 1024 // 1024} MB. Cut it into several.")
    name, hashed = shown_name(name), sha256(data).digest()
    data = await _plain_bytes(market, name, data)
    batch = await asyncio.to_thread(market.doors.look_through, _file_of(name, data))
    if not batch.rows:
        raise CannotRead(f"{name} has a header and no row.")
    if batch.rows > limits.DISPOSITION_ROWS:
        raise CannotRead(f"{name} has more than {limits.DISPOSITION_ROWS:,} rows. Cut it into several.")
    return SmallFile(name, hashed, data, await asyncio.to_thread(_column_names, market, batch), batch.rows)


def seal_file(market: Market, place: str, file: SmallFile) -> tuple[bytes, bytes]:
    """A key of its own, wrapped, and the file sealed with it."""
    wrapped, key = market.vault.new_data_key()
    return wrapped, market.vault.seal(key, f"{place}:{file.hash.hex()}", file.data)


def open_file(market: Market, place: str, name: str, hashed: bytes, wrapped: bytes, sealed: bytes) -> Batch:
    """In a thread: what `seal_file` sealed."""
    data = market.vault.open(market.vault.data_key(wrapped), f"{place}:{hashed.hex()}", sealed)
    return market.doors.look_through(_file_of(name, data))


class Samples:
    """The first values that differ of each column."""

    def __init__(self, columns: Iterable[str]) -> None:
        self._seen: dict[str, dict[str, None]] = {name: {} for name in columns if name}

    def add(self, cells: Mapping[str, str]) -> None:
        for name, value in cells.items():
            seen = self._seen.setdefault(name, {})
            if value.strip() and len(seen) < SAMPLES:
                seen[value.strip()[: limits.GOT_CHARACTERS]] = None

    def by_column(self) -> dict[str, tuple[str, ...]]:
        return {name: tuple(seen) for name, seen in self._seen.items()}


async def _plain_bytes(market: Market, name: str, data: bytes) -> bytes:
    """The bytes of a file that is text already; a spreadsheet as CSV. One is read at a time. Raises `BadFile`."""
    if not market.doors.is_sheet(data[:16]):
        return data
    async with market.live.one_sheet(market.clock):
        return await asyncio.to_thread(_as_csv, market, name, data)


def _as_csv(market: Market, name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    market.doors.sheet_as_csv(_file_of(name, data), out.write)
    return out.getvalue()


def _file_of(name: str, data: bytes) -> LeadFile:
    return LeadFile(name, lambda: io.BytesIO(data))


def _column_names(market: Market, batch: Batch) -> tuple[str, ...]:
    """In a thread: what its columns are called, or the names of its first record."""
    if batch.layout.columns:
        return tuple(map(storable, batch.layout.columns))
    first = next(iter(market.doors.records(batch.file, batch.layout, Columns(), 0)), None)
    return tuple(map(storable, first.fields or ())) if first is not None else ()


def cells_of(market: Market, batch: Batch) -> Iterator[tuple[int, Mapping[str, str]]]:
    """In a thread: the number of each row and its cells by the names of their columns."""
    for record in market.doors.records(batch.file, batch.layout, Columns(), 0):
        cells = record.fields or dict(zip(batch.layout.columns, record.cells, strict=False))
        yield record.number, {storable(name): storable(value) for name, value in cells.items()}
