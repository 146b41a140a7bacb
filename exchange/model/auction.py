"""Bids, quotes, awards, sales, and the five ways an attempt to deliver can end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from exchange.model.money import Money
from exchange.model.reason import Reason


@dataclass(frozen=True, slots=True)
class Bid:
    """A price for a lead. `leg` is the end company; `expires_at` epoch ms or None for the quote's own life.

    `leg_reference` is the id of this one bid among several that share `buyer_reference`.
    """

    contract_id: str
    leg: str
    price: Money
    exclusive: bool
    buyer_reference: str | None
    expires_at: int | None
    brand: str | None = None
    leg_reference: str | None = None


@dataclass(frozen=True, slots=True)
class NoBid:
    """The buyer does not want it, or what it said cannot be used. `detail` quotes the buyer, cut to 200 characters."""

    contract_id: str
    reason: Reason
    detail: str = ""


class Award(NamedTuple):
    """A winning bid given a slot (1 is the first), not yet accepted. `reference` is ours for this lead and buyer."""

    bid: Bid
    slot: int
    reference: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Our answer to a ping: the bids it rests on, best plan first, and the payout promised until `expires_at`.

    `unheard` are contracts of its tier that might bid yet: the auction closed before they did, or a waterfall above
    them. They are asked when all of these bids fail.
    """

    id: str
    lead_id: str
    campaign_id: str
    seller_id: str
    bids: tuple[Bid, ...]
    payout: Money
    exclusive: bool
    created_at: int
    expires_at: int
    tier: int
    unheard: tuple[str, ...] = ()


class AttemptState(Enum):
    """The life of one delivery to one buyer. RESERVED has sent nothing; SENDING may have."""

    RESERVED = "reserved"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"
    PENDING = "pending"
    UNCLEAR = "unclear"


class Finality(Enum):
    """What a rejection forbids: asking this buyer again, asking anyone again, or nothing."""

    BUYER = "buyer"
    AGAIN = "again"
    EVERYONE = "everyone"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The buyer took the lead. `price` None means the bid stands; `reference` is the buyer's own id."""

    price: Money | None = None
    reference: str | None = None
    redirect: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    reason: Reason
    detail: str = ""
    finality: Finality = Finality.BUYER
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """Sent; the answer comes by receipt or by asking."""

    reason: Reason
    reference: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing was taken, and they may take it at another time: `after_ms` from now, if they said when."""

    reason: Reason
    detail: str = ""
    after_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing that delivers was sent: the next buyer may be asked."""

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """Sent, and no usable answer: the buyer may own the lead."""

    reason: Reason
    detail: str = ""


Answered = Accepted | Rejected | Pending | Later
"""What a connector may say of a post."""

Outcome = Accepted | Rejected | Pending | Failed | Unclear


@dataclass(frozen=True, slots=True)
class Sale:
    """An accepted award. Prices never change after it; returns are reversals in the ledger."""

    id: str
    lead_id: str
    attempt_id: str
    contract_id: str
    buyer_id: str
    seller_id: str
    leg: str
    price: Money
    buyer_reference: str | None
    redirect: str | None
    accepted_at: int


class Bought(NamedTuple):
    """What of its attempt a sale keeps: who bought, under which terms, for whom, and whether it was a test."""

    buyer_id: str
    contract_id: str
    contract_version: int
    leg: str
    mode: str


class Progress(NamedTuple):
    """How far selling one lead has come: what the next awards are chosen from."""

    sold: tuple[Bid, ...] = ()
    unclear: tuple[Bid, ...] = ()
    refused: frozenset[str] = frozenset()  # contracts that rejected, failed, or had no cap or balance left
    stopped: bool = False  # somebody said: final for everyone
    reasons: tuple[Reason, ...] = ()
