"""In which country a time zone is, such as `Asia/Calcutta` by its old name in India, and how far apart clocks are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo


def country_of_zone(zone: str) -> str | None:
    """Two letters; None for a name that is no country's, such as UTC, or that nobody knows."""
    return _countries().get(zone)


def hours_apart(zone: str, others: Iterable[str], at: int) -> float | None:
    """Between the clock of a zone and the nearest of the others at a moment, epoch ms. None when nobody knows them."""
    known = [each for each in others if each in _countries()]
    if zone not in _countries() or not known:
        return None
    mine = _ahead(zone, at)
    return min(abs(mine - _ahead(each, at)) for each in known) / timedelta(hours=1)


def _ahead(zone: str, at: int) -> timedelta:
    """How far a clock is ahead of UTC."""
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


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
