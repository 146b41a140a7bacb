"""Pictures that people bring: what they are is read from their bytes, and what else a file may hold is refused."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

from exchange import limits

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_STARTS = frozenset({0xC0, 0xC1, 0xC2})  # frames that browsers draw: baseline, extended, progressive
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_SCAN, _END = 0xDA, 0xD9


class BadPicture(Exception):
    """The sentence says what a logo may be."""


class Picture(NamedTuple):
    """`kind` is png or jpg; sides are in pixels."""

    kind: str
    width: int
    height: int


def read_picture(body: bytes) -> Picture:
    """What a file is. Raises `BadPicture`."""
    if len(body) > limits.LOGO_BYTES:
        raise BadPicture(f"A logo has at most {limits.LOGO_BYTES // 1024} KB. This file has {len(body) // 1024:,} KB.")
    if body.startswith(_PNG):
        found = _png(body)
    elif body.startswith(_JPEG):
        found = _jpeg(body)
    elif b"<svg" in body[:2_000].lower():
        raise BadPicture("SVG is not taken: such a file can hold a program. Save the logo as PNG.")
    else:
        raise BadPicture("A logo is a PNG or a JPEG. This file is neither, whatever it is called.")
    if not (1 <= found.width <= limits.LOGO_PIXELS and 1 <= found.height <= limits.LOGO_PIXELS):
        raise BadPicture(
            f"A logo is at most {limits.LOGO_PIXELS} pixels wide and high. Got {found.width} by {found.height}."
        )
    return found


def _png(body: bytes) -> Picture:
    """Chunk by chunk to its end, each as its sum says: nothing stands behind it."""
    at, found = len(_PNG), None
    while at + 12 <= len(body):
        length, name = struct.unpack_from(">I4s", body, at)
        data = body[at + 8 : at + 8 + length]
        if len(data) < length or body[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(name + data)):
            break
        if found is None:
            if name != b"IHDR" or length != 13:
                break
            found = Picture("png", *struct.unpack_from(">II", data))
        at += 12 + length
        if name == b"IEND":
            if at == len(body):
                return found
            break
    raise BadPicture("This PNG is not whole, or something stands behind it. Save it again.")


def _jpeg(body: bytes) -> Picture:
    """Marker by marker to the picture's lines; its last two bytes end it."""
    at, found = 2, None
    while at + 4 <= len(body) and body[at] == 0xFF:
        marker = body[at + 1]
        if marker in _ALONE or marker == 0xFF:
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", body, at + 2)
        if marker in _STARTS and at + 9 <= len(body):
            height, width = struct.unpack_from(">HH", body, at + 5)
            found = Picture("jpg", width, height)
        if marker == _SCAN:
            break
        at += 2 + length
    if found is None or body[-2:] != bytes((0xFF, _END)):
        raise BadPicture("This JPEG is not whole, or something stands behind it. Save it again.")
    return found
