"""One request as a line: for the queue of the console, its twins, and the pages of buyers and sellers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from exchange.flows.market import Market
from exchange.flows.return_rules import unpacked
from exchange.model.money import Money
from exchange.model.returns import Fact, Mark
from exchange.storage.database import Row
from exchange.web.words import utc

PERSONAL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+?\d[\d ().-]{5,}\d")
"""A telephone or a mailbox in what somebody wrote."""
COLUMNS = (
    "return_id", "lead_id", "asked_at", "due_at", "state", "reason", "buyer", "seller", "contract", "price", "currency",
    "suggestion", "rule", "automatic", "decided_at", "decided_by", "credit", "debit", "your_return_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """`due_share` is how much of the seller's window is left, 0 to 1."""

    id: str
    lead_id: str
    consumer: str
    asked_at: int
    sold_at: int
    due_at: int
    state: str
    reason: str
    buyer: str
    buyer_id: str
    seller: str
    contract_id: str
    price: Money
    payout: Money
    facts: tuple[Fact, ...]
    suggestion: str
    rule: str
    suggested_why: str
    automatic: bool
    decided_at: int | None
    decided_by: str
    why: str
    credit: Money
    debit: Money
    question: str
    replied: bool
    file_name: str
    their_reference: str
    seller_lead_id: str
    seller_reference: str
    replacement: str
    part: Money | None  # what of the price is asked, where that is not all
    withdrawn_at: int | None

    @property
    def speaks_for(self) -> int:
        return sum(fact.mark is Mark.FOR for fact in self.facts)

    @property
    def speaks_against(self) -> int:
        return sum(fact.mark is Mark.AGAINST for fact in self.facts)

    @property
    def waits(self) -> bool:
        return self.state in ("asked", "question")

    def left(self, now: int) -> float:
        whole = self.due_at - self.sold_at
        return min(max((self.due_at - now) / whole, 0.0), 1.0) if whole > 0 else 0.0

    def fields(self) -> dict[str, Any]:
        """For those who run the exchange."""
        return {
            "return_id": self.id,
            "lead_id": self.lead_id,
            "asked_at": utc(self.asked_at),
            "due_at": utc(self.due_at),
            "state": self.state,
            "reason": self.reason,
            "buyer": self.buyer,
            "seller": self.seller,
            "contract": self.contract_id,
            "price": self.price.text,
            "currency": self.price.currency,
            "suggestion": self.suggestion or None,
            "rule": self.rule or None,
            "automatic": self.automatic,
            "decided_at": utc(self.decided_at) if self.decided_at is not None else None,
            "decided_by": self.decided_by or None,
            "credit": self.credit.text,
            "debit": self.debit.text,
            "your_return_id": self.their_reference or None,
        }


def line_of(market: Market, row: Row) -> ReturnLine:
    currency = row["currency"]
    buyer, seller = market.deals.buyers.get(row["buyer_id"]), market.deals.sellers.get(row["seller_id"])
    return ReturnLine(
        row["id"],
        row["lead_id"],
        ", ".join(part for part in (row["initials"], row["city"], row["us_state"]) if part) or row["lead_id"],
        row["asked_at"],
        row["sold_at"],
        row["due_at"],
        row["state"],
        row["reason"],
        buyer.name if buyer is not None else row["buyer_id"],
        row["buyer_id"],
        seller.name if seller is not None else row["seller_id"],
        row["contract_id"],
        Money(row["price_units"], currency),
        Money(row["payout_units"], currency),
        unpacked(row["evidence"]),
        row["suggestion"] or "",
        row["rule"] or "",
        row["suggested_why"] or "",
        bool(row["automatic"]),
        row["decided_at"],
        row["decided_by"] or "",
        row["why"] or "",
        Money(row["credit_units"] or 0, currency),
        Money(row["debit_units"] or 0, currency),
        row["question"] or "",
        row["replied_at"] is not None,
        row["file_name"] or "",
        row["their_reference"] or "",
        row["seller_lead_id"] or "",
        row["seller_reference"] or "",
        row["replacement"] or "",
        Money(row["asked_units"], currency) if row["asked_units"] is not None else None,
        row["withdrawn_at"],
    )
