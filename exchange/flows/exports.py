"""Leads that leave as a file: noted in the audit log before the first does, personal values only for a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.reveal import check_reason
from exchange.model.actor import Actor
from exchange.model.rights import Right
from exchange.storage.audit import record
from exchange.storage.leads import sealed_values


async def note_export(market: Market, facts: Mapping[str, object], why: str | None, actor: Actor) -> None:
    """Say in the audit log what is exported; `why` is given when personal values are. Raises `MayNotReveal`."""
    if why is not None:
        check_reason(why, actor, Right.EXPORT)
        facts = {**facts, "why": why.strip()}
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, "leads.exported", "leads", after=facts)
    await market.db.write(record, line)


async def personal_values(market: Market, actor: Actor, lead_ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """The values of leads as sold, by lead and field. Whoever was erased has none."""
    found: dict[str, dict[str, str]] = {}
    for row in await market.db.read(sealed_values, actor, tuple(lead_ids)):
        data_key = market.vault.data_key(bytes(row["wrapped"]))
        opened = orjson.loads(market.vault.open(data_key, f"lead:{row['id']}", bytes(row["sealed"])))
        found[row["id"]] = {name: clean for name, (_, clean, _) in opened["values"].items()}
    return found
