"""What the user of a drop sees by SFTP: a place to push files to, `done` with results, and `failed` with reasons."""

from __future__ import annotations

import asyncio
import posixpath
import stat
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import NoReturn

import asyncssh
from asyncssh.sftp import SFTPServerHandler

from exchange import limits
from exchange.courier.remote import is_name
from exchange.flows import import_desk as desk
from exchange.flows.doors import NotPolled
from exchange.flows.import_files import FileGone, result_of, result_size
from exchange.flows.market import Market
from exchange.flows.polls import is_paused
from exchange.intake.batch import BadFile
from exchange.intake.drops import begin, bringing_of, result_name
from exchange.log import logger
from exchange.model.importing import ImportRow
from exchange.sources.document import Source
from exchange.sources.drop import InboxDocument, is_unfinished

CHANNEL = "sftp"
LISTED = 200
_FOLDERS = ("/", "/done", "/failed")
_NO_DISK = "There is no disk here to be told of."
_FOLDER = stat.S_IFDIR | 0o755
_FILE = stat.S_IFREG | 0o644

_LOG = logger(__name__)


@dataclass(slots=True)
class Upload:
    """A file that is coming in. Once a write of it was `refused` it has a hole, and is no file any more."""

    name: str
    spool: desk.Spool
    refused: bool = False


@dataclass(slots=True)
class Download:
    """A result that is read from its beginning on. `left` is what was unsealed and not asked for yet."""

    row: ImportRow
    blocks: Iterator[bytes]
    at: int = 0
    left: bytearray = field(default_factory=bytearray)


class Inbox:
    """One user's drop. `sizes` are of files pushed lately, which senders compare with theirs."""

    def __init__(self, market: Market, source: str, sizes: OrderedDict[tuple[str, str], int], kept: int) -> None:
        self.market, self.name = market, source
        self._sizes, self._kept = sizes, kept

    @property
    def source(self) -> Source:
        """As it stands now: it may have been changed since its user signed in."""
        source = self.market.sources.get(self.name)
        if source is None:
            raise asyncssh.SFTPPermissionDenied("This drop is closed.")
        return source

    async def check_open(self) -> None:
        if await is_paused(self.market, self.source.name):
            raise asyncssh.SFTPFailure("This drop is paused. Send the file later.")

    async def take(self, upload: Upload) -> None:
        """A whole file becomes an import. It is durable, or the sender hears why not."""
        source, document = self.source, self.source.document
        assert isinstance(document, InboxDocument)
        bringing = bringing_of(self.market, source, upload.name, CHANNEL)
        try:
            await begin(self.market, source, upload.spool, bringing, document.selling)
        except BadFile as error:
            upload.spool.drop()
            await desk.note_refused(self.market, bringing, upload.spool.digest, str(error))
            raise asyncssh.SFTPFailure(str(error)) from None
        except BaseException:
            upload.spool.drop()
            raise
        self.remember(upload.name, upload.spool.size)

    async def entries(self) -> dict[str, ImportRow]:
        """By path: files that are imported now, results, and reasons. Of two with one name the newer counts."""
        found: dict[str, ImportRow] = {}
        for row in await desk.newest_of_source(self.market, self.name, LISTED):
            found.setdefault(_path_of(row), row)
        return found

    async def pushed(self, name: str) -> asyncssh.SFTPAttrs:
        """A file that is not listed any more, as its sender asks whether it arrived. Many hear of a refusal only so."""
        for row in await desk.newest_of_source(self.market, self.name, LISTED):
            if row.file_name == name and row.state == "refused":
                raise asyncssh.SFTPFailure(row.problem or "It was refused.")
            if row.file_name == name:
                return asyncssh.SFTPAttrs(size=self._sizes.get((self.name, name), 0), permissions=_FILE)
        raise asyncssh.SFTPNoSuchFile("There is no such file.")

    async def attributes(self, row: ImportRow) -> asyncssh.SFTPAttrs:
        if row.state == "done":
            size = await self._size_of_result(row)
        elif row.state in ("refused", "cancelled"):
            size = len(_reason(row))
        else:
            size = self._sizes.get((self.name, row.file_name), 0)
        seconds = row.changed_at // 1000
        return asyncssh.SFTPAttrs(size=size, permissions=_FILE, atime=seconds, mtime=seconds)

    async def _size_of_result(self, row: ImportRow) -> int:
        """To know it the whole result must be unsealed: in a thread, and once."""
        known = self._sizes.get((self.name, row.id))
        if known is None:
            known = await asyncio.to_thread(result_size, self.market, row)
            self.remember(row.id, known)
        return known

    def remember(self, name: str, size: int) -> None:
        self._sizes[(self.name, name)] = size
        while len(self._sizes) > self._kept:
            self._sizes.popitem(last=False)


