"""How sellers are paid: their terms, where the money goes, and what becomes of a period's earnings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from exchange.model.billing import Every
from exchange.model.money import Money


class Method(Enum):
    """How a payment reaches a seller: in a file for a bank in the United States or in Europe, or by a person."""

    ACH = "ach"
    SEPA = "sepa"
    BY_HAND = "by_hand"

    @property
    def currency(self) -> str | None:
        """The one currency it moves; None: any."""
        return {Method.ACH: "USD", Method.SEPA: "EUR", Method.BY_HAND: None}[self]

    @property
    def title(self) -> str:
        return {Method.ACH: "ACH", Method.SEPA: "SEPA", Method.BY_HAND: "By hand"}[self]


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """When a seller is paid and what is kept back.

    A period ends in `zone` (empty: the exchange's) and is due `net_days` after its end. `reserve_bp` hundredths of a
    percent of what was sold less what came back are held for `reserve_days`. A return debits the seller within
    `chargeback_days` of the sale; later the house bears it. Less than `minimum` is carried into the next period.
    `minimum`, `method` and the bank details hold for `currency`; what was earned in another one is paid by hand.
    """

    currency: str = ""
    every: Every = Every.WEEK
    zone: str = ""
    net_days: int = 7
    reserve_bp: int = 0
    reserve_days: int = 30
    chargeback_days: int = 30
    minimum_units: int = 0
    method: Method = Method.BY_HAND
    address: str = ""
    tax_id: str = ""

    def minimum(self, currency: str) -> Money:
        return Money(self.minimum_units if currency == self.currency else 0, currency)

    def method_for(self, currency: str) -> Method:
        return self.method if currency == self.currency else Method.BY_HAND


@dataclass(frozen=True, slots=True)
class AchAccount:
    """An account at a bank of the United States. A company is paid by CCD, a person by PPD."""

    holder: str
    routing: str
    account: str
    savings: bool = False
    company: bool = True

    @property
    def last4(self) -> str:
        return self.account[-4:]


@dataclass(frozen=True, slots=True)
class SepaAccount:
    """An account within SEPA. `bic` may be empty: the IBAN names the bank."""

    holder: str
    iban: str
    bic: str = ""

    @property
    def last4(self) -> str:
        return self.iban[-4:]


Account = AchAccount | SepaAccount


@dataclass(frozen=True, slots=True)
class AchPayer:
    """Who sends an ACH file: the bank it goes to, and the company as that bank knows it.

    `origin` and `company_id` are what the bank assigned, mostly 1 and the tax number.
    """

    bank_name: str
    routing: str  # of the bank that takes the file
    company: str
    company_id: str
    origin: str = ""  # empty: the company id

    @property
    def last4(self) -> str:
        return self.company_id[-4:]


Payer = AchPayer | SepaAccount
