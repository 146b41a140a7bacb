"""A file becomes the new state of a suppression list: read row by row, hashed on the way, put in force at once whole.

What is held of it is bounded whatever its size. Nothing of it is in force before all of it is, and a file with a row
that cannot be used is refused unless it was said to leave such rows out.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass

from exchange.flows.by_hand import audit_line
from exchange.flows.lists import Lists, take_up_lists
from exchange.flows.market import Market
from exchange.model.actor import SYSTEM, Actor
from exchange.model.suppression import ListRow, LoadRow, Purpose
from exchange.stages.suppression.forms import PLAIN
from exchange.stages.suppression.rows import BadList, Batch, Mode, RowReader
from exchange.storage.key_file import Heap, KeyFile, write_keys
from exchange.storage.suppression import (
    Swap,
    changes_of,
    lists_version,
    note_load,
    read_list,
    swap_file,
)

_TELL_ROWS = 200_000  # how often the progress is noted


@dataclass(frozen=True, slots=True)
class Options:
    """How a file is read. `hash` empty: its first row says. `column`: a name, or a number from 1. `dated_at` 0: now."""

    mode: Mode = Mode.REPLACE
    hash: str = ""
    column: str = ""
    leave_out_wrong: bool = False
    dated_at: int = 0

    def as_text(self) -> str:
        return json.dumps({**asdict(self), "mode": self.mode.value})

    @classmethod
    def of(cls, text: str) -> Options:
        given = json.loads(text)
        return cls(**{**given, "mode": Mode(given["mode"])})


class Refused(Exception):
    """The file was not taken. `problems` say line by line why, as far as it goes by lines."""

    def __init__(self, sentence: str, problems: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a file: the list as it stands now, rows read and left out, and what was wrong with these."""

    row: ListRow
    rows: int
    left_out: int
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Work:
    """One file being read."""

    reader: RowReader
    added: Heap
    removed: Heap
    lists: Lists

    def take(self, data: bytes) -> None:
        self._keep(self.reader.feed(data))

    def end(self) -> None:
        self._keep(self.reader.end())

    def _keep(self, batch: Batch) -> None:
        kind, hash_name, key = self.reader.kind, self.reader.hash_name, self.lists.key
        self.added.add([key(kind, hash_name, token) for token in batch.added])
        self.removed.add([key(kind, hash_name, token) for token in batch.removed])


