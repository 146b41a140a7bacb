"""Tables of facts while the exchange runs: the packaged ones, or newer ones that an operator loaded.

A loaded table is kept in the database, so that every node takes it up within a second, without a restart. The newer of
the two by the day of its data is used: after an upgrade of the program an old loaded one gives way by itself. A kind
may say that what an operator loads always counts: a list of addresses with states is better than a newer one without.
"""

from __future__ import annotations

from exchange.fields.table import BadTable, Table, head_of, packaged, read_table
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.model.actor import Actor
from exchange.model.table import StoredTable
from exchange.stages.tables import table_kinds
from exchange.storage.tables import drop_table, put_table

_SHRINKS_TO = 2  # a table with less than half the rows of the one in use was probably cut off on its way


async def update_table(market: Market, content: bytes, actor: Actor, *, smaller: bool = False) -> Table:
    """Take a table's file into use. Raises `BadTable`, and then nothing was changed.

    `smaller` allows one with less than half the rows of the table in use.
    """
    name = head_of(content).name
    kind = table_kinds().get(name)
    if kind is None:
        raise BadTable(f"There is no table called {name}: there are {', '.join(sorted(table_kinds()))}.")
    table = read_table(kind, content)
    _check_size(market.tables[name], table, smaller)
    shipped = packaged(kind).head.version
    if table.head.version < shipped and not kind.gives_way:
        raise BadTable(
            f"The file is of {table.head.version}; the packaged table of {shipped} is newer and stays in use."
        )
    now = market.clock.now()
    stored = StoredTable(table.head, table.rows, table.sha256, content, now, actor.name)
    after = {**table.head._asdict(), "rows": table.rows, "sha256": table.sha256}
    line = audit_line(market.ids, now, actor, "table.loaded", f"table:{name}", after=after)
    await market.db.write(put_table, stored, line)
    await refresh(market)
    return market.tables[name]


def _check_size(before: Table, after: Table, smaller: bool) -> None:
    if not smaller and after.rows * _SHRINKS_TO < before.rows:
        raise BadTable(
            f"The file has {after.rows:,} rows, the table in use {before.rows:,}: it may be cut off. "
            "Pass --smaller if it is whole."
        )


async def reset_table(market: Market, name: str, actor: Actor) -> bool:
    """Go back to the packaged table. False when it is in use already."""
    line = audit_line(market.ids, market.clock.now(), actor, "table.reset", f"table:{name}")
    dropped = await market.db.write(drop_table, name, line)
    await refresh(market)
    return dropped
