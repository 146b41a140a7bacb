"""Show the personal values of one lead to somebody who says why. First it is noted, then it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from exchange.clock import month_of
from exchange.flows.market import Market
from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.storage.leads import key_of, read_lead_of
from exchange.storage.reveal import note_reveal


class MayNotReveal(Exception):
    """The sentence says what is in the way."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """The personal values of a lead by field, as sold. They are shown once and kept nowhere else."""

    values: dict[str, str] = field(repr=False)


async def reveal(market: Market, lead_id: str, why: str, actor: Actor, ip: str = "") -> Revealed:
    """The values, after a line in the audit log says who saw them and why. Raises `MayNotReveal`."""
    if actor.role is not Role.OPERATOR:
        raise MayNotReveal("Revealing personal data needs the role operator.")
    if not why.strip():
        raise MayNotReveal("Say why: the reason is kept with your name.")
    lead = await market.db.read(read_lead_of, actor, lead_id)
    if lead is None:
        raise MayNotReveal(f"There is no lead {lead_id}.")
    wrapped = await market.db.read(key_of, lead["subject"])
    if wrapped is None or lead["sealed"] is None:
        raise MayNotReveal("The personal data of this lead was erased: nobody can read it any more.")
    now = market.clock.now()
    line = AuditLine(
        market.ids.new("aud", now),
        now,
        month_of(now),
        actor,
        ip,
        "lead.revealed",
        f"lead:{lead_id}",
        None,
        orjson.dumps({"why": why.strip()}).decode(),
    )
    await market.db.write(note_reveal, line, lead_id, f"Personal data revealed to {actor.name}: {why.strip()}")
    data_key = market.vault.data_key(wrapped)
    opened = orjson.loads(market.vault.open(data_key, f"lead:{lead_id}", bytes(lead["sealed"])))
    return Revealed({name: clean for name, (_, clean, _) in opened["values"].items()})
