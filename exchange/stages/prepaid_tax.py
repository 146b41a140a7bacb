"""Tax on what a prepaid buyer pays in: it is in the payment, goes on to the house's account for tax, and the rest buys
leads. What goes back to the buyer takes its tax along.

A buyer on credit is taxed by its invoices, and a security is no payment for anything.
"""

from __future__ import annotations

from exchange.model.ledger import TAX, Posting, Transaction
from exchange.model.money import Money
from exchange.model.party import Buyer
from exchange.stages.statement import CENT


def tax_within(buyer: Buyer, account: str, gross: Money) -> Money:
    """What of a payment to or from one of a buyer's accounts is tax, in whole cents; half a cent counts up."""
    rate = buyer.terms.tax_bp if account.endswith(":prepaid") else 0
    whole = 10_000 + rate
    return Money((2 * gross.units * rate + whole * CENT) // (2 * whole * CENT) * CENT, gross.currency)


def tax_of_part(part: Money, paid_in: Transaction) -> Money:
    """What of a payment's part is tax, by what was booked of the whole of it: so that what is given back of an account
    is never more than came to it."""
    tax = sum(each.money.units for each in paid_in.postings if each.destination == TAX)
    return Money(-(-part.units * tax // paid_in.postings[0].money.units), part.currency)


def taxed(posting: Posting, account: str, tax: Money) -> tuple[Posting, ...]:
    """A payment into or out of an account, and the tax that is in it."""
    if not tax.units:
        return (posting,)
    inward = posting.destination == account
    return posting, Posting(account if inward else TAX, TAX if inward else account, tax)


def as_booked(wanted: Transaction, known: Transaction | None) -> Transaction:
    """The same payment told again is the same, also where another tax is due by now."""
    same = known is not None and known.postings[:1] == wanted.postings[:1]
    return wanted._replace(postings=known.postings) if known is not None and same else wanted
