"""Content codings of a reply, undone within the reply limit: a bomb is met at the limit, not after."""

from __future__ import annotations

import zlib

from exchange import limits
from exchange.model.wire import Loss, Lost

_GZIP = 16 + zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS


def unpack(body: bytes, coding: str, room: int = limits.REPLY_BYTES) -> bytes | Lost:
    """The body without its coding (`gzip`, `deflate`, `identity`), or why it cannot be had."""
    coding = coding.strip().lower()
    if coding in ("", "identity") or not body:
        return body
    if coding in ("gzip", "x-gzip"):
        return _inflate(body, _GZIP, room)
    if coding == "deflate":
        zlib_headed = body[0] & 0x0F == 8 and len(body) > 1 and (body[0] << 8 | body[1]) % 31 == 0
        return _inflate(body, zlib.MAX_WBITS if zlib_headed else _RAW, room)
    return Lost(Loss.NOT_HTTP, "The reply uses a content coding that was not asked for.")


def _inflate(body: bytes, window_bits: int, most: int) -> bytes | Lost:
    room = most + 1
    parts: list[bytes] = []
    while body:
        stream = zlib.decompressobj(window_bits)
        try:
            part = stream.decompress(body, room)
        except zlib.error:
            if parts:
                break  # what follows the last member is padding
            return Lost(Loss.NOT_HTTP, "The reply's compressed body cannot be unpacked.")
        parts.append(part)
        room -= len(part)
        if room <= 0:
            return Lost(Loss.TOO_LARGE, f"The reply is larger than {most // 1024} KB when unpacked.")
        if not stream.eof:
            return Lost(Loss.TRUNCATED, "The reply's compressed body ends too early.")
        if window_bits != _GZIP:
            break
        body = stream.unused_data
    return b"".join(parts)
