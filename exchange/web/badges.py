"""What waits for a person, as the rail tells it: a number beside an entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.model.actor import Actor
from exchange.storage.alerts import count_open
from exchange.storage.dashboard import count_unclear
from exchange.storage.database import Tx
from exchange.storage.return_views import count_waiting


@dataclass(frozen=True, slots=True)
class Badge:
    """`words` say what the number counts; a `quiet` one asks for nothing."""

    count: int
    words: str
    quiet: bool = False


async def badges_of(tx: Tx, actor: Actor, mode: str, now: int) -> Mapping[str, Badge]:
    """By the key of an entry of the rail, what waits there. Only what somebody should look at is in it."""
    found = {
        "unclear": Badge(await count_unclear(tx, actor, mode), "to settle"),
        "returns": Badge(await count_waiting(tx, actor, mode), "to decide"),
        "alerts": Badge(await count_open(tx, now), "open"),
    }
    return {key: badge for key, badge in found.items() if badge.count}
