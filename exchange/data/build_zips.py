"""Makes `zips.csv.gz` from the development package `zipcodes`: `python -m exchange.data.build_zips`.

Run it when that package has news, with the day of its release, and commit the result. Latitude and longitude are
ten-thousandths of a degree, empty for military ZIPs, which are at no place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any
from zoneinfo import available_timezones

import zipcodes

from exchange.data.build import save

ZONE_OF_STATE = {"AK": "America/Anchorage"}  # where the source names a zone that does not exist


def rows(source: Iterable[Mapping[str, object]]) -> list[str]:
    """One line per ZIP: zip,state,city,county,zone,lat,lon,area codes (separated by spaces), sorted."""
    zones = available_timezones()
    lines = []
    for row in source:
        zone = str(row["timezone"])
        if zone and zone not in zones:
            zone = ZONE_OF_STATE[str(row["state"])]
        placed = row["zip_code_type"] != "MILITARY"
        lat = str(round(float(str(row["lat"])) * 10_000)) if placed else ""
        lon = str(round(float(str(row["long"])) * 10_000)) if placed else ""
        codes = row["area_codes"]
        assert isinstance(codes, list)
        cells = [str(row["zip_code"]), str(row["state"]), str(row["city"]), str(row["county"]), zone, lat, lon]
        assert not any("," in cell for cell in cells), cells
        lines.append(",".join([*cells, " ".join(codes)]))
    return sorted(lines)


def main() -> None:
    source: Any = zipcodes  # it ships no types
    save("zips.csv.gz", "zips", "2026-06-14", f"PyPI zipcodes {version('zipcodes')}", "MIT", rows(source.list_all()))


if __name__ == "__main__":
    main()
