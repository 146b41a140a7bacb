"""Files small enough to be held whole: any of the forms that leads come in, read as rows with names."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator, Mapping

from exchange.flows.market import Market
from exchange.model.batch import Batch, Columns, LeadFile


async def plain_bytes(market: Market, name: str, data: bytes) -> bytes:
    """The bytes of a file that is text already; a spreadsheet as CSV. One is read at a time. Raises `BadFile`."""
    if not market.doors.is_sheet(data[:16]):
        return data
    async with market.live.one_sheet(market.clock):
        return await asyncio.to_thread(_as_csv, market, name, data)


def _as_csv(market: Market, name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    market.doors.sheet_as_csv(file_of(name, data), out.write)
    return out.getvalue()


def file_of(name: str, data: bytes) -> LeadFile:
    return LeadFile(name, lambda: io.BytesIO(data))


def column_names(market: Market, batch: Batch) -> tuple[str, ...]:
    """In a thread: what its columns are called, or the names of its first record."""
    if batch.layout.columns:
        return batch.layout.columns
    first = next(iter(market.doors.records(batch.file, batch.layout, Columns(), 0)), None)
    return tuple(first.fields or ()) if first is not None else ()


def cells_of(market: Market, batch: Batch) -> Iterator[tuple[int, Mapping[str, str]]]:
    """In a thread: the number of each row and its cells by the names of their columns."""
    for record in market.doors.records(batch.file, batch.layout, Columns(), 0):
        yield record.number, record.fields or dict(zip(batch.layout.columns, record.cells, strict=False))
