"""What a delivery sets aside before it is made: caps and the buyer's money, all or nothing."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from exchange.model.money import Money


class HoldState(Enum):
    HELD = "held"
    POSTED = "posted"
    VOID = "void"


class CapHold(NamedTuple):
    """`amount` more (1 sale, or money units) in the window that starts at `window_start`, up to `most`; up to `by_now`
    where the cap is spread over its window.
    """

    key: str
    name: str  # how a check names it: cap:day, cap:month … or budget
    window_start: int
    amount: int
    most: int
    money: bool = False  # a money cap follows the price the buyer finally pays
    by_now: int | None = None

    @property
    def limit(self) -> int:
        """What may be used at this moment."""
        return self.most if self.by_now is None else min(self.by_now, self.most)


class HoldRequest(NamedTuple):
    """Everything one attempt holds. `account` is the buyer's: prepaid money or room under the credit limit."""

    attempt_id: str
    caps: tuple[CapHold, ...]
    account: str
    amount: Money


class Held(NamedTuple):
    """It fits. `used` is each cap's use after the hold by key, `available` what the account has left."""

    used: tuple[tuple[str, int], ...]
    available: Money


class CapFull(NamedTuple):
    key: str
    name: str
    used: int
    most: int
    reached: int | None = None  # when the last of it was taken, where all of it is


class BalanceShort(NamedTuple):
    available: Money
    needed: Money
