"""What people and programs do with held imports: bring a file, map it, have it checked, start, pause, go on, cancel."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType

from exchange import limits
from exchange.flows.by_hand import audit_line
from exchange.flows.import_files import converted_spool, drop_file, forget_unbegun, new_spool, put_converted, spooled
from exchange.flows.jobs import CHECK_IMPORT, IMPORT, SORT_IMPORT, job
from exchange.flows.market import Market
from exchange.flows.sealed_file import SealedWriter
from exchange.flows.tell import tell_import
from exchange.model.actor import Actor
from exchange.model.batch import Columns
from exchange.model.importing import FILE, ImportRow, Move
from exchange.model.lead import Mode
from exchange.model.party import Campaign
from exchange.stages.personal import looks_personal
from exchange.storage.audit import record
from exchange.storage.import_orders import has_order
from exchange.storage.imports import (
    begin_import,
    bring_import,
    find_import,
    import_of_source,
    imports_of_file,
    imports_of_source,
    move_import,
    open_imports,
    start_once,
)
from exchange.vault import DataKey

CHANNEL = "import"
FILE_NAME_CHARACTERS = 120
_RATE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(?:/(s|min|h))?")
_SECONDS: Mapping[str, int] = MappingProxyType({"s": 1, "min": 60, "h": 3_600})
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f/\\]")
_ENDING = 5  # `.json`


class NotNow(Exception):
    """The import is not in a state for that. The sentence says which it is in."""


class SameFile(Exception):
    """The same file went into the same campaign before; `earlier` is the newest import of it."""

    def __init__(self, earlier: ImportRow) -> None:
        super().__init__(earlier.id)
        self.earlier = earlier


class TooMany(Exception):
    """So many imports of the campaign are not over that another file may not come. The sentence says what to do."""


class TooLarge(Exception):
    """The file is larger than imports may be."""


@dataclass(frozen=True, slots=True)
class Bringing:
    """Who brings a file, under what name, for which campaign, and by which way."""

    campaign: Campaign
    mode: Mode
    name: str
    actor: Actor
    channel: str = CHANNEL
    source: str | None = None


class Spool:
    """A file that is coming in. `write` what arrives; then `take_in`, or `drop` it."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.id = market.ids.new("imp", market.clock.now())
        self.wrapped, self.key = market.vault.new_data_key()
        self._writer: SealedWriter = new_spool(market, self.id, self.key)
        self._hash = sha256()
        self.size = 0
        self.start = b""

    def write(self, data: bytes) -> None:
        """Raises `TooLarge` and `OSError`."""
        self.size += len(data)
        if self.size > limits.IMPORT_BYTES:
            raise TooLarge(f"It is larger than {limits.IMPORT_BYTES // 1024 // 1024} MB. Cut it into several files.")
        self.start = self.start or data[:16]
        self._hash.update(data)
        self._writer.write(data)

    @property
    def digest(self) -> bytes:
        """The SHA-256 of what has come so far."""
        return self._hash.digest()

    def close(self) -> None:
        """It is whole."""
        self._writer.flush()
        self._writer.close()

    def drop(self) -> None:
        self._writer.close()
        drop_file(self._market, self.id)


async def take_in(market: Market, spool: Spool, bringing: Bringing, columns: Columns = Columns()) -> ImportRow:  # noqa: B008
    """Look through a file that has come and note it as a new import. Nothing of it is checked or sold yet.

    Raises `BadFile` of the door when it cannot be read, and `TooMany`; then nothing of it is kept.
    """
    spool.close()
    name = shown_name(bringing.name)
    try:
        if market.doors.is_sheet(spool.start):
            async with market.live.one_sheet(market.clock):
                await asyncio.to_thread(_convert, market, spool.id, spool.key, name)
        file = spooled(market, spool.id, spool.key, name)
        batch = await asyncio.to_thread(market.doors.look_through, file)
    except BaseException:
        drop_file(market, spool.id)
        raise
    now = market.clock.now()
    row = ImportRow(
        spool.id,
        bringing.campaign.id,
        bringing.mode.value,
        name,
        spool.digest,
        as_text(columns),
        "",
        now,
        state="new",
        changed_at=now,
        held=True,
        source=bringing.source,
        channel=bringing.channel,
        layout=batch.layout,
        rows_total=batch.rows,
        wrapped=spool.wrapped,
        made_by=bringing.actor.name,
    )
    after = {"import": row.id, "rows": str(batch.rows), "mode": row.mode}
    line = audit_line(market.ids, now, bringing.actor, "import.uploaded", f"campaign:{row.campaign_id}", after=after)
    if not await market.db.write(bring_import, row, line, limits.IMPORTS_OPEN):
        drop_file(market, spool.id)
        raise TooMany(_TOO_MANY)
    return row


