"""The ZIP codes of the United States: where each lies, and which lie near another. Loaded once, passed as a value."""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from exchange.fields.table import BadRow, Kind, packaged

EARTH_MILES = 3_958.8
MILES_PER_DEGREE = 69.0  # of latitude, at the least
NOWHERE = -(2**31)  # latitude of a military ZIP

FILLERS = frozenset({"00000", "99999"})  # typed to get past a form

# Served from one state, lived in from two: either state is right.
TWO_STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "02861": ("RI", "MA"),
        "42223": ("KY", "TN"),
        "59221": ("MT", "ND"),
        "63673": ("MO", "IL"),
        "71749": ("AR", "LA"),
        "73949": ("OK", "TX"),
        "81137": ("CO", "NM"),
        "84536": ("UT", "AZ"),
        "86044": ("AZ", "UT"),
        "86515": ("AZ", "NM"),
        "88063": ("NM", "TX"),
        "89439": ("NV", "CA"),
        "97635": ("OR", "CA"),
    }
)

# Served from one zone, lived in from two: either clock is right. Arizona has no summer time, but the Navajo Nation has.
TWO_ZONES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "59221": frozenset({"America/Denver", "America/Chicago"}),
        "84536": frozenset({"America/Denver", "America/Phoenix"}),
        "86044": frozenset({"America/Denver", "America/Phoenix"}),
        "86515": frozenset({"America/Denver", "America/Phoenix"}),
    }
)


_ROW = re.compile(r"[0-9]{5},[A-Z]{2},[^,]+,[^,]*,[A-Za-z_/]*,(?:-?[0-9]{1,7},-?[0-9]{1,7}|,),[0-9 ]*")
_ROW_RULE = (
    "must be zip,state,city,county,zone,latitude,longitude,area codes, such as 85016,AZ,Phoenix,…,331234,-1120456,602"
)


