"""Lists of networks as tables: hosters, VPNs, open proxies, Tor exits, and where addresses lie. Found by bisection.

An address may be on several lists at once (a VPN stands in a data centre), so a look-up asks them all.
"""

from __future__ import annotations

import ipaddress
import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from csv import reader
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from exchange.fields.state import state_code
from exchange.fields.table import BadRow, Kind, Rows

_MAPPED = 0xFFFF  # how an IPv4 address begins that is written as an IPv6 one
_FOUR_BITS = 0xFFFF_FFFF
_FAMILIES = {"4/24": 8, "6/48": 80}  # how many bits of an address lie within a block
_BEYOND = {"4/24": 1 << 32, "6/48": 1 << 128}
_PLACE_BITS = 16
_DIGITS_MOST = 40
_CONTINENTS = frozenset({"AF", "AN", "AS", "EU", "NA", "OC", "SA"})
_WITH_PLACE = 6  # continent, country, state, city, latitude, longitude
_CODE_MOST = 3  # letters of a state's code abroad; a name that is longer is left out
_LISTED = re.compile(r"(?:[a-z0-9]+://)?(?:\[(?P<six>[^\]]*)\]|(?P<bare>[^\s,;#:]+(?=:[0-9]+(?:[\s,;#]|$))|[^\s,;#]+))")
_TITLES = ("network", "cidr", "ip_range_start", "start_ip")
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


class Blocks(Sequence[int]):
    """First addresses of blocks of one size, or their last: kept by their blocks, for whole addresses of IPv6 are five
    times as large.
    """

    __slots__ = ("_bits", "_blocks", "_rest")

    def __init__(self, blocks: array[int], bits: int, *, last: bool = False) -> None:
        self._blocks, self._bits, self._rest = blocks, bits, (1 << bits) - 1 if last else 0

    def __len__(self) -> int:
        return len(self._blocks)

    def __getitem__(self, place: Any) -> Any:
        return self._blocks[place] << self._bits | self._rest


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
    """A network or an address a row, as lists of proxies write it too: `http://198.51.100.7:8080`. Those that overlap
    become one.
    """
    fours: list[tuple[int, int]] = []
    sixes: list[tuple[int, int]] = []
    for number, row in enumerate(rows):
        network = _network(number, _bare(row))
        first = int(network.network_address)
        (fours if network.version == 4 else sixes).append((first, first + network.num_addresses - 1))
    return _ranges(_merged(fours), _merged(sixes))


def _bare(row: str) -> str:
    """The network or address of a row, without its scheme, its port, and what is said of it."""
    found = _LISTED.match(row)
    return (found["six"] or found["bare"]) if found is not None else row


def read_regions(rows: Rows) -> Regions:
    """`network,country,state` a row, or `first,last,country,state`; the state may be left out, and what follows it is.
    Of two that overlap the narrower one counts. Or a whole country in each row, as `_by_country` says.
    """
    if rows and all("," not in row for row in rows):
        return _by_country(rows)
    fours: list[tuple[int, int, str]] = []
    sixes: list[tuple[int, int, str]] = []
    for number, row in enumerate(rows):
        cells = [cell.strip() for cell in (next(reader([row])) if '"' in row else row.split(","))]
        if number == 0 and cells[0].lower() in _TITLES:
            continue
        is_six, first, last, place = _stretch(number, cells)
        if place[:1] == ["-"]:  # how some lists say that an address is nobody's
            continue
        region = _region(place)
        if region is None:
            raise BadRow(number, "must be a network, a country of two letters and perhaps a state, with commas between")
        (sixes if is_six else fours).append((first, last, region))
    four_cuts, six_cuts = _cut(fours), _cut(sixes)
    ranges = _ranges([each[:2] for each in four_cuts], [each[:2] for each in six_cuts])
    return Regions(ranges, tuple(each[2] for each in four_cuts), tuple(each[2] for each in six_cuts))


def _region(place: Sequence[str]) -> str | None:
    """`US AZ`, as lists write it: the country by its code, perhaps its continent before and its name after it, the
    state by code or name. Of other countries the state is as it stands. None when there is no country.
    """
    if len(place) >= _WITH_PLACE and place[0] in _CONTINENTS and len(place[1]) == 2:
        place = place[1:]
    if not place or len(place[0]) != 2 or not place[0].isalpha():
        return None
    country, after = place[0].upper(), [each for each in place[1:3] if each]
    if country == "US":
        known = filter(None, map(state_code, after[:2] if after[:1] and after[0].startswith("United") else after[:1]))
        return f"US {state}" if (state := next(known, None)) is not None else "US"
    return f"{country} {after[0].upper()}" if after and len(after[0]) <= _CODE_MOST else country


