"""Whether a party takes part now: its state, and a pause that ends by itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    ACTIVE = "active"
    PAUSED = "paused"
    DELETED = "deleted"  # soft: work in flight ends


@dataclass(frozen=True, slots=True)
class Pause:
    """Why a buyer or a contract is left out for a while, who said so and when; at `until` (epoch ms) it comes back by
    itself. None: when somebody says so. `own` says that the buyer itself did it, and may undo it."""

    reason: str
    by: str
    since: int
    until: int | None = None
    own: bool = False

    def over(self, now: int) -> bool:
        return self.until is not None and self.until <= now


def asleep(state: State, pause: Pause | None, now: int) -> bool:
    """Whether it buys nothing now. A pause whose time is over keeps nobody out, even while it is still written down."""
    return state is not State.ACTIVE and not (state is State.PAUSED and pause is not None and pause.over(now))
