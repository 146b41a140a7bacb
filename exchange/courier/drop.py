"""Files into a folder of somebody's file server: written under another name first, so that it is there whole or not.

Nothing is handed over before the file gets its name: what breaks off earlier leaves `name.part`, which nobody takes
for a file and the next try writes anew. A server that will not let us in is one that is down; one that will not take
the file has replied.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from exchange.courier.addresses import Addresses
from exchange.courier.dial import dial
from exchange.courier.lane import Errand
from exchange.courier.remote import Dial, RemoteDown, RemoteRefused, open_folder
from exchange.model.wire import FileMessage, Loss, Lost, Place, Reply

STORED, NOT_STORED = 226, 550
"""The codes of FTP for a file that was taken and one that was not; SFTP has none of its own."""
UNFINISHED = ".part"
_BLOCK_BYTES = 64 * 1024


class FileLane:
    """Each file goes over a connection of its own: files are few, and minutes apart."""

    def __init__(self, addresses: Addresses) -> None:
        self._dial: Dial = lambda host, port: dial(host, port, addresses)

    async def send(self, message: FileMessage, errand: Errand) -> Reply | Lost:
        place, unfinished = message.place, message.name + UNFINISHED
        if place.protocol == "sftp" and not place.host_key:
            return await self._unpinned(place)
        try:
            async with open_folder(place, self._dial) as folder:
                errand.peer = folder.peer
                await folder.write(unfinished, _blocks(message.content))
                errand.mark()
                await folder.move(unfinished, message.name)
                return Reply(STORED, {}, f"{message.name}, {len(message.content)} bytes".encode())
        except RemoteRefused as refused:
            return Reply(NOT_STORED, {}, str(refused).encode())
        except RemoteDown as down:
            return down.lost if errand.written else _nothing_sent(down.lost)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def _unpinned(self, place: Place) -> Lost:
        """What to compare and write down: whoever answers at an address may be anybody."""
        from exchange.courier.host_keys import fingerprint  # its library is slow to import, and few exchanges use it

        try:
            seen = await fingerprint(place.host, place.port, self._dial)
        except RemoteDown as down:
            return _nothing_sent(down.lost)
        return Lost(Loss.TLS, f"No host_key is set. {place.host} shows {seen}: compare it, then write it down.")


async def _blocks(content: bytes) -> AsyncIterator[bytes]:
    for begin in range(0, len(content), _BLOCK_BYTES):
        yield content[begin : begin + _BLOCK_BYTES]


def _nothing_sent(lost: Lost) -> Lost:
    """Half a file under another name is no lead that arrived."""
    return Lost(Loss.CONNECT, lost.detail) if lost.why.sent else lost
