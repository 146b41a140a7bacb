"""How sellers are paid: their terms, where the money goes, and what becomes of a period's earnings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from exchange.model.billing import Every
from exchange.model.ledger import seller_account
from exchange.model.money import Money
from exchange.model.statement import Cut, Party, Period


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
    def file_format(self) -> str | None:
        """What kind of file a bank gets; None: none."""
        return {Method.ACH: "nacha", Method.SEPA: "pain.001", Method.BY_HAND: None}[self]

    @property
    def title(self) -> str:
        return {Method.ACH: "ACH", Method.SEPA: "SEPA", Method.BY_HAND: "By hand"}[self]

    @property
    def way(self) -> str:
        """Within a sentence."""
        return {Method.ACH: "by ACH", Method.SEPA: "by SEPA", Method.BY_HAND: "by hand"}[self]


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


class RunState(Enum):
    """PREPARED: its figures stand and wait for approval. ISSUED: it is the seller's statement, and owed. PAID: nothing
    of it is owed any more. DISCARDED: made by mistake, as if it had never been."""

    PREPARED = "prepared"
    ISSUED = "issued"
    PAID = "paid"
    DISCARDED = "discarded"


class PaymentState(Enum):
    """DUE, in a file for a bank (EXPORTED), PAID, or BOUNCED: the bank gave it back, and another takes its place."""

    DUE = "due"
    EXPORTED = "exported"
    PAID = "paid"
    BOUNCED = "bounced"


class Sums(NamedTuple):
    """What a seller's account moved in a period, in units, with how many entries. What came back is below zero."""

    sold: int = 0
    sold_count: int = 0
    returned: int = 0
    returned_count: int = 0
    adjusted: int = 0
    adjusted_count: int = 0

    @property
    def moved(self) -> int:
        return self.sold + self.returned + self.adjusted


class Figures(NamedTuple):
    """A statement's sum, in units. `carried + sums.moved + released - held + rounding = pay + carry`.

    `carried` came over from the statement before, `carry` goes over into the next; `pay` is whole cents, and what is
    left of a cent goes to the house (`rounding`, zero or less).
    """

    sums: Sums
    carried: int
    released: int
    held: int
    rounding: int
    pay: int
    carry: int


@dataclass(frozen=True, slots=True)
class Run:
    """One seller's statement for a period in one currency, and how far its payment is.

    `previous` is the id of the run before it, empty for the first. `released_in` names the run that let go what this
    one held back. `number` is given when it is issued.
    """

    id: str
    seller_id: str
    currency: str
    previous: str
    since: Cut
    until: Cut
    terms_version: int
    party: Party
    method: Method
    figures: Figures
    reserve_until: int
    due_at: int
    prepared_at: int
    prepared_by: str
    state: RunState = RunState.PREPARED
    hold_reason: str = ""
    released_in: str | None = None
    number: str | None = None
    issued_at: int | None = None
    issued_by: str | None = None

    @property
    def period(self) -> Period:
        return Period(seller_account(self.seller_id), self.currency, self.since, self.until)

    def money(self, units: int) -> Money:
        return Money(units, self.currency)


@dataclass(frozen=True, slots=True)
class Payment:
    """All or a part of what a run owes. `reference` is what the bank calls it, once it is paid."""

    id: str
    run_id: str
    part: int
    seller_id: str
    money: Money
    method: Method
    state: PaymentState
    made_at: int
    hold_reason: str = ""
    file_id: str | None = None
    reference: str = ""
    paid_at: int | None = None
    paid_by: str | None = None
    bounced_at: int | None = None
    bounce_reason: str = ""


@dataclass(frozen=True, slots=True)
class BankFile:
    """A file for a bank, as it was exported: the same bytes whenever it is asked for. `effective_day` is ISO text."""

    id: str
    format: str
    currency: str
    day: str
    letter: str
    name: str
    sha256: str
    payments: int
    units: int
    effective_day: str
    made_at: int
    made_by: str
