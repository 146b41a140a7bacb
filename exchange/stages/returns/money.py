"""What a return moves: back to the buyer, and from its seller while that one's window is open, else from the house."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind, seller_account
from exchange.model.money import Money
from exchange.model.returns import Bears, Effect


class Sold(NamedTuple):
    """A sale that may be given back. `booked` is its transaction (None: a test, no money moved), `account` its payer's.

    `loses` is what its seller earned less without it: the payout, and what of a promise falls away with it.
    """

    attempt_id: str
    lead_id: str
    seller_id: str
    price: Money
    payout: Money
    loses: Money
    booked: Transaction | None


class Moved(NamedTuple):
    """A decision in money: what people are told, what the books get, and what the sale's own row loses."""

    effect: Effect
    transactions: tuple[Transaction, ...]
    back: Money
    payout_back: Money
    reverses_sale: bool


def nothing(currency: str) -> Effect:
    """A decision that moves no money."""
    zero = Money.zero(currency)
    return Effect(zero, zero, Bears.HOUSE)


def give_back(sold: Sold, return_id: str, bears: Bears, at: int, month: str) -> Moved:
    """The whole price. The entry reverses the sale: both sides of it, or the buyer's alone when the house bears it."""
    zero = Money.zero(sold.price.currency)
    from_seller = bears is Bears.SELLER
    effect = Effect(sold.price, sold.loses if from_seller else zero, bears)
    payout_back = sold.payout if from_seller else zero
    return Moved(effect, tuple(_whole(sold, return_id, bears, at, month)), sold.price, payout_back, True)


def _whole(sold: Sold, return_id: str, bears: Bears, at: int, month: str) -> Iterable[Transaction]:
    booked = sold.booked
    if booked is None:
        return
    taken = [each for each in booked.postings if bears is Bears.SELLER or each.source != MARGIN]
    back = tuple(Posting(each.destination, each.source, each.money) for each in taken)
    kind = TransactionKind.REVERSAL
    yield Transaction(f"return:{return_id}", kind, back, at, month, sold.lead_id, reverses=booked.reference)
    rest = sold.loses - sold.payout
    if bears is Bears.SELLER and rest.units:
        seller, money = seller_account(sold.seller_id), Money(abs(rest.units), rest.currency)
        move = Posting(seller, MARGIN, money) if rest.units > 0 else Posting(MARGIN, seller, money)
        kind = TransactionKind.ADJUSTMENT
        yield Transaction(f"promise:{sold.attempt_id}", kind, (move,), at, month, sold.lead_id)


def give_part(sold: Sold, return_id: str, credit: Money, bears: Bears, at: int, month: str) -> Moved:
    """A part of the price, and the same part of the payout, rounded in favour of the seller."""
    units = sold.payout.units * credit.units // sold.price.units if bears is Bears.SELLER and sold.price.units else 0
    debit = Money(units, credit.currency)
    transactions: tuple[Transaction, ...] = ()
    if sold.booked is not None:
        postings = [Posting(MARGIN, sold.booked.postings[0].source, credit)]
        if debit.units:
            postings.append(Posting(seller_account(sold.seller_id), MARGIN, debit))
        transactions = (_adjustment(sold, return_id, postings, at, month),)
    return Moved(Effect(credit, debit, bears), transactions, credit, debit, False)


def give_another(sold: Sold, return_id: str, bears: Bears, at: int, month: str) -> Moved:
    """Another lead instead of money: the seller loses this one's payout now, the next one's price is credited then."""
    zero = Money.zero(sold.price.currency)
    debit = sold.payout if bears is Bears.SELLER else zero
    transactions: tuple[Transaction, ...] = ()
    if sold.booked is not None and debit.units:
        postings = [Posting(seller_account(sold.seller_id), MARGIN, debit)]
        transactions = (_adjustment(sold, return_id, postings, at, month),)
    return Moved(Effect(zero, debit, bears), transactions, zero, debit, False)


def _adjustment(sold: Sold, return_id: str, postings: list[Posting], at: int, month: str) -> Transaction:
    assert sold.booked is not None
    kind, reference = TransactionKind.ADJUSTMENT, f"return:{return_id}"
    return Transaction(reference, kind, tuple(postings), at, month, sold.lead_id, reverses=sold.booked.reference)


def free_lead(
    return_id: str, account: str, price: Money, most: Money, at: int, month: str, lead_id: str
) -> Transaction:
    """The lead that was given instead costs its buyer nothing, up to what the returned one cost."""
    money = price if price <= most else most
    posting = Posting(MARGIN, account, money)
    return Transaction(f"replacement:{return_id}", TransactionKind.ADJUSTMENT, (posting,), at, month, lead_id)


def take_back(made: Iterable[Transaction], at: int, month: str) -> tuple[Transaction, ...]:
    """What undoes the entries of a decision: of the price or a part of it, and of a promise. All stay in the books."""
    undoing = []
    for each in made:
        back = tuple(Posting(move.destination, move.source, move.money) for move in each.postings)
        promise = each.reference.startswith("promise:")
        reference = f"{'promise' if promise else 'reversal'}:{each.reference}"
        reverses = None if promise else each.reference
        undoing.append(Transaction(reference, each.kind, back, at, month, each.cause, reverses=reverses))
    return tuple(undoing)
