"""The demo's neighbours that are no buyers over HTTP: a mailbox, a drop, a telephone company. All real, all on this
machine. A peer is one file here and one line in `peers`."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from exchange.clock import Clock

HOST = "127.0.0.1"
FOLDER = "peers"


@dataclass(frozen=True, slots=True)
class Site:
    """Where a peer lives: a folder of its own, and the port it really has by the one the demo's documents name.

    `exchange` is the exchange's own clock, which may stand still: by it is signed what calls back there.
    """

    folder: Path
    ports: Mapping[int, int]
    clock: Clock
    exchange: Clock


@dataclass(frozen=True, slots=True)
class Peer:
    """A server. While `listening` is open it answers at its ports; it yields the secrets connections need for it."""

    name: str
    ports: tuple[int, ...]
    listening: Callable[[Site], AbstractAsyncContextManager[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """All that listen: real ports by those of the documents, and the secrets for them by name."""

    ports: Mapping[int, int]
    secrets: Mapping[str, str]


def peers() -> tuple[Peer, ...]:
    """Every peer of the demo's market, in alphabetical order."""
    from exchange.demo.peers.adverts import adverts
    from exchange.demo.peers.crm import crm
    from exchange.demo.peers.faxes import faxes
    from exchange.demo.peers.filehouse import filehouse
    from exchange.demo.peers.gateways import gateways
    from exchange.demo.peers.letterbox import letterbox
    from exchange.demo.peers.mailroom import mailroom
    from exchange.demo.peers.platforms import platforms
    from exchange.demo.peers.receivers import receivers
    from exchange.demo.peers.telephone import telephone
    from exchange.demo.peers.till.server import till
    from exchange.demo.peers.vendors import vendors

    return (
        adverts(),
        crm(),
        faxes(),
        filehouse(),
        gateways(),
        letterbox(),
        mailroom(),
        platforms(),
        receivers(),
        telephone(),
        till(),
        vendors(),
    )


@asynccontextmanager
async def neighbours(
    found: Sequence[Peer], folder: Path, clock: Clock, own: Iterable[int] = (), exchange: Clock | None = None
) -> AsyncIterator[Neighbours]:
    """The peers at their own ports, or, when one of those is taken, all at free ones; `own` are those we listen at.
    `exchange` is the clock of the exchange, if it is another than theirs."""
    ports = free_ports([*own, *(port for peer in found for port in peer.ports)])
    secrets: dict[str, str] = {}
    async with AsyncExitStack() as open_now:
        for peer in found:
            place = folder / FOLDER / peer.name
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            site = Site(place, {port: ports[port] for port in peer.ports}, clock, exchange or clock)
            secrets |= await open_now.enter_async_context(peer.listening(site))
        yield Neighbours(ports, secrets)


def free_ports(wanted: Iterable[int]) -> dict[int, int]:
    """Each port by itself when all are free, else a free one for each."""
    named = list(wanted)
    try:
        return dict(zip(named, _bindable(named), strict=True))
    except OSError:
        return dict(zip(named, _bindable([0] * len(named)), strict=True))


def _bindable(ports: Sequence[int]) -> list[int]:
    """What they are once bound; all are held until the last is found. Raises `OSError` when one is taken."""
    with ExitStack() as held:
        return [_bound(held.enter_context(closing(socket.socket())), port) for port in ports]


def _bound(listener: socket.socket, port: int) -> int:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    return int(listener.getsockname()[1])
