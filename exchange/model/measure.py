"""What is done about a rotten sub id, and what the exchange may do about it by itself."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

TEN_THOUSAND = 10_000


class Action(Enum):
    """What a rule lets the exchange do without a person."""

    SUGGEST = "suggest"
    CAP = "cap"
    BLOCK = "block"


class MeasureState(Enum):
    """`RECOVERED`: the exchange took its suggestion back, for the sub id mended its ways."""

    SUGGESTED = "suggested"
    IN_FORCE = "in_force"
    DISMISSED = "dismissed"
    UNDONE = "undone"
    RECOVERED = "recovered"


class SourceRule(NamedTuple):
    """Of one vertical, or of all that have none (`vertical` empty). `chance` in ten thousandths: so sure it must be.

    At least so many `leads`, `bad` ones and `days` with bad ones. `cap` is posts a day, for CAP.
    """

    vertical: str
    action: Action = Action.SUGGEST
    chance: int = 9_900
    leads: int = 30
    bad: int = 10
    days: int = 3
    cap: int = 10


LEAST = SourceRule("", Action.BLOCK, 9_500, 20, 6, 3, 1)
"""No rule may ask for less."""


class Measure(NamedTuple):
    """One measure, with the figures of the moment it was found. Shares and chances in ten thousandths."""

    id: str
    vertical: str
    seller_id: str
    sub_id: str
    kind: Action
    cap: int
    state: MeasureState
    by_rule: bool
    chance: int
    share: int
    bar: int
    leads: int
    bad: int
    found_at: int
    changed_at: int
    changed_by: str
    note: str = ""

    @property
    def why(self) -> str:
        """In one sentence, without a personal value."""
        return (
            f"{self.bad} bad of {self.leads} posts; believed share {self.share / 100:.0f} %, above "
            f"{self.bar / 100:.0f} % with a chance of {self.chance / 100:.1f} %"
        )
