"""In which country a time zone is: `America/Phoenix` in the United States, `Asia/Calcutta` by its old name in India."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files


def country_of_zone(zone: str) -> str | None:
    """Two letters; None for a name that is no country's, such as UTC, or that nobody knows."""
    return _countries().get(zone)


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    """By name. Browsers still tell names that were given up long ago: they have the country of what they stand for."""
    folder = files("tzdata.zoneinfo")
    found: dict[str, str] = {}
    for line in (folder / "zone.tab").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            country, _, rest = line.partition("\t")
            found[rest.split("\t")[1]] = country
    for line in (folder / "tzdata.zi").read_text("utf-8").splitlines():
        if line.startswith("L "):
            _, target, old = line.split()
            if target in found:
                found.setdefault(old, found[target])
    return found
