"""Documents of buyers: what an account moved between two cuts, in lines that sum, under a header that is never changed.

A document is a view of the ledger. Its period is half open and ends at a *cut*: a time and a place in the chain of
seals. Below a cut is what happened before its time and was sealed up to its place, so that what is below one never
changes; an entry that was sealed later than its time tells belongs to the next document, and none belongs to two.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from exchange.model.ledger import TransactionKind
from exchange.model.money import Money


class StatementKind(Enum):
    """INVOICE, CREDIT_NOTE and CANCELLATION are a buyer's on credit, STATEMENT a prepaid buyer's."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"  # for returns of sales that were invoiced before
    CANCELLATION = "cancellation"  # takes back a whole invoice; another one takes its place
    STATEMENT = "statement"

    @property
    def series(self) -> str:
        """What its number begins with."""
        return _SERIES[self]


_SERIES = {
    StatementKind.INVOICE: "INV",
    StatementKind.CREDIT_NOTE: "CN",
    StatementKind.CANCELLATION: "CN",
    StatementKind.STATEMENT: "ST",
}


class Cut(NamedTuple):
    """Below it is what happened before `at` (epoch ms) and was sealed at `position` or before."""

    at: int
    position: int

    def covers(self, at: int, position: int) -> bool:
        return at < self.at and position <= self.position


BEGINNING = Cut(0, 0)


class Period(NamedTuple):
    """What is below `until` and not below `since`, of one account in one currency."""

    account: str
    currency: str
    since: Cut
    until: Cut

    def holds(self, at: int, position: int) -> bool:
        return self.until.covers(at, position) and not self.since.covers(at, position)


class Movement(NamedTuple):
    """One posting as the account sees it: `units` are what came in, less than nothing for what went out.

    `other` is the account on the other side. `contract_id` is that of the sale that it is, or that it corrects;
    `corrected` says where that one stands.
    """

    reference: str
    kind: TransactionKind
    at: int
    position: int
    units: int
    other: str
    cause: str
    reverses: str | None = None
    contract_id: str = ""
    corrected: Cut | None = None


class Line(NamedTuple):
    """All movements of one kind and one group (a contract; empty: none), as the document counts them."""

    kind: TransactionKind
    group: str
    entries: int
    units: int


class Totals(NamedTuple):
    """`net` is the sum of the lines; `total` is whole cents: `net + tax + rounding`."""

    net: Money
    tax: Money
    rounding: Money
    total: Money


class Party(NamedTuple):
    """Whom a document is for, as it was when it was issued, and in whose time zone its days are."""

    id: str
    name: str
    address: str
    tax_id: str
    zone: str


class Issuer(NamedTuple):
    """Who issues documents; `note` says on an invoice where to pay."""

    name: str
    address: str = ""
    note: str = ""


class Statement(NamedTuple):
    """A document as it was issued.

    `lines` sum to `totals.net`; `payments` are what came from outside, or went there, in the period (a prepaid buyer's
    document shows them). `opening` and `closing` are the account's balance at the two cuts. `reference` is the
    transaction that booked its tax and rounding. `names` are those of the lines' groups.
    """

    number: str
    kind: StatementKind
    period: Period
    lines: tuple[Line, ...]
    totals: Totals
    opening: Money
    closing: Money
    issued_at: int
    month: str
    due_at: int | None
    reference: str
    party: Party
    payments: tuple[Line, ...] = ()
    tax_name: str = ""
    tax_bp: int = 0
    corrects: str | None = None
    replaces: str | None = None
    reason: str = ""
    names: tuple[tuple[str, str], ...] = ()
    issuer: Issuer = Issuer("")
