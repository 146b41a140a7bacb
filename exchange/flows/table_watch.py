"""Which tables of facts a process uses: looked at again whenever the market's version rose."""

from __future__ import annotations

from exchange.fields.table import BadTable, Table, Tables, packaged, read_table
from exchange.log import logger
from exchange.model.table import StoredTable
from exchange.stages.tables import packaged_tables, table_kinds
from exchange.storage.database import Db
from exchange.storage.tables import read_content, read_heads

_LOG = logger(__name__)


async def read_tables(db: Db, before: Tables | None = None) -> Tables:
    """The tables to use now; `before` itself when nothing changed. One that cannot be read is told and left out."""
    kinds = table_kinds()
    held = {each.head.name: each for each in before or packaged_tables()}
    wanted = {each.head.name: each for each in await db.read(read_heads) if _newer(each)}
    if all(_same(held[name], wanted.get(name)) for name in kinds):
        return before or packaged_tables()
    found = {name: packaged(kind) for name, kind in kinds.items()}
    for name, stored in wanted.items():
        found[name] = held[name] if _same(held[name], stored) else await _loaded(db, stored) or packaged(kinds[name])
    return Tables(found)


def _newer(stored: StoredTable) -> bool:
    kind = table_kinds().get(stored.head.name)
    return kind is not None and (kind.gives_way or stored.head.version >= packaged(kind).head.version)


def _same(held: Table, wanted: StoredTable | None) -> bool:
    return held.loaded_by is None if wanted is None else held.sha256 == wanted.sha256


async def _loaded(db: Db, stored: StoredTable) -> Table | None:
    whole = await db.read(read_content, stored.head.name)
    if whole is None or whole.content is None:
        return None
    try:
        table = read_table(table_kinds()[stored.head.name], whole.content)
    except BadTable:
        _LOG.error("A loaded table cannot be used; the packaged one is", table=stored.head.name)
        return None
    return table._replace(loaded_by=whole.loaded_by, loaded_at=whole.loaded_at)
