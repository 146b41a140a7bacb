"""What buyers bought, in sums: for lists of buyers and contracts. Every read takes the actor; a buyer sees its own."""

from __future__ import annotations

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx


async def bought_since(tx: Tx, actor: Actor, mode: str, since: int) -> list[Row]:
    """Sales that stand since an instant, by buyer, contract and currency: `leads` and `units`."""
    where, params = _own(actor)
    return await tx.fetch(
        f"""SELECT buyer_id, contract_id, currency, COUNT(*) AS leads,
               CAST(SUM(price_units - returned_units) AS BIGINT) AS units
            FROM sales WHERE accepted_at >= :since AND mode = :mode AND reversed_at IS NULL {where}
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3""",
        since=since,
        mode=mode,
        **params,
    )


async def returned_since(tx: Tx, actor: Actor, first_day: int) -> dict[str, tuple[int, int]]:
    """By buyer, live leads sold and returned on the days since `first_day` (days since 1970)."""
    where, params = _own(actor)
    rows = await tx.fetch(
        f"""SELECT buyer_id, CAST(SUM(sold) AS BIGINT) AS sold, CAST(SUM(returned) AS BIGINT) AS returned
            FROM sale_days WHERE day >= :first {where} GROUP BY buyer_id ORDER BY buyer_id""",
        first=first_day,
        **params,
    )
    return {row["buyer_id"]: (row["sold"], row["returned"]) for row in rows}


def _own(actor: Actor) -> tuple[str, dict[str, object]]:
    if actor.role in (Role.OPERATOR, Role.SYSTEM):
        return "", {}
    party = actor.party_id if actor.role is Role.BUYER else None
    return "AND buyer_id = :own", {"own": party or ""}


async def contacted_since(tx: Tx, actor: Actor, first_day: int) -> tuple[int, int]:
    """Of the live leads sold on the days since `first_day`: how many were contacted, and how many there were."""
    where, params = _own(actor)
    rows = await tx.fetch(
        f"""SELECT CAST(SUM(contacted) AS BIGINT) AS contacted, CAST(SUM(sold) AS BIGINT) AS sold
            FROM sale_days WHERE day >= :first {where}""",
        first=first_day,
        **params,
    )
    return rows[0]["contacted"] or 0, rows[0]["sold"] or 0
