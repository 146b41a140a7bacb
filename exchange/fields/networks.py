"""Lists of networks as tables: hosters, VPNs, open proxies, Tor exits, and where addresses lie. Found by bisection.

An address may be on several lists at once (a VPN stands in a data centre), so a look-up asks them all.
"""

from __future__ import annotations

import ipaddress
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from exchange.fields.table import BadRow, Kind, Rows

_MAPPED = 0xFFFF  # how an IPv4 address begins that is written as an IPv6 one
_FOUR_BITS = 0xFFFF_FFFF
_FITS = "must be a network or an address, such as 198.51.100.0/24 or 2001:db8::/32"


class Address(NamedTuple):
    """An address as a number."""

    number: int
    is_six: bool


def read_address(text: str) -> Address | None:
    """None for what is no address. IPv4 written as IPv6 is IPv4."""
    if ":" not in text:
        return _four(text)
    try:
        number = int(ipaddress.IPv6Address(text.partition("%")[0]))
    except ValueError:
        return None
    return Address(number & _FOUR_BITS, False) if number >> 32 == _MAPPED else Address(number, True)


def _four(text: str) -> Address | None:
    """By hand: six times as fast as the library, and this is asked of every lead."""
    parts = text.split(".")
    if len(parts) != 4:
        return None
    number = 0
    for part in parts:
        if not (part.isascii() and part.isdigit() and len(part) <= 3 and (byte := int(part)) < 256):
            return None
        number = number << 8 | byte
    return Address(number, False)


@dataclass(frozen=True, slots=True)
class Ranges:
    """Stretches of addresses that do not overlap, in order: of each the first and the last."""

    fours: array[int]
    four_ends: array[int]
    sixes: Sequence[int]
    six_ends: Sequence[int]

    def place(self, address: Address) -> int | None:
        """Which stretch holds the address, counted within its family."""
        number, is_six = address
        starts, ends = (self.sixes, self.six_ends) if is_six else (self.fours, self.four_ends)
        found = bisect_right(starts, number) - 1
        return found if found >= 0 and number <= ends[found] else None

    def hold(self, address: Address) -> bool:
        return self.place(address) is not None


@dataclass(frozen=True, slots=True)
class Regions:
    """Where addresses lie: for each stretch `US AZ`, or the country alone."""

    ranges: Ranges
    four_regions: Sequence[str]
    six_regions: Sequence[str]

    def of(self, address: Address) -> tuple[str, str] | None:
        """Country and, where it is known, the state."""
        found = self.ranges.place(address)
        if found is None:
            return None
        country, _, state = (self.six_regions if address.is_six else self.four_regions)[found].partition(" ")
        return country, state


def read(rows: Rows) -> Ranges:
    """A network or an address a row. Those that overlap become one."""
    fours: list[tuple[int, int]] = []
    sixes: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        network = _network(number, row.partition("#")[0].strip())
        first = int(network.network_address)
        (fours if network.version == 4 else sixes).append((first, first + network.num_addresses - 1))
    return _ranges(_merged(fours), _merged(sixes))


def read_regions(rows: Rows) -> Regions:
    """`network,country,state` a row; the state may be left out. Of two that overlap the narrower one counts."""
    fours: list[tuple[int, int, str]] = []
    sixes: list[tuple[int, int, str]] = []
    for number, row in enumerate(rows):
        cells = [cell.strip() for cell in row.split(",")]
        if number == 0 and cells[0].lower() in ("network", "cidr"):
            continue
        if len(cells) < 2 or len(cells[1]) != 2:
            raise BadRow(number, "must be a network, a country of two letters and perhaps a state, with commas between")
        network = _network(number, cells[0])
        region = f"{cells[1].upper()} {cells[2].upper()}" if len(cells) > 2 and cells[2] else cells[1].upper()
        first = int(network.network_address)
        found = (first, first + network.num_addresses - 1, region)
        (fours if network.version == 4 else sixes).append(found)
    four_cuts, six_cuts = _cut(fours), _cut(sixes)
    ranges = _ranges([each[:2] for each in four_cuts], [each[:2] for each in six_cuts])
    return Regions(ranges, tuple(each[2] for each in four_cuts), tuple(each[2] for each in six_cuts))


def _network(row: int, text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise BadRow(row, _FITS) from None


def _ranges(fours: Sequence[tuple[int, int]], sixes: Sequence[tuple[int, int]]) -> Ranges:
    return Ranges(
        array("L", (first for first, _ in fours)),
        array("L", (last for _, last in fours)),
        tuple(first for first, _ in sixes),
        tuple(last for _, last in sixes),
    )


def _merged(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for first, last in sorted(found):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], last))
        else:
            merged.append((first, last))
    return merged


def _cut(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """The same without overlaps: what lies inside another cuts it. Networks overlap only as wholes."""
    cut: list[tuple[int, int, str]] = []
    around: list[tuple[int, int, str]] = []  # the networks that hold the place we are at, the narrowest last
    at = 0
    for first, last, region in sorted(found, key=lambda each: (each[0], -each[1])):
        while around and around[-1][1] < first:
            at = _close(cut, around, at)
        if around and at < first:
            cut.append((at, first - 1, around[-1][2]))
        around.append((first, last, region))
        at = first
    while around:
        at = _close(cut, around, at)
    return cut


def _close(cut: list[tuple[int, int, str]], around: list[tuple[int, int, str]], at: int) -> int:
    _, last, region = around.pop()
    if at <= last:
        cut.append((at, last, region))
    return max(at, last + 1)


HOSTERS = Kind("hosting_networks", "Networks of data centres", "hosting_networks.txt", read, 60)
VPNS = Kind("vpn_networks", "Networks of VPNs", "vpn_networks.txt", read, 60)
PROXIES = Kind("proxy_networks", "Addresses of open proxies", "proxy_networks.txt", read, 14)
TOR = Kind("tor_exits", "Addresses where Tor comes out", "tor_exits.txt", read, 14)
REGIONS = Kind("ip_regions", "Where addresses lie: country and state", "ip_regions.txt", read_regions, 90)
