"""Files that people bring with a form: its token comes before the file, and a small file is held whole."""

from __future__ import annotations

from aiohttp import web

from exchange.intake.upload import Sent, receive
from exchange.web.auth import is_token
from exchange.web.render import SESSION


class NotFromHere(Exception):
    """The form's token is missing."""


class HeldTooLarge(Exception):
    """The sentence says how large a file may be."""


class Held:
    """A file of at most `most` bytes, held whole. Writing more raises `HeldTooLarge`."""

    def __init__(self, most: int) -> None:
        self.data = bytearray()
        self._most = most

    def write(self, data: bytes) -> None:
        if len(self.data) + len(data) > self._most:
            raise HeldTooLarge(f"The file is larger than {self._most // 1024**2} MB. Cut it into several.")
        self.data += data


async def receive_held(request: web.Request, most: int) -> tuple[Sent, bytes]:
    """What came with a file, and the file. Raises `NotFromHere`, `HeldTooLarge` and `NoFile`: then part of it may be
    unread, and the answer must be `closed`."""
    held = Held(most)

    def begin(sent: Sent) -> Held:
        require_token(request, sent)
        return held

    return await receive(request, begin), bytes(held.data)


def require_token(request: web.Request, sent: Sent) -> None:
    """Raises `NotFromHere`."""
    if not is_token(request[SESSION], sent.fields):
        raise NotFromHere


def closed(response: web.StreamResponse) -> web.StreamResponse:
    """Part of the form may be unread."""
    response.force_close()
    return response
