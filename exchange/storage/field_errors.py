"""Which fields of a seller's requests were wrong, counted as it happens: so that it sees what to mend first."""

from __future__ import annotations

from exchange.model.actor import Actor, Role
from exchange.model.field_error import FieldError, WrongFields
from exchange.storage.database import Statement, Tx


def wrong_rows(wrong: WrongFields, lead_id: str) -> list[Statement]:
    """One more of each. In one order, or two requests of a seller would wait for each other."""
    return [
        (
            """INSERT INTO field_errors (day, seller_id, campaign_id, mode, field, code, times, lead_id)
               VALUES (:day, :seller, :campaign, :mode, :field, :code, 1, :lead)
               ON CONFLICT (seller_id, day, campaign_id, mode, field, code)
               DO UPDATE SET times = field_errors.times + 1, lead_id = :lead""",
            {
                "day": wrong.day,
                "seller": wrong.seller_id,
                "campaign": wrong.campaign_id,
                "mode": wrong.mode,
                "field": field,
                "code": code,
                "lead": lead_id,
            },
        )
        for field, code in sorted(wrong.fields)
    ]


async def field_errors(
    tx: Tx, actor: Actor, mode: str, since_day: int, limit: int, seller_id: str = ""
) -> list[FieldError]:
    """The most frequent first. A seller's own; whoever runs the exchange says whose."""
    if actor.role is Role.SELLER:
        seller_id = actor.party_id or ""
    elif actor.role is not Role.OPERATOR:
        return []
    rows = await tx.fetch(
        """SELECT field, code, CAST(SUM(times) AS BIGINT) AS times, MAX(lead_id) AS lead_id FROM field_errors
           WHERE seller_id = :seller AND day >= :since AND mode = :mode
           GROUP BY field, code ORDER BY times DESC, field, code LIMIT :limit""",
        seller=seller_id,
        since=since_day,
        mode=mode,
        limit=limit,
    )
    return [FieldError(row["field"], row["code"], row["times"], row["lead_id"]) for row in rows]
