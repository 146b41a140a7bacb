"""Every kind of table of facts. How a kind is made, and how its file looks, stands in `exchange/fields/table.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.fields.disposable import DISPOSABLE
from exchange.fields.known_names import NAMES
from exchange.fields.networks import HOSTERS, PROXIES, REGIONS, TOR, VPNS
from exchange.fields.places import ZIPS
from exchange.fields.table import Kind, Tables, packaged


def table_kinds() -> Mapping[str, Kind[Any]]:
    """Each kind by its name."""
    return {kind.name: kind for kind in (ZIPS, DISPOSABLE, NAMES, HOSTERS, VPNS, PROXIES, TOR, REGIONS)}


def packaged_tables() -> Tables:
    """What ships with the package."""
    return Tables({name: packaged(kind) for name, kind in table_kinds().items()})
