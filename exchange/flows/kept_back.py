"""Buyers that suddenly take nothing: their leads go to others, and one is tried now and then until they take again.

The alert about a buyer's accept rate says who; it opens and ends by itself. While it is open a buyer is asked again
after each post that it takes, and five minutes after one that it does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from exchange.ids import first_id
from exchange.storage.alerts import open_about
from exchange.storage.database import Db
from exchange.storage.selling import newest_post

PROBE_MS = 300_000
RULE = "accepts"


async def collapsed(db: Db) -> dict[str, str]:
    """By buyer, why its leads are kept back: those whose accept rate is an open alert."""
    return {
        about: f"Kept back: {title}. One lead every five minutes is tried."
        for about, title in await db.read(open_about, RULE)
    }


async def kept_back(db: Db, now: int, found: Mapping[str, str]) -> dict[str, str]:
    """Of those, who gets nothing at this moment: the newest post of the last five minutes was not taken."""
    held = {}
    for buyer_id, why in found.items():
        state = await db.read(newest_post, buyer_id, first_id("dlv", now - PROBE_MS))
        if state is not None and state != "accepted":
            held[buyer_id] = why
    return held