def _by_country(rows: Rows) -> Regions:
    """`US 4/24 12288 5 3 256` a row, or `US-AZ …`, `US-NewYork …`: in blocks of that prefix, how many to pass over and
    how many are the country's, or the state's, again and again. Nothing is smaller, and hundreds of thousands of
    stretches are read in a moment: as whole numbers that hold a block and its country, since a process that starts
    should not build as many tuples.
    """
    countries: list[str] = []
    firsts = {family: array("Q") for family in _FAMILIES}
    lasts = {family: array("Q") for family in _FAMILIES}
    for number, row in enumerate(rows):
        country, _, rest = row.partition(" ")
        country, dash, state = country.partition("-")
        family, _, text = rest.partition(" ")
        try:
            blocks = list(accumulate(map(int, text.split())))
        except ValueError:
            blocks = []
        state = (state_code(state) or "") if country == "US" else state.upper()
        named = len(country) == 2 and country.isalpha() and (not dash or state != "")
        fits = named and family in _FAMILIES and blocks and not len(blocks) % 2
        if not fits or blocks[0] < 0 or any(after <= before for before, after in pairwise(blocks)):
            raise BadRow(
                number,
                "must be a country of two letters or a state such as US-AZ, 4/24 or 6/48, and pairs of whole numbers "
                "above 0",
            )
        if blocks[-1] << _FAMILIES[family] > _BEYOND[family]:
            raise BadRow(number, "goes on beyond the last address")
        place = len(countries)
        countries.append(f"{country.upper()} {state}".strip())
        firsts[family].extend([block << _PLACE_BITS | place for block in blocks[::2]])
        lasts[family].extend([block - 1 << _PLACE_BITS | place for block in blocks[1::2]])
    fours, four_ends, four_regions = _in_order(firsts["4/24"], lasts["4/24"], countries)
    sixes, six_ends, six_regions = _in_order(firsts["6/48"], lasts["6/48"], countries)
    ranges = Ranges(
        array("L", [block << 8 for block in fours]),
        array("L", [(block + 1 << 8) - 1 for block in four_ends]),
        Blocks(sixes, 80),
        Blocks(six_ends, 80, last=True),
    )
    return Regions(ranges, four_regions, six_regions)


def _in_order(
    firsts: array[int], lasts: array[int], countries: Sequence[str]
) -> tuple[array[int], array[int], tuple[str, ...]]:
    """First and last blocks in their order, and whose they are. Sorted apart, both have the same order, unless
    stretches overlap.
    """
    mask = (1 << _PLACE_BITS) - 1
    firsts, lasts = array("Q", sorted(firsts)), array("Q", sorted(lasts))
    for first, last in zip(firsts, lasts, strict=True):
        if (first ^ last) & mask:
            raise BadRow(last & mask, "overlaps with another country's")
    return (
        array("Q", [first >> _PLACE_BITS for first in firsts]),
        array("Q", [last >> _PLACE_BITS for last in lasts]),
        tuple([countries[first & mask] for first in firsts]),
    )


def _stretch(row: int, cells: Sequence[str]) -> tuple[bool, int, int, Sequence[str]]:
    """Whether it is IPv6, its first and last address, and what follows."""
    first = _as_listed(cells[0])
    last = _as_listed(cells[1]) if first is not None and len(cells) > 1 else None
    if first is not None and last is not None:
        if first.is_six != last.is_six or last.number < first.number:
            raise BadRow(row, "must name the first address before the last, both of one kind")
        return first.is_six, first.number, last.number, cells[2:]
    network = _network(row, cells[0])
    start = int(network.network_address)
    return network.version == 6, start, start + network.num_addresses - 1, cells[1:]


def _as_listed(text: str) -> Address | None:
    """An address as text or as a number, as many lists write it."""
    if not (text.isascii() and text.isdigit()):
        return read_address(text)
    number = int(text[:_DIGITS_MOST])
    if number < _BEYOND["4/24"] or number >> 32 == _MAPPED:
        return Address(number & _FOUR_BITS, False)
    return Address(number, True) if number < _BEYOND["6/48"] else None


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
REGIONS = Kind("ip_regions", "Where addresses lie: country and state", "ip_regions.txt.gz", read_regions, 365, True)