class Shelf(asyncssh.SFTPServer):
    """One session. asyncssh calls its methods by their names, one after another."""

    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], inbox: Inbox) -> None:
        super().__init__(channel)
        self._inbox = inbox
        self._broken = False
        self._unfinished: dict[str, Upload] = {}
        self._open = 0  # uploads whose bytes lie on the disk and are no import yet

    async def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> Upload | Download:
        where = _normal(path)
        if pflags & asyncssh.FXF_WRITE:
            return await self._begin(where)
        row = (await self._inbox.entries()).get(where)
        if row is None:
            raise asyncssh.SFTPNoSuchFile("There is no such file.")
        return Download(row, self._content(row))

    async def _begin(self, where: str) -> Upload:
        folder, name = posixpath.split(where)
        if folder != "/":
            raise asyncssh.SFTPPermissionDenied("Files are pushed to the first folder.")
        if not is_name(name):
            raise asyncssh.SFTPPermissionDenied("A file's name is one line of at most 200 characters.")
        await self._inbox.check_open()
        if self._open >= limits.SFTP_UPLOADS:
            raise asyncssh.SFTPFailure(f"{limits.SFTP_UPLOADS} files are unfinished here. End or remove one first.")
        upload = Upload(name, desk.Spool(self._inbox.market))
        self._open += 1
        return upload

    def _content(self, row: ImportRow) -> Iterator[bytes]:
        if row.state in ("refused", "cancelled"):
            return iter((_reason(row),))
        try:
            return result_of(self._inbox.market, row)
        except FileGone:
            raise asyncssh.SFTPPermissionDenied("It is being imported; its result comes to the folder done.") from None

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        if not isinstance(file_obj, Upload):
            raise asyncssh.SFTPPermissionDenied("It is only read.")
        if offset != file_obj.spool.size:
            file_obj.refused = True
            raise asyncssh.SFTPFailure("A file is sent from its beginning to its end; none is resumed in the middle.")
        try:
            file_obj.spool.write(data)
        except desk.TooLarge as error:
            file_obj.refused = True
            raise asyncssh.SFTPFailure(str(error)) from None
        except OSError:  # asyncssh tells it
            file_obj.refused = True
            raise
        return len(data)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        if not isinstance(file_obj, Download):
            raise asyncssh.SFTPPermissionDenied("It is only written.")
        if offset < file_obj.at:
            file_obj.blocks, file_obj.at = self._content(file_obj.row), 0
            file_obj.left.clear()
        while file_obj.at + len(file_obj.left) < offset + size and (block := next(file_obj.blocks, b"")):
            file_obj.left += block
            skipped = min(max(offset - file_obj.at, 0), len(file_obj.left))
            del file_obj.left[:skipped]
            file_obj.at += skipped
        begin = offset - file_obj.at
        found = bytes(file_obj.left[begin : begin + size]) if begin >= 0 else b""
        del file_obj.left[: begin + len(found)]
        file_obj.at += begin + len(found)
        return found

    async def close(self, file_obj: object) -> None:
        if not isinstance(file_obj, Upload):
            return
        if self._broken:  # nobody said that the file is whole
            file_obj.spool.drop()
            return
        if file_obj.refused:
            self._drop(file_obj)
            raise asyncssh.SFTPFailure("It broke off in the middle and was not kept. Send it again whole.")
        if is_unfinished(file_obj.name):
            self._put_aside(file_obj)
            return
        await self._take(file_obj)

    def _put_aside(self, upload: Upload) -> None:
        """Until it gets its real name. What had this one before is gone."""
        if before := self._unfinished.pop(upload.name, None):
            self._drop(before)
        self._unfinished[upload.name] = upload

    def _drop(self, upload: Upload) -> None:
        upload.spool.drop()
        self._open -= 1

    async def _take(self, upload: Upload) -> None:
        self._open -= 1
        try:
            await self._inbox.take(upload)
        except asyncssh.SFTPError:
            raise
        except NotPolled as error:
            raise asyncssh.SFTPFailure(str(error)) from None
        except Exception as error:
            _LOG.error("A pushed file was not kept", exc_info=error)
            raise asyncssh.SFTPFailure("It was not kept. Send it again later.") from None

    def break_off(self) -> None:
        """The session is over. What is closed from now on was not closed by its sender."""
        self._broken = True

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        old, (folder, name) = _normal(oldpath), posixpath.split(_normal(newpath))
        upload = self._unfinished.get(old.removeprefix("/"))
        if upload is None:
            raise asyncssh.SFTPPermissionDenied("Only a file that is unfinished gets another name.")
        if folder != "/" or not is_name(name):
            raise asyncssh.SFTPPermissionDenied("Files are pushed to the first folder.")
        del self._unfinished[upload.name]
        upload.name = name
        if is_unfinished(name):
            self._put_aside(upload)
        else:
            await self._take(upload)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        await self.rename(oldpath, newpath)

    async def remove(self, path: bytes) -> None:
        where = _normal(path)
        if upload := self._unfinished.pop(where.removeprefix("/"), None):
            self._drop(upload)
        elif where in await self._inbox.entries():
            raise asyncssh.SFTPPermissionDenied("What was pushed is imported; cancel it in the console.")
        else:
            raise asyncssh.SFTPNoSuchFile("There is no such file.")

    async def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        where = _normal(path)
        if where in _FOLDERS:
            return asyncssh.SFTPAttrs(permissions=_FOLDER)
        if upload := self._unfinished.get(where.removeprefix("/")):
            return asyncssh.SFTPAttrs(size=upload.spool.size, permissions=_FILE)
        row = (await self._inbox.entries()).get(where)
        if row is None:
            return await self._inbox.pushed(where.removeprefix("/"))
        return await self._inbox.attributes(row)

    async def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return await self.stat(path)

    async def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        if isinstance(file_obj, Upload):
            return asyncssh.SFTPAttrs(size=file_obj.spool.size, permissions=_FILE)
        assert isinstance(file_obj, Download)
        return await self._inbox.attributes(file_obj.row)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Senders set a time and rights; neither means anything here."""

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """As `setstat`."""

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        """As `setstat`."""

    def realpath(self, path: bytes) -> bytes:
        return _normal(path).encode()

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        where = _normal(path)
        if where not in _FOLDERS:
            raise asyncssh.SFTPNoSuchFile("There is no such folder.")
        for name in (b".", b"..", *((b"done", b"failed") if where == "/" else ())):
            yield asyncssh.SFTPName(name, attrs=asyncssh.SFTPAttrs(permissions=_FOLDER))
        for each, row in (await self._inbox.entries()).items():
            folder, name = posixpath.split(each)
            if folder == where:
                yield asyncssh.SFTPName(name.encode(), attrs=await self._inbox.attributes(row))

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        raise asyncssh.SFTPPermissionDenied("There are no folders to be made here.")

    def rmdir(self, path: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("The folders stay.")

    def readlink(self, path: bytes) -> bytes:
        raise asyncssh.SFTPPermissionDenied("There are no links here.")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("There are no links here.")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPPermissionDenied("There are no links here.")

    def statvfs(self, path: bytes) -> NoReturn:
        """asyncssh would ask the machine about its own disk, and tell which paths there are on it."""
        raise asyncssh.SFTPOpUnsupported(_NO_DISK)

    def fstatvfs(self, file_obj: object) -> NoReturn:
        """As `statvfs`."""
        raise asyncssh.SFTPOpUnsupported(_NO_DISK)

    def fsync(self, file_obj: object) -> None:
        raise asyncssh.SFTPOpUnsupported("A file is durable once closing it has succeeded, and not before.")

    def exit(self) -> None:
        for upload in self._unfinished.values():
            upload.spool.drop()


class Session(SFTPServerHandler):
    """Serves a shelf, and tells it when the session ends: asyncssh closes what is open then as if its sender had."""

    def __init__(
        self, shelf: Shelf, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes], version: int = 3
    ) -> None:
        super().__init__(shelf, reader, writer, version)
        self._shelf = shelf

    async def _cleanup(self, exc: Exception | None) -> None:
        self._shelf.break_off()
        await super()._cleanup(exc)


def _normal(path: bytes) -> str:
    try:
        return posixpath.normpath("/" + path.decode().lstrip("/"))
    except UnicodeDecodeError:
        raise asyncssh.SFTPFailure("Names are UTF-8.") from None


def _path_of(row: ImportRow) -> str:
    if row.state == "done":
        return f"/done/{result_name(row)}"
    if row.state in ("refused", "cancelled"):
        return f"/failed/{row.file_name}.error.txt"
    return f"/{row.file_name}"


def _reason(row: ImportRow) -> bytes:
    return f"{row.problem or 'It was cancelled.'}\n".encode()
