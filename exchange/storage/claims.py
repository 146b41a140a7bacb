"""Claims on consumers: by a unique index over keyed hashes, so that of two equal posts at once one is a duplicate."""

from __future__ import annotations

from exchange.model.work import Claim, Duplicate
from exchange.storage.database import Statement, Tx
from exchange.storage.rows import inserted

_CLAIM = ("scope", "hash", "lead_id", "seller_id", "sold", "taken_at", "expires_at")
_IF_FREE = """ON CONFLICT (scope, hash) DO UPDATE SET lead_id = excluded.lead_id, seller_id = excluded.seller_id,
                  sold = 0, taken_at = excluded.taken_at, expires_at = excluded.expires_at
              WHERE claims.expires_at <= excluded.taken_at OR claims.lead_id = excluded.lead_id"""


async def claim(tx: Tx, lead_id: str, seller_id: str, claims: tuple[Claim, ...], now: int) -> Duplicate | None:
    """Take a consumer for a lead. All claims or none: a duplicate gives back what this call took."""
    if await take_free(tx, lead_id, seller_id, claims, now) == len(claims):
        return None
    ours = {bytes(row["hash"]) for row in await tx.fetch("SELECT hash FROM claims WHERE lead_id = :id", id=lead_id)}
    await _undo_claims(tx, lead_id)
    return await _holder(tx, next(each for each in claims if each.hash not in ours))


async def take_free(tx: Tx, lead_id: str, seller_id: str, claims: tuple[Claim, ...], now: int) -> int:
    """Take those that nobody else holds, and say how many they are."""
    if not claims:
        return 0
    rows = [(each.scope, each.hash, lead_id, seller_id, 0, now, each.expires_at) for each in claims]
    sql, params = inserted("claims", _CLAIM, rows, _IF_FREE)
    return await tx.execute(sql, **params)


async def _holder(tx: Tx, wanted: Claim) -> Duplicate | None:
    rows = await tx.fetch(
        "SELECT lead_id, seller_id, taken_at, sold FROM claims WHERE scope = :scope AND hash = :hash",
        scope=wanted.scope,
        hash=wanted.hash,
    )
    # Given back between the two statements by another transaction: it counts as taken, a retry finds it free.
    if not rows:
        return Duplicate("", "", 0, False)
    row = rows[0]
    return Duplicate(row["lead_id"], row["seller_id"], row["taken_at"], bool(row["sold"]))


async def _undo_claims(tx: Tx, lead_id: str) -> None:
    await tx.execute("DELETE FROM claims WHERE lead_id = :lead AND sold = 0", lead=lead_id)


def end_claims(lead_id: str, until: int | None) -> Statement:
    """Whose the consumer is: the lead was or may be sold, and it stays taken until the window ends; or (None) it is
    given back, also when held for a buyer that in the end refused, and may be posted again."""
    if until is None:
        return "DELETE FROM claims WHERE lead_id = :lead", {"lead": lead_id}
    return "UPDATE claims SET sold = 1, expires_at = :until WHERE lead_id = :lead", {"until": until, "lead": lead_id}
