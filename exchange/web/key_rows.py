"""A key as programs of its own party see it: what it opens, never the key."""

from __future__ import annotations

from exchange.storage.database import Row
from exchange.web.words import utc

KEY_FIELDS = ("key_id", "party", "mode", "name", "last4", "made_at", "made_by")


def key_fields(row: Row) -> dict[str, object]:
    return {
        "key_id": row["id"],
        "party": row["party_id"],
        "mode": row["mode"],
        "name": row["name"],
        "last4": row["last4"],
        "made_at": utc(row["made_at"]),
        "made_by": row["made_by"],
    }