_TOO_MANY = f"{limits.IMPORTS_OPEN} imports of this campaign are not over: start, finish or cancel some of them first."


async def check_room(market: Market, campaign: Campaign, mode: Mode) -> None:
    """Before a file is read: whether it may come at all. Raises `TooMany`."""
    if await market.db.read(open_imports, campaign.id, mode.value) >= limits.IMPORTS_OPEN:
        raise TooMany(_TOO_MANY)


def _convert(market: Market, import_id: str, key: DataKey, name: str) -> None:
    """In a thread: reading a large file takes seconds."""
    rows = converted_spool(market, import_id, key)
    try:
        market.doors.sheet_as_csv(spooled(market, import_id, key, name), rows.write)
        rows.flush()
    finally:
        rows.close()
    put_converted(market, import_id)


def parse_rate(rate: str) -> float | None:
    """`20/s`, `20`, `600/min`, `5000/h` as rows a second; 0 for as they come. None when it is no rate."""
    if not rate:
        return 0.0
    found = _RATE.fullmatch(rate)
    if found is None or not float(found[1]):
        return None
    return float(found[1]) / _SECONDS[found[2] or "s"]


def as_text(columns: Columns) -> str:
    return json.dumps({"columns": dict(columns.columns), "constants": dict(columns.constants)})


def columns_of(row: ImportRow) -> Columns:
    return Columns(**json.loads(row.mapping))


async def set_columns(market: Market, row: ImportRow, columns: Columns) -> None:
    """Say how its columns become fields. What a dry run found with other columns is forgotten."""
    await _move(market, row, Move(("new", "checked"), state="new", mapping=as_text(columns)))


async def check(market: Market, row: ImportRow) -> None:
    """Have the whole file read as an import would."""
    now = market.clock.now()
    payload: dict[str, object] = {"import": row.id}
    work = job(market, f"import:{row.id}", CHECK_IMPORT, payload, now, now, f"check:{row.id}")
    move = Move(("new", "checked"), "checking", "check")
    if not await market.db.write(move_import, row.id, move, now, None, work):
        raise NotNow(await _standing(market, row.id))


async def start(
    market: Market,
    row: ImportRow,
    actor: Actor,
    *,
    rate: str | None = None,
    stop_percent: int | None = None,
    again: bool = False,
    sort: str | None = None,
    hours: str | None = None,
) -> None:
    """Sell it, from its first row or on from where it stopped. `again`: although the same file was imported before.

    `sort` is the order of its rows, chosen before the first is sold. None leaves what it is, an empty word means none.
    Of two that begin with the same file at once one is started. Raises `NotNow` and `SameFile`.
    """
    now = market.clock.now()
    sort = sort if row.started_at is None else None
    unsorted = (sort or row.sort) != FILE and not await market.db.read(has_order, row.id)
    kind = SORT_IMPORT if unsorted else IMPORT
    work = job(market, f"import:{row.id}", kind, {"import": row.id}, now, now, f"{kind}:{row.id}")
    move = Move(("new", "checked", "paused", "running"), "running", "run", rate, stop_percent, sort=sort, hours=hours)
    word = "import.started" if row.started_at is None else "import.resumed"
    line = audit_line(market.ids, now, actor, word, f"campaign:{row.campaign_id}", after={"import": row.id})
    if row.started_at is None and not again:
        done = await market.db.write(start_once, row, move, now, line, work)
    else:
        done = await market.db.write(move_import, row.id, move, now, line, work)
    if isinstance(done, ImportRow):
        raise SameFile(done)
    if not done:
        raise NotNow(await _standing(market, row.id))


