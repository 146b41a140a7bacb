"""Returns: a buyer asks its money back for a lead it bought; what speaks for it, what is decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.ledger import Transaction
from exchange.model.money import Money
from exchange.model.work import JobRow, Sums


class ReturnState(Enum):
    """`QUESTION`: the buyer was asked for more. `PARTIAL`: a part was credited. `REPLACED`: it gets another lead."""

    ASKED = "asked"
    QUESTION = "question"
    APPROVED = "approved"
    PARTIAL = "partial"
    REPLACED = "replaced"
    DECLINED = "declined"


OPEN_RETURNS = (ReturnState.ASKED, ReturnState.QUESTION)
GRANTED = (ReturnState.APPROVED, ReturnState.PARTIAL, ReturnState.REPLACED)


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """A buyer asks its money back for one sale. `told_by` names the channel and the account.

    `sealed_note` opens with the key of the lead. `due_at`: from then on its seller pays nothing back. `their_reference`
    is the buyer's own name for it, asked once. `part` is what of the price is asked, None for all of it.
    """

    id: str
    month: str
    sale_id: str
    lead_id: str
    buyer_id: str
    reason: str
    sealed_note: bytes | None
    asked_at: int
    told_by: str
    attempt_id: str
    seller_id: str
    campaign_id: str
    contract_id: str
    mode: str
    price: Money
    sold_at: int
    due_at: int
    their_reference: str | None = None
    part: Money | None = None


class ReturnFile(NamedTuple):
    """A file that goes with a request, `sealed` with the key of its lead."""

    return_id: str
    lead_id: str
    name: str
    media: str
    size_bytes: int
    sealed: bytes


class Mark(Enum):
    """Which way a fact points."""

    FOR = "for"
    AGAINST = "against"
    NEITHER = "neither"


class Fact(NamedTuple):
    """One thing the exchange found about a request. The sentence holds nothing personal: it is kept in clear."""

    name: str
    sentence: str
    mark: Mark


class Advice(Enum):
    APPROVE = "approve"
    DECLINE = "decline"
    LOOK = "look"


class Suggestion(NamedTuple):
    """What a rule proposes. `automatic`: it is proved, so that no person need look."""

    advice: Advice
    rule: str
    sentence: str
    automatic: bool = False


class Bears(Enum):
    """Who pays what a buyer gets back."""

    SELLER = "seller"
    HOUSE = "house"


class Effect(NamedTuple):
    """What a decision moves: to the buyer, from the seller, and what the house is left with less (negative: more)."""

    credit: Money
    debit: Money
    bears: Bears

    @property
    def margin(self) -> Money:
        return self.credit - self.debit


class Ruling(NamedTuple):
    """One decision, to be stored in one unit of work. `sums` are the lead's as they were when it was worked out.

    `back` is what goes back of the sale's price, `payout_back` of its payout: both are part of `effect`, in which a
    promise made up for may be too. `undoes` takes back an automatic decision; `of` are the states it may have.
    `lowers`: what stood before it, of which `effect` is a part; `back` and `payout_back` then are what is added.
    """

    request_id: str
    state: ReturnState
    of: tuple[str, ...]
    at: int
    month: str
    by: str
    automatic: bool
    rule: str
    why: str
    effect: Effect
    line: AuditLine
    event: str
    sums: Sums | None = None
    transactions: tuple[Transaction, ...] = ()
    back: Money | None = None
    payout_back: Money | None = None
    reverses_sale: bool = False
    undoes: bool = False
    lowers: Effect | None = None
    jobs: tuple[JobRow, ...] = ()
