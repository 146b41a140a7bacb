"""Show the personal values of one lead to somebody who says why: first it is noted, then shown for ten minutes."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.flows.sources import open_item
from exchange.limits import REVEAL_SECONDS
from exchange.model.actor import Actor
from exchange.model.rights import Right, may, needed
from exchange.stages.notes import note_problem
from exchange.storage.audit import record
from exchange.storage.leads import key_of, read_lead_of
from exchange.storage.reveal import end_reveal, note_reveal, revealed_until
from exchange.storage.sources import find_item


class MayNotReveal(Exception):
    """The sentence says what is in the way."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """The personal values of a lead by field, as sold and, where that differs, as sent; shown until then, epoch ms.
    They are kept nowhere else."""

    values: dict[str, str] = field(repr=False)
    until_at: int


async def reveal(market: Market, lead_id: str, why: str, actor: Actor, session: bytes, ip: str = "") -> None:
    """Let one session (its hash) see them for ten minutes, after a line in the audit log says who sees them and why.
    Raises `MayNotReveal`."""
    check_reason(why, actor)
    lead = await market.db.read(read_lead_of, actor, lead_id)
    if lead is None:
        raise MayNotReveal(f"There is no lead {lead_id}.")
    if lead["sealed"] is None or await market.db.read(key_of, lead["subject"]) is None:
        raise MayNotReveal("The personal data of this lead was erased: nobody can read it any more.")
    now, after = market.clock.now(), {"why": why.strip()}
    line = audit_line(market.ids, now, actor, "lead.revealed", f"lead:{lead_id}", after=after, ip=ip)
    sentence, until = f"Personal data revealed to {actor.name}: {why.strip()}", now + REVEAL_SECONDS * 1_000
    await market.db.write(note_reveal, line, lead_id, sentence, session, until)


async def seen(market: Market, lead_id: str, actor: Actor, session: bytes) -> Revealed | None:
    """What this session may see of a lead now; None: nothing. Whoever lost the right meanwhile sees no more."""
    until = await market.db.read(revealed_until, session, lead_id, market.clock.now())
    if until is None or not may(actor, Right.REVEAL):
        return None
    lead = await market.db.read(read_lead_of, actor, lead_id)
    wrapped = await market.db.read(key_of, lead["subject"]) if lead is not None else None
    if lead is None or wrapped is None or lead["sealed"] is None:
        return None
    data_key = market.vault.data_key(wrapped)
    opened = orjson.loads(market.vault.open(data_key, f"lead:{lead_id}", bytes(lead["sealed"])))
    return Revealed({name: _told(raw, clean) for name, (raw, clean, _) in opened["values"].items()}, until)


async def hide(market: Market, lead_id: str, session: bytes) -> None:
    """Before the ten minutes are over."""
    await market.db.write(end_reveal, session, lead_id)


def check_reason(why: str, actor: Actor, right: Right = Right.REVEAL) -> None:
    """Raises `MayNotReveal` where somebody may not see what is personal, or says no reason that can be kept."""
    if not may(actor, right):
        raise MayNotReveal(f"To {right.value} needs the role {needed(right)}.")
    if not why.strip():
        raise MayNotReveal("Say why: the reason is kept with your name.")
    if (problem := note_problem(why)) is not None:
        raise MayNotReveal(problem.message)


def _told(raw: str, clean: str) -> str:
    """The value as sold, and as it was sent where more than signs and capitals were put right."""
    said, sold = ("".join(filter(str.isalnum, text.casefold())) for text in (raw, clean))
    return clean if said in sold else f"{clean} (sent as {raw.strip()})"


async def reveal_item(market: Market, item_id: str, why: str, actor: Actor, ip: str = "") -> bytes:
    """A message of a source as it came, after a line in the audit log says who saw it and why. Raises
    `MayNotReveal`."""
    check_reason(why, actor)
    row = await market.db.read(find_item, actor, item_id)
    kept = open_item(market, row) if row is not None else None
    if kept is None:
        raise MayNotReveal("There is no such message, or it is no longer kept.")
    after = {"why": why.strip()}
    line = audit_line(market.ids, market.clock.now(), actor, "item.revealed", f"item:{item_id}", after=after, ip=ip)
    await market.db.write(record, line)
    return kept.item.original