async def pause(market: Market, row: ImportRow, actor: Actor) -> None:
    """It stops before its next row."""
    await _told(market, row, actor, "import.paused", (Move(("running",), wanted="pause"),))


async def cancel(market: Market, row: ImportRow, actor: Actor) -> None:
    """It ends where it is. What was sold stays sold; the file of one that never began is deleted."""
    at_work = Move(("running", "checking"), wanted="cancel")
    at_rest = Move(("new", "checked", "paused"), state="cancelled", wanted="cancel")
    await _told(market, row, actor, "import.cancelled", (at_work, at_rest))
    await forget_unbegun(market, row.id)


async def find(market: Market, import_id: str) -> ImportRow | None:
    return await market.db.read(find_import, import_id)


async def of_source(market: Market, source: str, digest: bytes) -> ImportRow | None:
    """The import of the same bytes that the source brought before."""
    return await market.db.read(import_of_source, source, digest)


async def newest_of_source(market: Market, source: str, limit: int) -> list[ImportRow]:
    return await market.db.read(imports_of_source, source, limit)


async def note_refused(market: Market, bringing: Bringing, digest: bytes, why: str) -> ImportRow:
    """A file from a source that cannot be imported is listed with the reason. Nothing of it is kept."""
    now = market.clock.now()
    row = ImportRow(
        market.ids.new("imp", now),
        bringing.campaign.id,
        bringing.mode.value,
        shown_name(bringing.name),
        digest,
        as_text(Columns()),
        "",
        now,
        state="refused",
        changed_at=now,
        source=bringing.source,
        channel=bringing.channel,
        made_by=bringing.actor.name,
        problem=why,
    )
    line = audit_line(market.ids, now, bringing.actor, "import.refused", f"campaign:{row.campaign_id}")
    await market.db.write(begin_import, row, line)
    return row


def shown_name(name: str) -> str:
    """A file's name as it may be kept and shown: without folders and control characters, and of one that holds a
    phone or an email address its ending alone.
    """
    shown = _NOT_SHOWN.sub("_", name)[-FILE_NAME_CHARACTERS:] or "leads"
    return f"leads{Path(shown).suffix[:_ENDING]}" if looks_personal(shown) else shown


async def before(market: Market, row: ImportRow) -> list[ImportRow]:
    """Earlier imports of the same file into the same campaign, newest first."""
    found = await market.db.read(imports_of_file, row.file_hash, row.campaign_id, row.mode)
    return [each for each in found if each.id != row.id]


async def _told(market: Market, row: ImportRow, actor: Actor, word: str, moves: tuple[Move, ...]) -> None:
    now = market.clock.now()
    for move in moves:
        line = audit_line(market.ids, now, actor, word, f"campaign:{row.campaign_id}", after={"import": row.id})
        begun = move.state == "cancelled" and row.started_at is not None
        over = tell_import(market, row, "cancelled", now) if begun else ()
        if await market.db.write(move_import, row.id, move, now, line, *over):
            return
    raise NotNow(await _standing(market, row.id))


async def _move(market: Market, row: ImportRow, move: Move) -> None:
    if not await market.db.write(move_import, row.id, move, market.clock.now()):
        raise NotNow(await _standing(market, row.id))


async def _standing(market: Market, import_id: str) -> str:
    row = await market.db.read(find_import, import_id)
    return f"It is {row.state if row is not None else 'gone'}."


async def note_taken(market: Market, row: ImportRow, actor: Actor) -> None:
    """That somebody took the result, which holds the people of the file."""
    after: dict[str, object] = {"file": shown_name(row.file_name), "rows": row.done_rows}
    line = audit_line(market.ids, market.clock.now(), actor, "import.result_taken", f"import:{row.id}", after=after)
    await market.db.write(record, line)
