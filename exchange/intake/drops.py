"""File servers looked at: each file becomes an import, and is moved with its result when that is done.

A file counts when it looked the same in two polls. What has been made of which file stands in the cursor; when that was
lost the file is read again, and its bytes say that it is imported already.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

import orjson

from exchange import limits
from exchange.courier.remote import RemoteDown, RemoteFile, RemoteFolder, RemoteRefused, open_folder
from exchange.flows import import_desk as desk
from exchange.flows.doors import NotPolled
from exchange.flows.import_files import FileGone, result_of
from exchange.flows.import_results import result_suffix
from exchange.flows.market import Market
from exchange.intake.batch import BadFile
from exchange.intake.bring_file import BadColumns, bring_file
from exchange.model.actor import SYSTEM
from exchange.model.batch import Columns
from exchange.model.importing import ImportRow
from exchange.model.source import Polled
from exchange.sources.document import Source
from exchange.sources.drop import DropDocument, Selling

_UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class Note:
    """A file as it was seen, and the import that it became, if it did."""

    size: int
    changed: str
    import_id: str = ""

    def is_of(self, file: RemoteFile) -> bool:
        return (self.size, self.changed) == (file.size, file.changed)


async def poll(market: Market, source: Source, cursor: str) -> AsyncIterator[Polled]:
    document = source.document
    assert isinstance(document, DropDocument)
    try:
        async with open_folder(document.place(source.secrets), market.outside.dial) as folder:
            visit = _Visit(market, source, document, folder, _read(cursor))
            async for _ in visit.steps():
                yield Polled((), _written(visit.notes))
            yield Polled((), _written(visit.notes))
    except (RemoteDown, RemoteRefused) as error:
        raise NotPolled(str(error)) from None
    if visit.problems:
        raise NotPolled(visit.problems[0])


def _read(cursor: str) -> dict[str, Note]:
    return {name: Note(*note) for name, note in orjson.loads(cursor).items()} if cursor else {}


def _written(notes: dict[str, Note]) -> str:
    return orjson.dumps({name: [each.size, each.changed, each.import_id] for name, each in notes.items()}).decode()


def bringing_of(market: Market, source: Source, name: str, channel: str) -> desk.Bringing:
    """Who brings a file of a source. Raises `NotPolled` when its campaign is gone."""
    campaign = market.deals.campaigns.get(source.campaign_id)
    if campaign is None:
        raise NotPolled(f"There is no campaign {source.campaign_id}.")
    return desk.Bringing(campaign, source.mode, name, SYSTEM, channel, source.name)


async def begin(market: Market, source: Source, spool: desk.Spool, bringing: desk.Bringing, how: Selling) -> ImportRow:
    """A file that came whole is imported at once; the same bytes again are the same import.

    Raises `BadFile` when it cannot be read or went into the campaign before by another way, and `NotPolled` when its
    source is not as it should be.
    """
    row = await desk.of_source(market, source.name, spool.digest)
    if row is not None:
        spool.drop()
    else:
        given = Columns(source.document.columns, source.document.constants)
        try:
            row = await bring_file(market, spool, bringing, given)
        except BadColumns as error:
            raise NotPolled(f"The source's columns: {error}") from None
    if row.state == "new":
        await _start(market, row, how)
    return row


async def _start(market: Market, row: ImportRow, how: Selling) -> None:
    try:
        await desk.start(
            market, row, SYSTEM, rate=how.rate, stop_percent=how.stop_percent, sort=how.order, hours=how.hours
        )
    except desk.SameFile as same:
        await desk.cancel(market, row, SYSTEM)
        raise BadFile(f"{row.file_name} went into this campaign before, as {same.earlier.id}.") from None


def result_name(row: ImportRow) -> str:
    """`november.xlsx.result.csv`."""
    suffix = result_suffix(row.layout) if row.layout is not None else "csv"
    return f"{row.file_name}.result.{suffix}"


@dataclass(slots=True)
class _Visit:
    """One look at a drop. `steps` stops after everything that should be durable before the next."""

    market: Market
    source: Source
    document: DropDocument
    folder: RemoteFolder
    notes: dict[str, Note]
    problems: list[str] = field(default_factory=list)
    brought: int = 0

    async def steps(self) -> AsyncIterator[None]:
        there = {file.name: file for file in await self.folder.files() if self.document.wants(file.name)}
        self.notes = {name: note for name, note in self.notes.items() if name in there}
        for name, file in sorted(there.items()):
            note = self.notes.get(name)
            if note is None or not note.is_of(file):  # it may still be growing
                self.notes[name] = Note(file.size, file.changed)
            elif note.import_id:
                if await self._moved(name, note.import_id):
                    del self.notes[name]
                    yield
            elif self.brought < limits.DROPS_A_POLL:
                self.brought += 1
                await self._bring(file)
                yield

    async def _bring(self, file: RemoteFile) -> None:
        bringing = bringing_of(self.market, self.source, file.name, self.document.protocol)
        if file.size > limits.IMPORT_BYTES:
            most = limits.IMPORT_BYTES // 1024 // 1024
            await self._refuse(bringing, b"", f"{file.name} is larger than {most} MB. Cut it into several files.")
            return
        spool = desk.Spool(self.market)
        try:
            async with aclosing(self.folder.read(file.name)) as blocks:  # also when it is too large to go on
                async for block in blocks:
                    spool.write(block)
            if spool.size != file.size:  # it grew after all
                spool.drop()
                self.notes[file.name] = Note(spool.size, "")
                return
            row = await begin(self.market, self.source, spool, bringing, self.document.selling)
        except (BadFile, desk.TooLarge) as error:
            spool.drop()
            await self._refuse(bringing, spool.digest, str(error))
            return
        except BaseException:
            spool.drop()
            raise
        self.notes[file.name] = replace(self.notes[file.name], import_id=row.id)

    async def _moved(self, name: str, import_id: str) -> bool:
        """Move a file whose import is over. False when it is not, or may not be moved."""
        row = await desk.find(self.market, import_id)
        if row is None or row.state == "refused":
            return await self._put_away(name, self.document.failed, f"{name}.error.txt", _text(_why(row)))
        if row.state == "new":
            return await self._started(name, row)
        if row.state == "cancelled":
            return await self._put_away(name, self.document.failed, f"{name}.error.txt", _text("It was cancelled."))
        if row.state != "done":
            return False
        try:
            blocks: Iterable[bytes] = result_of(self.market, row)
        except FileGone as error:
            return await self._put_away(name, self.document.done, f"{name}.error.txt", _text(str(error)))
        suffix = result_name(row).removeprefix(row.file_name)
        return await self._put_away(name, self.document.done, f"{name}{suffix}", blocks)

    async def _started(self, name: str, row: ImportRow) -> bool:
        """What a process that died brought and did not start."""
        try:
            await _start(self.market, row, self.document.selling)
        except BadFile as error:
            return await self._put_away(name, self.document.failed, f"{name}.error.txt", _text(str(error)))
        return False

    async def _refuse(self, bringing: desk.Bringing, digest: bytes, why: str) -> None:
        row = await desk.note_refused(self.market, bringing, digest, why)
        if await self._put_away(bringing.name, self.document.failed, f"{bringing.name}.error.txt", _text(why)):
            del self.notes[bringing.name]
        else:
            self.notes[bringing.name] = replace(self.notes[bringing.name], import_id=row.id)

    async def _put_away(self, name: str, below: str, beside: str, content: Iterable[bytes]) -> bool:
        """First what is told of it, whole, then the file itself: whoever sees the file there can read what became of
        it."""
        try:
            await self.folder.make(below)
            await self.folder.write(f"{below}/{beside}{_UNFINISHED}", _sent(content))
            await self.folder.move(f"{below}/{beside}{_UNFINISHED}", f"{below}/{beside}")
            await self.folder.move(name, f"{below}/{name}")
        except RemoteRefused as error:
            self.problems.append(f"{name} cannot be moved to {below}. {error}")
            return False
        return True


def _why(row: ImportRow | None) -> str:
    return (row.problem if row is not None else None) or "It could not be imported."


def _text(sentence: str) -> Iterable[bytes]:
    return (f"{sentence}\n".encode(),)


async def _sent(content: Iterable[bytes]) -> AsyncIterator[bytes]:
    for block in content:
        yield block
