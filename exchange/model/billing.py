"""How a buyer is billed: in which periods, in whose time zone, by when it pays, with which tax and to which address."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Every(Enum):
    """The periods of the calendar that documents are made for."""

    WEEK = "week"
    HALF_MONTH = "half_month"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class BillingTerms:
    """`every` None makes documents by hand only; an empty `zone` is the exchange's. `tax_bp` is in hundredths of a
    percent: 1900 is 19 %, and 0 writes no line of tax. `address` may have several lines. `security_units` must lie on
    the buyer's deposit account before a contract of its goes live; 0 asks for none."""

    every: Every | None = Every.MONTH
    zone: str = ""
    due_days: int = 14
    tax_name: str = ""
    tax_bp: int = 0
    tax_id: str = ""
    address: str = ""
    security_units: int = 0
