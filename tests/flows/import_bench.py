"""A held import as tests bring, start and follow it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from exchange.flows.import_desk import Bringing, Spool, start, take_in
from exchange.flows.import_files import result_of
from exchange.model.batch import Columns
from exchange.model.importing import ImportRow
from exchange.model.lead import Mode
from exchange.storage.imports import find_import
from exchange.worker import run_jobs
from tests.flows.lab import OPERATOR
from tests.market import Exchange, consumer

LABELS = {"phone": "Phone Number", "zip": "ZIP Code", "email": "E-Mail"}


def people(count: int, first: int = 1) -> list[dict[str, str]]:
    return [consumer(number) for number in range(first, first + count)]


def csv_of(rows: Iterable[Mapping[str, str]]) -> bytes:
    listed = list(rows)
    names = list(dict.fromkeys(name for row in listed for name in row))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([LABELS.get(name, name) for name in names])
    writer.writerows([row.get(name, "") for name in names] for row in listed)
    return text.getvalue().encode()


async def bring(
    exchange: Exchange,
    data: bytes,
    *,
    name: str = "leads.csv",
    mode: Mode = Mode.LIVE,
    columns: Columns = Columns(),  # noqa: B008
    campaign: str = "cedar-solar",
) -> ImportRow:
    """Bring a file as an upload does."""
    spool = Spool(exchange.market)
    for at in range(0, len(data), 10_000):
        spool.write(data[at : at + 10_000])
    return await take_in(
        exchange.market, spool, Bringing(exchange.market.deals.campaigns[campaign], mode, name, OPERATOR), columns
    )


async def sold(exchange: Exchange, row: ImportRow, **how: Any) -> ImportRow:
    """Start it and let it run to its end."""
    await start(exchange.market, row, OPERATOR, **how)
    return await worked(exchange, row)


async def worked(exchange: Exchange, row: ImportRow) -> ImportRow:
    """Run its jobs until none is due."""
    while await run_jobs(exchange.market):
        continue
    return await seen(exchange, row)


async def seen(exchange: Exchange, row: ImportRow) -> ImportRow:
    found = await exchange.market.db.read(find_import, row.id)
    assert found is not None
    return found


def results(exchange: Exchange, row: ImportRow) -> list[dict[str, str]]:
    """The rows of the result."""
    text = b"".join(result_of(exchange.market, row)).decode()
    return list(csv.DictReader(io.StringIO(text)))
