"""A claim of the store that is confirmed: the claim, its lead, its consumer, a slot, caps and money, in one unit."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.hold import BalanceShort, CapFull
from exchange.model.work import Claim, Intent, Move
from exchange.storage.claims import claim, end_claims
from exchange.storage.database import StorageError, Tx
from exchange.storage.selling import TAKEN, Reserved, advance, free_slot, lead_attempts
from exchange.storage.store import begin_purchase, end_claim


class Lapsed(StorageError):
    """The hold is over, or somebody confirmed or released it a moment ago."""


class SoldElsewhere(StorageError):
    """The lead is being sold some other way, or may be. `for_good`: its consumer came again, as another lead."""

    def __init__(self, for_good: bool) -> None:
        super().__init__("It is sold some other way, or may be.")
        self.for_good = for_good


class Purchase(NamedTuple):
    """A confirmed claim. `sales` is how often the lead may be sold; the slot of `intent` is found here."""

    claim_id: str
    seller_id: str
    intent: Intent
    sales: int
    claims: tuple[Claim, ...]
    claims_until: int


async def purchase(tx: Tx, wanted: Purchase) -> Reserved:
    """Begin the sale, with the lead's row locked: who sells it in any other way sees it, or is seen.

    A refused hold releases the claim. Raises `Lapsed`, `SoldElsewhere`: then nothing changed.
    """
    intent = wanted.intent
    if not await begin_purchase(tx, wanted.claim_id, intent.attempt_id, intent.made_at):
        raise Lapsed(wanted.claim_id)
    await _lock(tx, intent)
    taken = [row for row in await lead_attempts(tx, intent.lead_id) if row["state"] in TAKEN]
    slot = free_slot(taken, intent.leg, exclusive=intent.exclusive, slots=wanted.sales)
    if slot is None:
        raise SoldElsewhere(for_good=False)
    if await claim(tx, intent.lead_id, wanted.seller_id, wanted.claims, intent.made_at) is not None:
        raise SoldElsewhere(for_good=True)
    (got,), _ = await advance(tx, Move(intents=(intent._replace(slot=slot),)))
    refused = isinstance(got, CapFull | BalanceShort)
    if refused:
        await end_claim(tx, wanted.claim_id, "released", intent.made_at)
    if taken or not refused:
        await tx.execute_all(end_claims(intent.lead_id, wanted.claims_until))
    else:
        await tx.execute_all(end_claims(intent.lead_id, None))
    return got


async def _lock(tx: Tx, intent: Intent) -> None:
    locked = await tx.execute(
        "UPDATE leads SET changed_at = :at WHERE id = :id AND state IN ('unsold', 'sold')",
        id=intent.lead_id,
        at=intent.made_at,
    )
    if not locked:
        raise SoldElsewhere(for_good=False)
