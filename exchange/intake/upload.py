"""A large file in, straight to where it is kept: as part of a form, or as the body itself. Nothing of it is held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import BodyPartReader, ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from exchange import limits
from exchange.intake.connection import GuardedConnection
from exchange.intake.flat import Refused
from exchange.model.reason import Reason

_CHUNK_BYTES = 64 * 1024
_FORM_FIELDS = 50
_FIELD_BYTES = 64 * 1024
_MULTIPART = "multipart/form-data"


class Into(Protocol):
    """Where the file goes."""

    def write(self, data: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Sent:
    """What came with a file: the fields of its form, and the name it was sent under ("" when it has none)."""

    fields: Mapping[str, str] = field(default_factory=dict)
    name: str = ""


class NoFile(Exception):
    """Nothing to keep was sent, or it broke off. `refused` says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.refused = Refused(Reason.BAD_REQUEST, status, message, closes=True)


async def receive(request: web.Request, begin: Callable[[Sent], Into]) -> Sent:
    """Read one file into what `begin` opens. It is called when the file begins, with the fields before it; what is
    returned holds those behind it too, since many clients send the file first.

    What `begin` or its `write` raises ends the reading. Raises `NoFile`. After either the rest is dropped: the answer
    must be sent with `response.force_close()`.
    """
    try:
        await grant(request)
        async with asyncio.timeout(limits.IMPORT_SECONDS):
            if request.content_type == _MULTIPART:
                return await _from_form(request, begin)
            return await _whole_body(request, begin)
    except TimeoutError:
        drop_rest(request)
        raise NoFile(408, f"The file did not arrive within {limits.IMPORT_SECONDS:g} seconds.") from None
    except (ClientError, web.RequestPayloadError, ConnectionError):
        drop_rest(request)
        raise NoFile(400, "The file broke off.") from None
    except BaseException:
        drop_rest(request)
        raise


async def grant(request: web.Request) -> None:
    """Clients hold a large body back until they are told that it is wanted."""
    if request.headers.get("Expect", "").strip().lower() == "100-continue" and not request.content.is_eof():
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # the answer proper is still to be sent


async def _whole_body(request: web.Request, begin: Callable[[Sent], Into]) -> Sent:
    sent = Sent(dict(request.query), request.query.get("name", ""))
    into = begin(sent)
    size = 0
    while chunk := await request.content.readany():
        size += len(chunk)
        into.write(chunk)
    if not size:
        raise NoFile(400, "The body is empty. Send the file as the body, or as the part file of multipart/form-data.")
    return sent


async def _from_form(request: web.Request, begin: Callable[[Sent], Into]) -> Sent:
    fields: dict[str, str] = {}
    name = ""
    try:
        form = await request.multipart()
        while (part := await form.next()) is not None:
            if not isinstance(part, BodyPartReader) or len(fields) >= _FORM_FIELDS:
                raise NoFile(400, "The form is not readable: too many parts, or a form within it.")
            if part.filename is None:
                fields[part.name or ""] = (await _short(part)).decode("utf-8", "replace")
                continue
            if not part.filename:  # the form of a browser without a file chosen
                continue
            if name:
                raise NoFile(400, "More than one file was sent. Send one at a time.")
            _check_plain(part)
            name = part.filename
            into = begin(Sent(dict(fields), name))
            while chunk := await part.read_chunk(_CHUNK_BYTES):
                into.write(chunk)
    except (ValueError, AssertionError, HttpProcessingError) as error:
        raise NoFile(400, "The multipart body is not readable.") from error
    if not name:
        raise NoFile(400, "No file was sent. Choose one, or send it as the part file.")
    return Sent(fields, name)


def _check_plain(part: BodyPartReader) -> None:
    """A file comes as it is: unpacking it here would be one more place for bombs."""
    packed = part.headers.get("Content-Encoding", "identity").lower() != "identity"
    coded = part.headers.get("Content-Transfer-Encoding", "binary").lower() not in ("7bit", "8bit", "binary")
    if packed or coded:
        raise NoFile(415, "Send the file as it is, without Content-Encoding or Content-Transfer-Encoding.")


async def _short(part: BodyPartReader) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        data += chunk
        if len(data) > _FIELD_BYTES:
            raise NoFile(413, f"The field {part.name} is larger than {_FIELD_BYTES // 1024} KB.")
    return bytes(data)


def drop_rest(request: web.Request) -> None:
    """What is still sent of the body goes unread; the answer must be sent with `response.force_close()`."""
    if isinstance(request.protocol, GuardedConnection) and not request.content.is_eof():
        request.protocol.refuse_rest()