@dataclass(frozen=True, slots=True)
class Place:
    """One ZIP code. `lat` and `lon` are degrees, None for military ZIPs; `zone` is an IANA name or None."""

    zip: str
    city: str
    state: str
    county: str
    zone: str | None
    lat: float | None
    lon: float | None
    area_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """About 42,800 ZIPs as parallel columns, found by `_row[zip]`; `_north` lists rows from south to north.

    The post office makes new ZIPs all the time, so one that is not in the table is judged by its first three digits:
    known when others start so, in the states and, if they agree, in the zone of those.
    """

    _zips: Sequence[str]
    _row: Mapping[str, int]
    _states: Sequence[str]
    _cities: Sequence[str]
    _counties: Sequence[str]
    _zones: Sequence[str]
    _area_codes: Sequence[str]
    _lats: array[int]
    _lons: array[int]
    _north: array[int]
    _north_lats: array[int]
    _prefix_states: Mapping[str, frozenset[str]]
    _prefix_zone: Mapping[str, str]  # only where all agree
    _state_zones: Mapping[str, frozenset[str]]

    @classmethod
    def load(cls) -> Places:
        """The packaged table: read in about a tenth of a second, once in a process."""
        found: Places = packaged(ZIPS).value
        return found

    @classmethod
    def read(cls, rows: Sequence[str]) -> Places:
        """What the rows of a table say: zip,state,city,county,zone,lat,lon,area codes. Raises `BadRow`."""
        shared: dict[str, str] = {}  # equal names become one string: a city has many ZIPs
        texts: tuple[list[str], ...] = ([], [], [], [], [])
        adders = [text.append for text in texts]
        zips, lats, lons = [], array("i"), array("i")
        for number, line in enumerate(rows):  # one row after the other: whole columns of cells would fill 20 MB
            if not _ROW.fullmatch(line):
                raise BadRow(number, _ROW_RULE)
            zip_code, *names, lat, lon, area = line.split(",")
            zips.append(zip_code)
            lats.append(int(lat) if lat else NOWHERE)
            lons.append(int(lon) if lon else 0)
            for add, cell in zip(adders, (*names, area), strict=True):
                add(shared.setdefault(cell, cell))
        states, cities, counties, zones, codes = texts
        north = array("i", sorted(range(len(zips)), key=lats.__getitem__))
        row = {code: index for index, code in enumerate(zips)}
        north_lats = array("i", (lats[index] for index in north))
        prefix_states, prefix_zone = _by_prefix(zips, states, zones)
        state_zones: dict[str, frozenset[str]] = {}
        for state, zone in set(zip(states, zones, strict=True)):
            state_zones[state] = state_zones.get(state, frozenset()) | ({zone} if zone else frozenset())
        return cls(
            zips, row, states, cities, counties, zones, codes, lats, lons, north, north_lats, prefix_states,
            prefix_zone, state_zones,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self._zips)

    def __contains__(self, zip_code: str) -> bool:
        """Whether the table has it, or it may be a newer one."""
        if zip_code in self._row:
            return True
        is_zip = len(zip_code) == 5 and zip_code.isascii() and zip_code.isdigit()
        return is_zip and zip_code not in FILLERS and zip_code[:3] in self._prefix_states

    def place(self, zip_code: str) -> Place | None:
        row = self._row.get(zip_code)
        if row is None:
            return None
        placed = self._lats[row] != NOWHERE
        return Place(
            zip_code,
            self._cities[row],
            self._states[row],
            self._counties[row],
            self._zones[row] or None,
            self._lats[row] / 10_000 if placed else None,
            self._lons[row] / 10_000 if placed else None,
            tuple(self._area_codes[row].split()),
        )

    def state_of(self, zip_code: str) -> str | None:
        """Its state; None when it is unknown, or new where the first three digits are shared by several states."""
        row = self._row.get(zip_code)
        if row is not None:
            return self._states[row]
        states = self._prefix_states.get(zip_code[:3], frozenset()) if zip_code in self else frozenset()
        return next(iter(states)) if len(states) == 1 else None

    def states_of(self, zip_code: str) -> frozenset[str]:
        """Every state whose people live there; several for a ZIP that lies in two, or is new and may."""
        if zip_code in TWO_STATES:
            return frozenset(TWO_STATES[zip_code])
        row = self._row.get(zip_code)
        if row is not None:
            return frozenset({self._states[row]})
        return self._prefix_states.get(zip_code[:3], frozenset()) if zip_code in self else frozenset()

    def area_codes(self) -> Iterator[tuple[list[str], str]]:
        """Of each ZIP code the area codes in use there, and its state."""
        return ((codes.split(), state) for codes, state in zip(self._area_codes, self._states, strict=True))

    def cities(self) -> Iterator[tuple[str, str]]:
        """Of each ZIP code the state and the city."""
        return zip(self._states, self._cities, strict=True)

    def county_of(self, zip_code: str) -> str | None:
        row = self._row.get(zip_code)
        return None if row is None else self._counties[row] or None

    def city_of(self, zip_code: str) -> str | None:
        row = self._row.get(zip_code)
        return None if row is None else self._cities[row]

    def zone_of(self, zip_code: str) -> str | None:
        """The IANA zone; None for unknown and military ZIPs."""
        row = self._row.get(zip_code)
        if row is not None:
            return self._zones[row] or None
        return self._prefix_zone.get(zip_code[:3]) if zip_code in self else None

    def zones_of(self, zip_code: str) -> frozenset[str]:
        """Every clock that its people go by; none for unknown ZIPs."""
        zone = self.zone_of(zip_code)
        return TWO_ZONES.get(zip_code, frozenset()) | (frozenset({zone}) if zone is not None else frozenset())

    def zones_of_state(self, state: str) -> frozenset[str]:
        """Every clock that people of a state go by; none for an unknown or military one."""
        return self._state_zones.get(state, frozenset())

    def matches(self, zip_code: str, state: str) -> bool:
        """Whether the ZIP is known and lies in the state; 13 ZIPs lie in two."""
        row = self._row.get(zip_code)
        if row is not None:
            return self._states[row] == state or state in TWO_STATES.get(zip_code, ())
        return zip_code in self and state in self._prefix_states[zip_code[:3]]

    def within(self, center_zip: str, miles: float) -> frozenset[str]:
        """The ZIPs whose centres lie at most `miles` from the centre of `center_zip`, which is always one of them.

        `ValueError` for an unknown centre or a negative distance. A military ZIP is near itself only.
        """
        row = self._row.get(center_zip)
        if row is None:
            raise ValueError(f"{center_zip[:10]!r} is not a ZIP code the post office uses.")
        if not 0 <= miles <= 25_000:
            raise ValueError(f"a radius is 0 to 25,000 miles, not {miles}.")
        lat, lon = self._lats[row], self._lons[row]
        if lat == NOWHERE:
            return frozenset({center_zip})
        reach = math.ceil(miles / MILES_PER_DEGREE * 10_000) + 100
        first = bisect_left(self._north_lats, max(lat - reach, NOWHERE + 1))
        last = bisect_right(self._north_lats, lat + reach)
        phi, lam = math.radians(lat / 10_000), math.radians(lon / 10_000)
        cos_phi, most = math.cos(phi), math.sin(min(miles / EARTH_MILES / 2, math.pi / 2)) ** 2 + 1e-15
        found = {center_zip}
        for index in self._north[first:last]:
            other = math.radians(self._lats[index] / 10_000)
            east = math.sin((math.radians(self._lons[index] / 10_000) - lam) / 2)
            if math.sin((other - phi) / 2) ** 2 + cos_phi * math.cos(other) * east * east <= most:
                found.add(self._zips[index])
        return frozenset(found)


def _by_prefix(
    zips: Sequence[str], states: Sequence[str], zones: Sequence[str]
) -> tuple[dict[str, frozenset[str]], dict[str, str]]:
    prefix_states: dict[str, set[str]] = {}
    prefix_zones: dict[str, set[str]] = {}
    for zip_code, state, zone in zip(zips, states, zones, strict=True):
        prefix_states.setdefault(zip_code[:3], set()).add(state)
        prefix_zones.setdefault(zip_code[:3], set()).add(zone)
    agreed = {prefix: min(found) for prefix, found in prefix_zones.items() if len(found) == 1 and "" not in found}
    return {prefix: frozenset(found) for prefix, found in prefix_states.items()}, agreed


ZIPS = Kind(
    "zips", "US ZIP codes: state, city, county, time zone, place and area codes", "zips.csv.gz", Places.read, 400
)
