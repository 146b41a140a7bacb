"""Single values of a draft, read and shown. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from exchange.model.money import Money, read_units
from exchange.model.party import State

Party = TypeVar("Party")


class BadValue(ValueError):
    """A value that a setting cannot have, or a setting that is not there. The sentence says what fits."""


class Setting(NamedTuple, Generic[Party]):
    """How one setting is shown, and how a party looks with another value of it. `change` raises `BadValue`."""

    show: Callable[[Party], str]
    change: Callable[[Party, str], Party]


def read_state(text: str) -> State:
    if text not in (State.ACTIVE.value, State.PAUSED.value):
        raise BadValue("must be active or paused.")
    return State(text)


def read_whole(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or not text.isascii() or not least <= int(text[:12]) <= most:
        raise BadValue(f"must be a whole number from {least:,} to {most:,}.")
    return int(text)


def read_amount(text: str, currency: str) -> Money:
    """An amount of nothing or more. Raises `BadMoney` too."""
    units = read_units(text)
    if units < 0:
        raise BadValue("must not be negative.")
    return Money(units, currency)


def read_percent(text: str) -> int:
    """Hundredths of a percent of `70` or `62.5`."""
    units = read_units(text)
    if not 0 <= units <= 1_000_000 or units % 100:
        raise BadValue("must be a percent from 0 to 100, with two decimals at the most.")
    return units // 100


def show_percent(share_bp: int) -> str:
    whole, rest = divmod(share_bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") if rest else str(whole)
