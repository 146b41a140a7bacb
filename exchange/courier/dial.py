"""A name to a connected socket: every address is checked, and the checked one is the one that is connected to.

Everything that is not HTTP begins here: mail, file servers, proxies. Nothing else opens a socket.
"""

from __future__ import annotations

import asyncio
import socket

from exchange import limits
from exchange.courier.addresses import Addresses, ForbiddenAddress
from exchange.model.wire import Loss, Lost


class NotReached(Exception):
    """No connection was made. `lost` says why, in a sentence."""

    def __init__(self, lost: Lost) -> None:
        super().__init__(lost.detail)
        self.lost = lost


async def dial(host: str, port: int, addresses: Addresses, seconds: float = limits.CONNECT_SECONDS) -> socket.socket:
    """A socket connected to a checked address of this host, non-blocking. Raises `NotReached`."""
    tried = await find_addresses(host, port, addresses)
    if isinstance(tried, Lost):
        raise NotReached(tried)
    lost = Lost(Loss.CONNECT, f"No connection to {host} was made.")
    for address in tried:
        made = await _connect(host, address, port, seconds / len(tried))
        if isinstance(made, socket.socket):
            return made
        lost = made
    raise NotReached(lost)


async def find_addresses(host: str, port: int, addresses: Addresses) -> tuple[str, ...] | Lost:
    """The addresses of a host to try, in order, or why there are none."""
    try:
        async with asyncio.timeout(limits.CONNECT_SECONDS):
            found = await addresses.find(host, port)
    except ForbiddenAddress as error:
        return Lost(Loss.REFUSED_ADDRESS, str(error))
    except TimeoutError:
        return Lost(Loss.DNS, f"The name {host} was not resolved in time.")
    except (OSError, UnicodeError, ValueError):
        return Lost(Loss.DNS, f"The name {host} could not be resolved.")
    return found[: limits.ADDRESSES_TRIED]


async def _connect(host: str, address: str, port: int, seconds: float) -> socket.socket | Lost:
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    family, kind, protocol, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=flags)[0]
    made = socket.socket(family, kind, protocol)
    made.setblocking(False)
    connected = False
    try:
        async with asyncio.timeout(seconds):
            await asyncio.get_running_loop().sock_connect(made, place)
        connected = True
    except TimeoutError:
        return Lost(Loss.CONNECT, f"{host} did not take the connection in time.")
    except ConnectionRefusedError:
        return Lost(Loss.CONNECT, f"{host} refused the connection.")
    except OSError:
        return Lost(Loss.CONNECT, f"No connection to {host} was made.")
    finally:
        if not connected:
            made.close()
    return made
