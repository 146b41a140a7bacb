"""What an exchange says of itself and how long it keeps what it need not: settings that hold once they are set."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from exchange.model.statement import Issuer


class House(NamedTuple):
    """`payout_two_above_units`: a payout above it is approved by two people. Days are those that raw requests are kept:
    of pings that led nowhere, of all others, of test leads."""

    name: str = "Lead Exchange"
    invoice_address: str = ""
    invoice_note: str = ""
    payout_two_above_units: int = 50_000_000
    retention_ping_days: int = 14
    retention_raw_days: int = 180
    retention_test_days: int = 30
    colour: str = ""  # of buttons and links, as `#1f4fd1`; empty: ours
    logo: str = ""  # the picture beside the name, as `logos` calls it; empty: ours

    @property
    def issuer(self) -> Issuer:
        """Who stands on invoices."""
        return Issuer(self.name, self.invoice_address, self.invoice_note)

    @property
    def retention_days(self) -> Mapping[str, int]:
        """By class of request."""
        days = {"ping": self.retention_ping_days, "lead": self.retention_raw_days, "test": self.retention_test_days}
        return MappingProxyType(days)


class FiledHouse(NamedTuple):
    """As the settings file and the environment say; `fixed` are the fields that they say, which no page changes."""

    house: House = House()
    fixed: frozenset[str] = frozenset()
