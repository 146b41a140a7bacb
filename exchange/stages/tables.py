"""Every kind of table of facts. How a kind is made, and how its file looks, stands in `exchange/fields/table.py`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from exchange.fields.area_codes import AREAS
from exchange.fields.disposable import DISPOSABLE
from exchange.fields.known_names import NAMES
from exchange.fields.networks import HOSTERS, PROXIES, REGIONS, TOR, VPNS
from exchange.fields.places import ZIPS
from exchange.fields.table import Kind, Tables, packaged
from exchange.stages.screen.agents import CRAWLERS


def table_kinds() -> Mapping[str, Kind[Any]]:
    """Each kind by its name."""
    kinds = (ZIPS, DISPOSABLE, NAMES, HOSTERS, VPNS, PROXIES, TOR, REGIONS, CRAWLERS, AREAS)
    return {kind.name: kind for kind in kinds}


@lru_cache(maxsize=1)
def packaged_tables() -> Tables:
    """What ships with the package: one value in a process, so that what is made of it is made once too."""
    return Tables({name: packaged(kind) for name, kind in table_kinds().items()})
