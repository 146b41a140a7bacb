"""Amounts of money: whole units of one ten-thousandth, with a currency. No float comes near them."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCALE = 10_000
DECIMALS = 4
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,4})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CENT = SCALE // 100
_CENTS = tuple(f".{cents:02d}" for cents in range(100))


class BadMoney(ValueError):
    """The text is not an amount, or two currencies met."""


def read_units(text: str) -> int:
    """The units of `12`, `12.5` or `-0.0035`, where the currency is told elsewhere or there is none.

    Anything else, more than four decimals included, is `BadMoney`.
    """
    if not _AMOUNT.fullmatch(text):
        raise BadMoney(f"not an amount of money: {text[:40]!r}")
    whole, _, part = text.removeprefix("-").partition(".")
    units = int(whole) * SCALE + int(part.ljust(DECIMALS, "0"))
    return -units if text.startswith("-") else units


def write_units(units: int) -> str:
    """Decimal text with at least two decimals: `26.60`, `0.0035`, `-3.00`."""
    if units >= 0 and not units % _CENT:  # nearly every amount there is
        return f"{units // SCALE}{_CENTS[units // _CENT % 100]}"
    digits = f"{abs(units):05d}"
    return f"{'-' if units < 0 else ''}{digits[:-4]}.{digits[-4:-2]}{digits[-2:].rstrip('0')}"


@dataclass(frozen=True, slots=True)
class Money:
    """`units` ten-thousandths of one `currency` (ISO 4217). Negative amounts exist (a seller may owe)."""

    units: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read an amount as `read_units` does. Raises `BadMoney`."""
        units = read_units(text)
        if not _CURRENCY.fullmatch(currency):
            raise BadMoney(f"not a currency: {currency[:10]!r}")
        return cls(units, currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        return cls(0, currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.units + other.units, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.units - other.units, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.units, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.units < other.units

    def __le__(self, other: Money) -> bool:
        self._same(other)
        return self.units <= other.units

    def share(self, basis_points: int) -> Money:
        """`basis_points` hundredths of a percent, rounded toward zero; the caller keeps the rest."""
        product = abs(self.units) * basis_points
        whole = product // 10_000
        return Money(-whole if self.units < 0 else whole, self.currency)

    def split(self, parts: int) -> list[Money]:
        """`parts` amounts that differ by at most one unit and sum to this one."""
        assert parts >= 1
        each, rest = divmod(self.units, parts)
        return [Money(each + (1 if index < rest else 0), self.currency) for index in range(parts)]

    @property
    def cents(self) -> Money:
        """To the whole cent, as people read it: half a cent goes away from zero."""
        whole = (abs(self.units) + _CENT // 2) // _CENT * _CENT
        return Money(-whole if self.units < 0 else whole, self.currency)

    @property
    def text(self) -> str:
        """Decimal text, as `write_units` writes it."""
        return write_units(self.units)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise BadMoney(f"{self.currency} and {other.currency} do not mix")
