"""Which addresses may be connected to: checked after resolution, and the checked address is the one used."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from exchange import limits
from exchange.courier.url import BadUrl, split_url

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) to addresses as text; raises OSError when there are none."""

_FORBIDDEN: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "this host"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a carrier's private network"),
        ("127.0.0.0/8", "this machine"),
        ("168.63.129.16/32", "a cloud's metadata service"),
        ("169.254.169.254/32", "a cloud's metadata service"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private network"),
        ("198.18.0.0/15", "reserved for measurements"),
        ("198.51.100.0/24", "reserved for documentation"),
        ("203.0.113.0/24", "reserved for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::1/128", "this machine"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "link-local"),
        ("ff00::/8", "multicast"),
        ("2001::/23", "reserved (Teredo and others)"),
        ("2001:db8::/32", "reserved for documentation"),
        ("2002::/16", "a 6to4 tunnel"),
        ("3fff::/20", "reserved for documentation"),
    )
)
_PUBLIC_V6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_LOOPBACK_V4 = IPv4Network("127.0.0.0/8")
_OTHER_SCHEMES = re.compile(r"(?:ftps?|sftp|smtp)://", re.IGNORECASE)  # whose hosts are judged like those of HTTP
_LOCAL_SUFFIXES = (".localhost", ".local", ".internal", ".localdomain", ".home.arpa")


class ForbiddenAddress(Exception):
    """Every address of a name is one the exchange must not connect to. The text is a sentence."""


def forbidden(address: Address, allowed: Sequence[Network]) -> str | None:
    """Why this address must not be connected to ("a private network"), or None when it may."""
    if _within(address, allowed):
        return None
    inner = _embedded(address)
    if inner is not None:
        return forbidden(inner, allowed)
    for network, kind in _FORBIDDEN:
        if address.version == network.version and address in network:
            return kind
    if isinstance(address, IPv6Address) and address not in _PUBLIC_V6:
        return "reserved"
    return None


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address an IPv6 one really reaches (mapped, NAT64)."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def check_url(url: str, allowed: Sequence[Network] = ()) -> str | None:
    """A sentence for a person when this URL must not be saved, else None. Names are judged again when connecting."""
    if any(ord(character) <= 32 or ord(character) == 127 or character == "\\" for character in url):
        return "The URL must not hold blanks, control characters or backslashes."
    try:
        host = split_url(url).host
    except BadUrl as bad:
        return str(bad)
    address = _literal(host)
    if address is not None:
        kind = forbidden(address, allowed)
        return None if kind is None else f"The address {host} is {kind}; settings may allow a range."
    if host == "localhost" or host.endswith(_LOCAL_SUFFIXES) or "." not in host:
        if host.endswith("localhost") and any(_LOOPBACK_V4.overlaps(n) for n in allowed if isinstance(n, IPv4Network)):
            return None
        if allowed and not host.endswith("localhost"):
            return None  # a name of the operator's own network: its addresses decide when connecting
        return f"The name {host} belongs to a private network; settings may allow a range."
    return None


def check_server(url: str, allowed: Sequence[Network] = ()) -> str | None:
    """As `check_url`, where the address may also be one of a mail or file server."""
    return check_url(_OTHER_SCHEMES.sub("http://", url), allowed)


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """All addresses the system's resolver gives, in its order."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True, slots=True)
class _LookUp:
    answer: asyncio.Task[tuple[str, ...]]
    began: float


class Addresses:
    """Names to checked addresses, each look-up shared by all who wait for it and believed for 30 seconds."""

    def __init__(self, allowed: Sequence[Network] = (), resolver: Resolver = resolve_by_system) -> None:
        self._allowed = tuple(allowed)
        self._resolver = resolver
        self._known: dict[tuple[str, int], _LookUp] = {}

    async def find(self, host: str, port: int) -> tuple[str, ...]:
        """Addresses to connect to, at least one. Raises ForbiddenAddress or OSError (no such name)."""
        now = asyncio.get_running_loop().time()
        look_up = self._known.get((host, port))
        if look_up is None or _stale(look_up, now):
            if len(self._known) >= limits.ADDRESSES_KEPT:
                self._known.clear()
            look_up = _LookUp(asyncio.ensure_future(self._look_up(host, port)), now)
            look_up.answer.add_done_callback(_seen)
            self._known[(host, port)] = look_up
        return await asyncio.shield(look_up.answer)

    def refused_literal(self, host: str) -> str | None:
        """Why an address must not be connected to; None for one that may, and for every name."""
        literal = _literal(host)
        return forbidden(literal, self._allowed) if literal is not None else None

    async def _look_up(self, host: str, port: int) -> tuple[str, ...]:
        literal = _literal(host)
        texts = [host] if literal is not None else await self._resolver(host, port)
        found = {text: ip_address(text.partition("%")[0]) for text in texts}
        if not found:
            raise OSError(f"{host} has no address")
        refused = {text: kind for text, one in found.items() if (kind := forbidden(one, self._allowed)) is not None}
        good = tuple(text for text in found if text not in refused)
        if not good:
            text, kind = next(iter(refused.items()))
            raise ForbiddenAddress(f"{host} leads to {text}, which is {kind}.")
        return good

    def close(self) -> None:
        for look_up in self._known.values():
            look_up.answer.cancel()
        self._known.clear()


def _stale(look_up: _LookUp, now: float) -> bool:
    if not look_up.answer.done():
        return False
    failed = look_up.answer.cancelled() or look_up.answer.exception() is not None
    return now - look_up.began > (limits.ADDRESS_FAILURE_SECONDS if failed else limits.ADDRESS_SECONDS)


def _seen(answer: asyncio.Task[tuple[str, ...]]) -> None:
    """Mark a failure as looked at: whoever waited may have left by its own deadline."""
    if not answer.cancelled():
        answer.exception()
