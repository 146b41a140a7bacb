"""The sockets that several workers share: bound at the start, so that a port that is taken is told at once."""

from __future__ import annotations

import socket
from contextlib import suppress

from exchange import limits


class Listening:
    """Sockets bound to every address that `host` means; `listen` opens them to clients."""

    def __init__(self, host: str, port: int) -> None:
        self.sockets: list[socket.socket] = []
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        try:
            for family, kind, protocol, _, place in dict.fromkeys(found):
                bound = socket.socket(family, kind, protocol)
                self.sockets.append(bound)
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                bound.setblocking(False)
                bound.bind((place[0], port or self._port, *place[2:]))
        except BaseException:
            self.close()
            raise

    @property
    def _port(self) -> int:
        """Where the first is bound; 0 while none is: then the system chooses."""
        with suppress(IndexError, OSError):
            return int(self.sockets[0].getsockname()[1])
        return 0

    @property
    def address(self) -> str:
        return f"{self.sockets[0].getsockname()[0]}:{self._port}"

    def listen(self) -> None:
        """Raises `OSError` when another program listens there."""
        for each in self.sockets:
            each.listen(limits.BACKLOG)

    def close(self) -> None:
        for each in self.sockets:
            each.close()
