"""A form with a small file that may be left out: both are held in memory, within limits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

from aiohttp import BodyPartReader, ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from exchange.flows.returns import File

_FIELDS = 40
_FIELD_BYTES = 16 * 1024
_SECONDS = 60.0
_CHUNK_BYTES = 64 * 1024


class SmallForm(NamedTuple):
    fields: Mapping[str, str]
    file: File | None


class BadForm(Exception):
    """The sentence says what is wrong with what was sent. The rest of it is unread."""


async def read_small_form(
    request: web.Request, most_bytes: int, field_bytes: int = _FIELD_BYTES, fields: int = _FIELDS
) -> SmallForm:
    """A multipart form, or any other. A file that is larger than `most_bytes` is cut one byte after that, so that
    whoever looks at it sees that it is too large. Raises `BadForm`."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await _read(request, most_bytes, field_bytes, fields)
    except TimeoutError:
        raise BadForm("The form did not arrive in time.") from None
    except (ClientError, web.RequestPayloadError, ConnectionError):
        raise BadForm("The form broke off.") from None
    except (ValueError, AssertionError, HttpProcessingError):
        raise BadForm("The form is not readable.") from None


async def _read(request: web.Request, most_bytes: int, field_bytes: int, most_fields: int) -> SmallForm:
    fields: dict[str, str] = {}
    file = None
    form = await request.multipart()
    while (part := await form.next()) is not None:
        if not isinstance(part, BodyPartReader) or len(fields) >= most_fields:
            raise BadForm("The form is not readable: too many parts, or a form within it.")
        if part.filename is None:
            fields[part.name or ""] = (await _cut(part, field_bytes)).decode("utf-8", "replace").replace("\0", "\ufffd")
        elif part.filename:
            media = part.headers.get("Content-Type", "").partition(";")[0].strip().lower()
            file = File(part.filename, media, await _cut(part, most_bytes))
            if len(file.content) > most_bytes:
                break
    return SmallForm(fields, file)


async def _cut(part: BodyPartReader, most: int) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(_CHUNK_BYTES):
        data += chunk
        if len(data) > most:
            return bytes(data[: most + 1])
    return bytes(data)