async def load(
    market: Market,
    row: ListRow,
    noted: LoadRow,
    options: Options,
    chunks: Iterable[bytes],
    actor: Actor,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> Loaded:
    """Read a file, make the list's next set of keys, and put it in force. Raises `Refused` and `OSError`.

    It is read in a thread; how far it has come is noted from time to time.
    """
    folded = await market.db.write(lists_version)
    row = await _still_there(market, row.id)
    if row.purpose.ages and not options.dated_at:
        raise Refused("Say of which day the registry's data are: they are good for some days only.")
    hash_name = options.hash or ("" if options.mode is Mode.REPLACE or not row.hash else row.hash)
    folder = market.lists.folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    work = _work(market, noted.id, RowReader(row.kind, hash_name, options.mode, options.column))
    try:
        await _read(market, work, chunks, noted, on_rows)
        reader = work.reader
        problems = tuple(str(each) for each in reader.wrong)
        if reader.wrong_rows and not options.leave_out_wrong:
            raise Refused(_wrong_rows(reader.wrong_rows), problems)
        held = row.hash if row.file else PLAIN if await market.db.write(changes_of, row.id, folded) else ""
        if held and reader.hash_name != held and options.mode is not Mode.REPLACE:
            raise Refused(f"The list holds {held} and this file is {reader.hash_name}: put it into another list.")
        if row.purpose is Purpose.REVOKED:
            raise Refused("What consumers took back is told one by one: put a file into a list of its own.")
        made = await _put_in_force(market, row, noted.file_name, work, options, folded, actor)
        ended = _so_far(noted, reader, "done")._replace(rows=made.rows, ended_at=made.changed_at)
        await market.db.write(note_load, ended)
    except BaseException as error:
        await _note_end(market, noted, work.reader, error)
        raise
    finally:
        await asyncio.to_thread(_drop, work)
    return Loaded(made, work.reader.rows, work.reader.wrong_rows, problems)


async def fold(market: Market, list_id: str) -> None:
    """Put the single changes of a list into its file: they are held in memory as long as they are not."""
    folded = await market.db.write(lists_version)
    row = await _still_there(market, list_id)
    now = market.clock.now()
    work = _work(market, market.ids.new("lod", now), RowReader(row.kind, row.hash, Mode.ADD))
    market.lists.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        options = Options(Mode.ADD, row.hash, dated_at=row.dated_at)
        await _put_in_force(market, row, "", work, options, folded, SYSTEM)
    finally:
        await asyncio.to_thread(_drop, work)


def _work(market: Market, name: str, reader: RowReader) -> _Work:
    folder = market.lists.folder
    return _Work(reader, Heap(folder / f"{name}.added"), Heap(folder / f"{name}.removed"), market.lists)


async def _still_there(market: Market, list_id: str) -> ListRow:
    row = await market.db.write(read_list, list_id)
    if row is None:
        raise Refused("The list was removed meanwhile.")
    return row


async def _read(
    market: Market, work: _Work, chunks: Iterable[bytes], noted: LoadRow, on_rows: Callable[[int], None]
) -> None:
    """All of the file, a stretch at a time in a thread, so that the rest of the exchange goes on."""
    waiting = iter(chunks)
    more = True
    while more:
        try:
            more = await asyncio.to_thread(_stretch, work, waiting)
        except BadList as error:
            raise Refused(str(error)) from None
        on_rows(work.reader.rows)
        await market.db.write(note_load, _so_far(noted, work.reader, "reading"))


def _stretch(work: _Work, chunks: Iterator[bytes]) -> bool:
    """In a thread. False when the file is over."""
    until = work.reader.rows + work.reader.wrong_rows + _TELL_ROWS
    for chunk in chunks:
        work.take(chunk)
        if work.reader.rows + work.reader.wrong_rows >= until:
            return True
    work.end()
    return False


async def _put_in_force(
    market: Market, row: ListRow, file_name: str, work: _Work, options: Options, folded: int, actor: Actor
) -> ListRow:
    before = None
    if options.mode is not Mode.REPLACE:
        before = await _fold_late(market, row, work, folded)
    now = market.clock.now()
    name = f"{market.ids.new('key', now)}.keys"
    path = market.lists.folder / name
    try:
        rows = await asyncio.to_thread(write_keys, path, before, work.added, work.removed)
    finally:
        if before is not None:
            before.close()
    now = market.clock.now()
    dated_at = options.dated_at or now
    swap = Swap(row.id, row.file, name, rows, work.reader.hash_name, dated_at, folded, now, actor.name)
    after = {"rows": str(rows), "file": file_name, "mode": options.mode.value}
    line = audit_line(market.ids, now, actor, "suppression.loaded", f"list:{row.id}", after=after)
    made = await market.db.write(swap_file, swap, line)
    if made is None:
        path.unlink(missing_ok=True)
        raise Refused("The list was changed by somebody else meanwhile. Bring the file again.")
    if row.before_file:
        (market.lists.folder / row.before_file).unlink(missing_ok=True)  # nobody reads that one any more
    await take_up_lists(market.db, market.lists)
    return made


async def _fold_late(market: Market, row: ListRow, work: _Work, folded: int) -> KeyFile | None:
    """The set so far, opened. Single changes since then go with it, but where the file says otherwise."""
    late = {change.key: change.listed for change in await market.db.write(changes_of, row.id, folded)}
    gone = work.removed.among(late)
    work.added.add([key for key, listed in late.items() if listed and key not in gone])
    work.removed.add([key for key, listed in late.items() if not listed])
    return KeyFile(market.lists.folder / row.file) if row.file else None


def _so_far(noted: LoadRow, reader: RowReader, state: str) -> LoadRow:
    problems = tuple(str(each) for each in reader.wrong)
    return noted._replace(state=state, rows_read=reader.rows, rows_wrong=reader.wrong_rows, problems=problems)


async def _note_end(market: Market, noted: LoadRow, reader: RowReader, error: BaseException) -> None:
    """A file that was refused says why; a process that stops leaves it to be begun again."""
    if isinstance(error, Refused):
        ended = _so_far(noted, reader, "refused")
        told = ended.problems or (str(error),)
        await market.db.write(note_load, ended._replace(problems=told, ended_at=market.clock.now()))


def _wrong_rows(count: int) -> str:
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return f"{rows} cannot be used, so nothing of the file was taken. Mend them, or say that they may be left out."


def _drop(work: _Work) -> None:
    work.added.drop()
    work.removed.drop()
