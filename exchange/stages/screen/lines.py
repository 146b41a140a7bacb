"""What kind of line an address is: hosting, VPN, proxy, Tor. The operator's tables and the packaged list are asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import iporigin
from iporigin._data import dataset

from exchange.fields.networks import HOSTERS, PROXIES, TOR, VPNS, Address, Ranges, read
from exchange.fields.table import Kind, Tables


class Line:
    """Bits of what lists say of an address. None of them says "a home": that is what no list knows."""

    UNKNOWN = 0
    HOSTING = 1
    VPN = 2
    PROXY = 4
    TOR = 8
    CRAWLER = 16


LINE_WORDS: Mapping[int, str] = MappingProxyType(
    {
        Line.HOSTING: "a data centre",
        Line.VPN: "a VPN",
        Line.PROXY: "an open proxy",
        Line.TOR: "a Tor exit",
        Line.CRAWLER: "a declared crawler",
    }
)
_NOBODYS = """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/3
    ::/96 2001:db8::/32 fc00::/7 fe80::/10 ff00::/8
"""
_RESERVED = read(tuple(_NOBODYS.split()))
_TABLES: tuple[tuple[Kind[Ranges], int], ...] = (
    (HOSTERS, Line.HOSTING),
    (VPNS, Line.VPN),
    (PROXIES, Line.PROXY),
    (TOR, Line.TOR),
)
_PACKAGED: Mapping[str, int] = MappingProxyType(
    {
        iporigin.HOSTING: Line.HOSTING,
        iporigin.CDN: Line.HOSTING,
        iporigin.VPN: Line.VPN,
        iporigin.TOR: Line.TOR,
        iporigin.BOT: Line.CRAWLER,
    }
)


def line_of(address: Address, tables: Tables) -> int:
    """Everything that is known of an address."""
    found = _packaged(address)
    for kind, line in _TABLES:
        if tables.value(kind).hold(address):
            found |= line
    return found


@lru_cache(maxsize=1)
def packaged_list() -> Any:
    """The list of the package, read at the first asking (60 ms). Its own door, `classify`, costs 100 µs an address."""
    return dataset()  # type: ignore[no-untyped-call]  # the package says that it is typed; this part is not


def _packaged(address: Address) -> int:
    """What the packaged list says of an address. It takes in ranges that are nobody's: those say nothing."""
    if _RESERVED.hold(address):
        return Line.UNKNOWN
    found = packaged_list().find(address.number, 6 if address.is_six else 4)
    return _PACKAGED.get(found[1], Line.UNKNOWN) if found is not None else Line.UNKNOWN
