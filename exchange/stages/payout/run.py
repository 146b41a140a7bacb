"""What a seller is paid for a period: what it sold, less what came back, less what is held back for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from exchange.model.ledger import BANK, ROUNDING, Posting, Transaction, TransactionKind, reserve_account, seller_account
from exchange.model.money import Money
from exchange.model.payout import Figures, PaymentTerms, Run, Sums
from exchange.stages.schedule import wall_instant
from exchange.stages.statement import CENT

DAY_MS = 86_400_000
GRACE_MS = 15 * 60_000
"""A period is closed so long after its end: what was under way then is booked and sealed."""


def figures_of(sums: Sums, carried: int, released: int, terms: PaymentTerms, currency: str) -> Figures:
    """The statement's sum. Held back is a share of what was sold less what came back, in whole cents, and never so much
    that the seller would owe something because of it. What is below the minimum, or below zero, goes over."""
    due = carried + sums.moved + released
    share = Money(max(sums.sold + sums.returned, 0), currency).share(terms.reserve_bp).units
    held = max(min(_cut(share), _cut(due)), 0)
    due -= held
    pay = _cut(due)
    if pay <= 0 or pay < terms.minimum(currency).units:
        return Figures(sums, carried, released, held, 0, 0, due)
    return Figures(sums, carried, released, held, pay - due, pay, 0)


def due_at(until: int, terms: PaymentTerms, zone: str) -> int:
    """The midnight so many days after a period's end by which it is paid."""
    place = ZoneInfo(zone)
    day = datetime.fromtimestamp(until // 1000, place).date() + timedelta(days=terms.net_days)
    return wall_instant(datetime.combine(day, datetime.min.time()), place, 0) * 1000


def reserve_until(until: int, terms: PaymentTerms) -> int:
    """What a period held back is let go by the first one that ends at this moment or later."""
    return until + terms.reserve_days * DAY_MS


def issue_booking(run: Run, at: int, month: str) -> Transaction | None:
    """What a statement moves itself when it is issued: reserve held and let go, and the rest of a cent."""
    account, reserve = seller_account(run.seller_id), reserve_account(run.seller_id)
    figures = run.figures
    moves = (
        (reserve, account, figures.released),
        (account, reserve, figures.held),
        (account, ROUNDING, -figures.rounding),
    )
    postings = tuple(Posting(source, to, run.money(units)) for source, to, units in moves if units)
    if not postings:
        return None
    return Transaction(issue_reference(run.id), TransactionKind.RESERVE, postings, at, month, cause=run.id)


def payment_booking(payment_id: str, run: Run, money: Money, at: int, month: str) -> Transaction:
    postings = (Posting(seller_account(run.seller_id), BANK, money),)
    return Transaction(payment_reference(payment_id), TransactionKind.PAYOUT, postings, at, month, cause=run.id)


def bounce_booking(payment_id: str, run: Run, money: Money, at: int, month: str) -> Transaction:
    """The bank gave a payment back: it is owed again."""
    postings = (Posting(BANK, seller_account(run.seller_id), money),)
    paid = payment_reference(payment_id)
    return Transaction(f"{paid}:bounced", TransactionKind.REVERSAL, postings, at, month, run.id, reverses=paid)


def issue_reference(run_id: str) -> str:
    return f"statement:{run_id}"


def payment_reference(payment_id: str) -> str:
    return f"payout:{payment_id}"


def _cut(units: int) -> int:
    """Whole cents, toward less: the house takes what is left."""
    return units - units % CENT
