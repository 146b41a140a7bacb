"""Money booked by a person: what a buyer paid, a security and what becomes of it, what was given back, corrections.

Each has a reference that makes a repeat harmless and a line in the audit log. Nothing changes or deletes an entry.
"""

from __future__ import annotations

from typing import NamedTuple

from exchange.clock import month_of
from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.model.actor import SYSTEM, Actor
from exchange.model.audit import AuditLine
from exchange.model.ledger import BANK, MARGIN, Posting, Transaction, TransactionKind, deposit_account
from exchange.model.money import Money
from exchange.model.party import Buyer
from exchange.model.statement import StatementKind
from exchange.stages.prepaid_tax import as_booked, tax_within, taxed
from exchange.stages.standing import Payment, Standing, standings
from exchange.storage.ledger import Balance, find_transaction
from exchange.storage.payments import book_money, payments_of, take_money
from exchange.storage.statements import account_statements, read_statement


class NothingToPay(Exception):
    """There is no such invoice, or not in this currency. The sentence says which."""


class Booked(NamedTuple):
    """`new` is False when this reference was booked before, with the same amount."""

    new: bool
    balance: Balance


async def account_standings(market: Market, actor: Actor, account: str, currency: str) -> dict[str, Standing]:
    """All documents of an account by number, with what is still owed of each."""
    statements = await market.db.read(account_statements, actor, account, currency)
    payments = [Payment(*row) for row in await market.db.read(payments_of, account, currency)] if statements else []
    return standings(statements, payments, market.clock.now())


async def pay_invoice(market: Market, number: str, amount: Money, reference: str, actor: Actor, ip: str = "") -> Booked:
    """Book what came from the bank for an invoice. More than is owed settles others, or stays on the account.

    Raises `NothingToPay`, and `BookingConflict` when the reference was used for another payment.
    """
    invoice = await market.db.read(read_statement, actor, number)
    if invoice is None or invoice.kind is not StatementKind.INVOICE:
        raise NothingToPay(f"There is no invoice {number}.")
    if amount.currency != invoice.period.currency or amount.units <= 0:
        raise NothingToPay(f"{number} is in {invoice.period.currency}: write an amount above zero in it.")
    account = invoice.period.account
    buyer_id = account.split(":")[1]
    moved = _moved(market, TransactionKind.PAYMENT, f"top_up:{buyer_id}:{reference}", BANK, account, amount, number)
    line = _line(market, actor, ip, "invoice.paid", f"buyer:{buyer_id}", amount, reference, invoice=number)
    return Booked(*await market.db.write(book_money, moved, account, line))


async def keep_deposit(
    market: Market, buyer: Buyer, amount: Money, reference: str, actor: Actor, ip: str = ""
) -> Booked:
    """Book a security that a buyer paid. It buys no leads."""
    account = deposit_account(buyer.id)
    name = f"deposit:{buyer.id}:{reference}"
    moved = _moved(market, TransactionKind.DEPOSIT, name, BANK, account, amount, reference)
    line = _line(market, actor, ip, "deposit.kept", f"buyer:{buyer.id}", amount, reference)
    return Booked(*await market.db.write(book_money, moved, account, line))


async def use_deposit(
    market: Market, buyer: Buyer, amount: Money, reference: str, note: str, actor: Actor, ip: str = ""
) -> Booked:
    """Pay what a buyer owes out of its security. Raises `TooLittle` and `BookingConflict`."""
    account, name = deposit_account(buyer.id), f"deposit_used:{buyer.id}:{reference}"
    moved = _moved(market, TransactionKind.PAYMENT, name, account, buyer.account, amount, note)
    moved = await _taxed(market, buyer, buyer.account, moved)
    line = _line(market, actor, ip, "deposit.used", f"buyer:{buyer.id}", amount, reference, note=note)
    return Booked(*await market.db.write(take_money, moved, account, line))


async def give_back(
    market: Market, buyer: Buyer, account: str, amount: Money, reference: str, note: str, actor: Actor, ip: str = ""
) -> Booked:
    """Money that was paid in goes back to the buyer's bank: never more than is there and not held. `account` is the
    one it buys from, or its security. Raises `TooLittle` and `BookingConflict`."""
    assert account in (buyer.account, deposit_account(buyer.id))
    moved = _moved(market, TransactionKind.REFUND, f"refund:{buyer.id}:{reference}", account, BANK, amount, note)
    moved = await _taxed(market, buyer, account, moved)
    line = _line(market, actor, ip, "account.given_back", f"buyer:{buyer.id}", amount, reference, note=note)
    return Booked(*await market.db.write(take_money, moved, account, line))


async def correct(
    market: Market, account: str, amount: Money, reference: str, note: str, actor: Actor, ip: str = ""
) -> Booked:
    """Give an account money out of the house's margin, or take it when the amount is negative, with a reason.

    Raises `BookingConflict`.
    """
    source, destination = (MARGIN, account) if amount.units > 0 else (account, MARGIN)
    name, absolute = f"adjustment:{account}:{reference}", Money(abs(amount.units), amount.currency)
    cause = f"{actor.role.value} {actor.name}: {note}"
    moved = _moved(market, TransactionKind.ADJUSTMENT, name, source, destination, absolute, cause)
    line = _line(market, actor, ip, "account.adjusted", f"account:{account}", amount, reference, note=note)
    return Booked(*await market.db.write(book_money, moved, account, line))


async def _taxed(market: Market, buyer: Buyer, account: str, moved: Transaction) -> Transaction:
    """With the tax that is in it."""
    (posting,) = moved.postings
    wanted = moved._replace(postings=taxed(posting, account, tax_within(buyer, account, posting.money)))
    return as_booked(wanted, await market.db.read(find_transaction, SYSTEM, moved.reference))


def _moved(
    market: Market, kind: TransactionKind, reference: str, source: str, destination: str, amount: Money, cause: str
) -> Transaction:
    now = market.clock.now()
    return Transaction(reference, kind, (Posting(source, destination, amount),), now, month_of(now), cause)


def _line(
    market: Market, actor: Actor, ip: str, action: str, subject: str, amount: Money, reference: str, **more: str
) -> AuditLine:
    after = {"amount": amount.text, "currency": amount.currency, "reference": reference, **more}
    return audit_line(market.ids, market.clock.now(), actor, action, subject, after=after, ip=ip)
