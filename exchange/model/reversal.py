"""A sale that is undone, as one unit of work."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.model.delivery import DeliveryState
from exchange.model.ledger import Transaction
from exchange.model.work import Closing, Sums


class Reversal(NamedTuple):
    """A sale undone: both sides of its money, its caps, its part of the lead's sums.

    `payout_units` is what the seller loses by it in all, `transactions` say the same in the books (none for tests).
    `closings` hold one end for every state the lead may be in after it.
    """

    attempt_id: str
    lead_id: str
    why: str
    at: int
    before: Sums
    payout_units: int
    transactions: tuple[Transaction, ...]
    closings: tuple[Closing, ...]
    delivery: DeliveryState
    line: AuditLine
