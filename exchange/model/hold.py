"""What a delivery sets aside before it is made: caps and the buyer's money, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from exchange.model.money import Money


class HoldState(Enum):
    HELD = "held"
    POSTED = "posted"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class CapHold:
    """`amount` more (1 sale, or money units) in the window that starts at `window_start`, up to `most`."""

    key: str
    name: str  # how a check names it: cap:day, cap:month … or budget
    window_start: int
    amount: int
    most: int
    money: bool = False  # a money cap follows the price the buyer finally pays


@dataclass(frozen=True, slots=True)
class HoldRequest:
    """Everything one attempt holds. `account` is the buyer's: prepaid money or room under the credit limit."""

    attempt_id: str
    caps: tuple[CapHold, ...]
    account: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Held:
    """It fits. `used` is each cap's use after the hold by key, `available` what the account has left."""

    used: tuple[tuple[str, int], ...]
    available: Money


@dataclass(frozen=True, slots=True)
class CapFull:
    key: str
    name: str
    used: int
    most: int


@dataclass(frozen=True, slots=True)
class BalanceShort:
    available: Money
    needed: Money
