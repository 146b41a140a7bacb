"""Tables of facts that are no deal and no lead: ZIP codes, disposable mail domains, networks."""

from __future__ import annotations

from typing import NamedTuple


class TableHead(NamedTuple):
    """What a table's file says of itself. `version` is the ISO day of its data: the later one is the newer."""

    name: str
    version: str
    source: str
    licence: str


class StoredTable(NamedTuple):
    """A table that an operator loaded, as kept: `content` is the file as it came, or None when it was not asked for."""

    head: TableHead
    rows: int
    sha256: str
    content: bytes | None
    loaded_at: int
    loaded_by: str
