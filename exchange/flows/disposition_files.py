"""Files of reports: brought, looked at, and recorded when somebody says so, a long one by a job. The same file twice
changes nothing.

What is shown before it is recorded is made by the same steps that record it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from exchange import limits
from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.disposition_rows import told_of_rows
from exchange.flows.dispositions import Teller, Told
from exchange.flows.jobs import RECORD_REPORTS, job
from exchange.flows.market import Market
from exchange.flows.small_files import CannotRead, Samples, cells_of, open_file, seal_file, take_file
from exchange.model.actor import Actor
from exchange.model.feedback import Channel
from exchange.stages.dispositions import Verdict
from exchange.stages.file_columns import BadColumns, said_columns
from exchange.stages.report_columns import MEANINGS, Row, guess_meanings, missing, read_row
from exchange.storage.disposition_files import (
    ReportFile,
    bring_file,
    note_recorded,
    read_file,
    set_file_columns,
    want_recording,
)

_PLACE = "dispositions"


@dataclass(frozen=True, slots=True)
class Look:
    """A file as it stands: its columns with samples, and what would become of each row (`told`), or is missing."""

    file: ReportFile
    samples: Mapping[str, tuple[str, ...]]
    missing: str | None
    told: tuple[tuple[int, Told], ...] = ()

    @property
    def counts(self) -> Mapping[Verdict, int]:
        counted = Counter(told.verdict for _, told in self.told)
        return {verdict: counted[verdict] for verdict in Verdict}

    def of(self, verdict: Verdict) -> list[tuple[int, Told]]:
        return [(number, told) for number, told in self.told if told.verdict is verdict]


async def bring(market: Market, buyer_id: str, name: str, data: bytes, actor: Actor) -> str:
    """Keep a file of a buyer and guess its columns. Returns its id; the same bytes are the same file.

    Raises `CannotRead`, and the `BadFile` of the door.
    """
    taken = await take_file(market, name, data)
    now = market.clock.now()
    file_id, columns = market.ids.new("dsf", now), guess_meanings(taken.columns)
    sealed = seal_file(market, _PLACE, taken)
    file = ReportFile(file_id, month_of(now), buyer_id, taken.hash, taken.name, columns, *sealed, {}, now, actor.name)
    after = {"file": file_id, "rows": str(taken.rows)}
    line = audit_line(market.ids, now, actor, "dispositions.uploaded", f"buyer:{buyer_id}", after=after)
    return await market.db.write(bring_file, file, line)


async def look(market: Market, buyers: tuple[str, ...] | None, file_id: str) -> Look | None:
    """What would become of every row, with nothing recorded; of a file that a job records now, only the file. None
    when the buyers have no such file, or it is no longer kept."""
    file = await market.db.read(read_file, buyers, file_id)
    if file is None or file.sealed is None:
        return None
    if file.under_way:  # what stands changes meanwhile: how far it is says more
        return Look(file, {}, None)
    rows, samples = await asyncio.to_thread(_rows, market, file)
    lacks = missing(file.columns)
    if lacks is not None:
        return Look(file, samples, lacks)
    return Look(file, samples, None, tuple(await told_of_rows(market, teller_of_file(file), rows, record=False)))


async def record_file(market: Market, file: ReportFile, actor: Actor) -> Mapping[str, int] | None:
    """Record every row. Returns how many became what, None for a long file: a job does it. Raises `CannotRead`."""
    rows = await read_rows(market, file)
    if len(rows) > limits.DISPOSITION_ROWS_AT_ONCE:
        await _leave_to_job(market, file, len(rows), actor)
        return None
    told = await told_of_rows(market, teller_of_file(file), rows, record=True)
    counted = Counter(each.verdict.value for _, each in told)
    return await note_all_recorded(market, file, counted, actor)


async def read_rows(market: Market, file: ReportFile) -> list[Row]:
    """Raises `CannotRead`."""
    if file.sealed is None or missing(file.columns) is not None:
        raise CannotRead(missing(file.columns) or "The file is no longer kept. Upload it again.")
    return (await asyncio.to_thread(_rows, market, file))[0]


async def _leave_to_job(market: Market, file: ReportFile, rows: int, actor: Actor) -> None:
    """However often it is wanted, one job is at it. It records what the columns mean now."""
    now, name = market.clock.now(), f"disposition_file:{file.id}"
    line = audit_line(market.ids, now, actor, "dispositions.wanted", f"buyer:{file.buyer_id}", after={"file": file.id})
    made = job(market, name, RECORD_REPORTS, {"file_id": file.id}, now, now, name)
    await market.db.write(want_recording, file.id, rows, made, line)


async def note_all_recorded(
    market: Market, file: ReportFile, counted: Mapping[str, int], actor: Actor
) -> Mapping[str, int]:
    """`counted` says how many rows became what; those that none became are added."""
    counts = {verdict.value: counted.get(verdict.value, 0) for verdict in Verdict}
    after = {"file": file.id, **{name: str(count) for name, count in counts.items() if count}}
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "dispositions.recorded", f"buyer:{file.buyer_id}", after=after)
    await market.db.write(note_recorded, file.id, counts, line)
    return counts


async def name_columns(market: Market, file: ReportFile, columns: Mapping[str, str]) -> None:
    """Say what the columns are; an empty meaning leaves one out. Raises `CannotRead`."""
    if file.under_way:
        raise CannotRead("It is being recorded. Name its columns anew when that is done.")
    try:
        given = said_columns(columns, MEANINGS)
    except BadColumns as error:
        raise CannotRead(str(error)) from None
    await market.db.write(set_file_columns, file.id, given)


def teller_of_file(file: ReportFile) -> Teller:
    """A row without a time speaks of the moment its file first came, however often it comes."""
    return Teller(
        Channel.FILE, (file.buyer_id,), f"{file.made_by} ({file.name})", file.made_at, people=True, hashes=True
    )


def _rows(market: Market, file: ReportFile) -> tuple[list[Row], dict[str, tuple[str, ...]]]:
    """In a thread: its rows, and the first values that differ of each column."""
    assert file.sealed is not None and file.wrapped is not None
    batch = open_file(market, _PLACE, file.name, file.hash, file.wrapped, file.sealed)
    rows: list[Row] = []
    samples = Samples(batch.layout.columns)
    for number, cells in cells_of(market, batch):
        rows.append(read_row(number, cells, file.columns))
        samples.add(cells)
    return rows, samples.by_column()
