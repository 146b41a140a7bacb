"""What flows hand to storage: rows to write, moves to make, and what came of them. Plain, frozen, picklable.

A *move* is one durable step of selling a lead: what came back (`settled`), what we are about to send (`intents`), and
how it all ended (`closing`), in one transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, NamedTuple

from exchange.model.auction import AttemptState, Bought
from exchange.model.delivery import DeliveryRow, DeliveryState
from exchange.model.field_error import WrongFields
from exchange.model.hold import HoldRequest
from exchange.model.ledger import Transaction
from exchange.model.money import Money
from exchange.model.screen import ScreenedRow
from exchange.model.verification import ProofRow


class LeadState(Enum):
    """Where a lead stands. SELLING may have posts out; UNCLEAR and PENDING wait for a buyer, HELD for a person."""

    OPEN = "open"
    QUOTED = "quoted"
    SELLING = "selling"
    SOLD = "sold"
    UNSOLD = "unsold"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    INVALID = "invalid"
    HELD = "held"
    UNCLEAR = "unclear"
    PENDING = "pending"


def state_after(attempts: Collection[str]) -> LeadState:
    """What the states of its deliveries make of a lead that nobody works on any more."""
    if "accepted" in attempts:
        return LeadState.SOLD
    if "pending" in attempts and "unclear" not in attempts:
        return LeadState.PENDING
    return LeadState.UNCLEAR if {"unclear", "reserved", "sending"} & set(attempts) else LeadState.UNSOLD


class RequestRow(NamedTuple):
    """A request as stored. `raw` is sealed with the request's own data key, `wrapped` by the master key."""

    id: str
    month: str
    received_at: int
    endpoint: str
    channel: str
    remote_ip: str
    seller_id: str | None
    campaign_id: str | None
    key_id: str | None
    mode: str | None
    wrapped: bytes | None
    lead_id: str | None
    content_type: str
    answer_format: str
    raw: bytes | None
    retention: str


class AnswerRow(NamedTuple):
    """The answer exactly as it left, sealed like the request it belongs to."""

    request_id: str
    status_code: int
    status: str
    reason: str | None
    body: bytes
    content_type: str
    took_ms: int
    wrong: str = ""  # its wrong fields, as `flows.entry.in_words` tells them


class LeadRow(NamedTuple):
    """A lead as stored: clear facts for lists and filters, the rest sealed with the key of request `subject`."""

    id: str
    month: str
    received_at: int
    seller_id: str
    campaign_id: str
    campaign_version: int
    vertical: str
    mode: str
    kind: str
    state: str
    reason: str | None
    seller_lead_id: str | None
    sub_id1: str | None
    zip: str | None
    us_state: str | None
    city: str | None
    initials: str | None
    phone_index: bytes | None
    email_index: bytes | None
    facts: str
    subject: str
    sealed: bytes | None
    grade: str | None
    currency: str
    consent: bytes | None = None
    consent_hash: str | None = None  # of a text that is stored once, beside the record
    channel: str = "api"
    tracking: str = "{}"


class Keep(Enum):
    """Which answers a key goes on replaying: all, only one that sold or is queued, or none once it has ended.

    The value is what the key begins with, so that storage can tell long after.
    """

    ALWAYS = "key"
    SOLD = "seller_lead_id"
    NEVER = "body"


class Idempotency(NamedTuple):
    """A key that makes repeats harmless, scoped by seller and endpoint."""

    seller_id: str
    endpoint: str
    key: str
    body_hash: bytes
    expires_at: int
    keep: Keep


class Claim(NamedTuple):
    """A consumer taken for a lead: `scope` such as `solar` or `solar:seller1`, and a keyed hash."""

    scope: str
    hash: bytes
    expires_at: int


class Sighting(NamedTuple):
    """Where a person is seen: halves of keyed hashes that find leads which may be about the same one.

    None: the lead has no such value. Leads that came before `since` are not looked for.
    """

    lead_id: str
    at: int
    since: int
    phone: int | None
    email: int | None
    place: int | None
    name: int | None
    born: int | None


class Seen(NamedTuple):
    """Earlier leads that may be about the same person, sealed and with their keys, and when buyers bought them."""

    leads: tuple[Mapping[str, Any], ...] = ()
    sales: tuple[Mapping[str, Any], ...] = ()


class Opening(NamedTuple):
    """Everything the first unit of a request writes."""

    request: RequestRow
    lead: LeadRow | None = None
    idempotency: Idempotency | None = None
    claims: tuple[Claim, ...] = ()
    bind_quote: str | None = None
    rebids_expired: bool = False  # an expired ping is used up, and everybody is asked again
    sighting: Sighting | None = None


class Opened(NamedTuple):
    """The request may go on. `bought` tells when each buyer last bought this consumer."""

    bought: Mapping[str, int]
    quote: Mapping[str, Any] | None = None
    seen: Seen = Seen()


class Replay(NamedTuple):
    """The same request came before: its answer, or None while it still runs."""

    request_id: str
    status_code: int | None
    body: bytes | None
    content_type: str | None
    wrapped: bytes | None


class KeyConflict(NamedTuple):
    """The key came before with another body, whose SHA-256 is `body_hash`."""

    request_id: str
    body_hash: bytes


class Duplicate(NamedTuple):
    """The consumer is taken by another lead. `sold` says whether that lead was sold or is still at work.

    `quote` is the one of the post's ping, as in `Opened`: who it is may turn out to be another person.
    """

    lead_id: str
    seller_id: str
    taken_at: int
    sold: bool
    quote: Mapping[str, Any] | None = None
    seen: Seen = Seen()


class QuoteGone(NamedTuple):
    """The ping cannot be posted on: it is another seller's or unknown (None), expired, or used."""

    why: str | None


class Intent(NamedTuple):
    """A delivery about to be made, with what it holds. `hold` None (test leads) holds nothing.

    One that goes out beside the request brings its `delivery` and the jobs that make it.
    """

    attempt_id: str
    month: str
    lead_id: str
    request_id: str
    buyer_id: str
    contract_id: str
    contract_version: int
    leg: str
    slot: int
    reference: str
    state: AttemptState
    exclusive: bool
    price: Money
    made_at: int
    mode: str
    hold: HoldRequest | None
    promised_units: int | None = None  # what the seller's ping was promised
    bid_reference: str | None = None  # the buyer's own ids of the bid, for a post that is repeated
    leg_reference: str | None = None
    delivery: DeliveryRow | None = None
    jobs: tuple[JobRow, ...] = ()


class SaleRow(NamedTuple):
    id: str
    campaign_id: str
    seller_id: str
    payout_units: int
    redirect: str | None
    phone_index: bytes | None
    email_index: bytes | None
    bought: Bought


class Settlement(NamedTuple):
    """What came of an attempt. A sale carries its ledger transaction (None for test leads).

    `delivery` is how its delivery beside the request ends with it, if there is one.
    """

    attempt_id: str
    lead_id: str
    month: str
    state: AttemptState
    reason: str | None
    detail: str
    price: Money
    buyer_reference: str | None
    at: int
    settle_after: int | None = None
    sale: SaleRow | None = None
    transaction: Transaction | None = None
    expected: tuple[str, ...] = ("reserved", "sending")
    delivery: DeliveryState | None = None


class JobRow(NamedTuple):
    """Work that must be done after the commit it belongs to. One queue per destination."""

    id: str
    queue: str
    kind: str
    payload: str
    run_at: int
    made_at: int
    unique_key: str | None = None


class WiresRow(NamedTuple):
    """Requests to buyers and their replies, sealed with the data key of request `subject`."""

    id: str
    lead_id: str
    month: str
    made_at: int
    subject: str
    sealed: bytes
    retention: str


class Unmapped(NamedTuple):
    """An answer that could be read and that no rule of its connection knows. `stage` is ping or post."""

    contract_id: str
    stage: str
    shape: bytes


class Checked(NamedTuple):
    """What the checks made of a lead: its grade, its fraud and conversion scores as in `Lead`, and what was scored."""

    grade: str | None
    fraud: int | None
    score: int | None
    features: str | None = None
    points: int | None = None  # what the grade comes from


class Closing(NamedTuple):
    """How a request ended: the lead's state, what becomes of its claims, the answer, and the record of how it went."""

    lead_id: str
    month: str
    at: int
    state: LeadState
    reason: str | None
    answer: AnswerRow | None
    claims_until: int | None  # None gives the consumer back
    trail: bytes | None = None
    wires: bytes | None = None
    wires_id: str | None = None
    subject: str = ""
    retention: str = "lead"
    quote: QuoteRow | None = None
    free_quote: str | None = None
    duplicate_of: str | None = None
    same_as: str | None = None  # the earlier lead of the same person, taken or not
    promised_units: int | None = None
    extra: Transaction | None = None
    jobs: tuple[JobRow, ...] = ()
    unmapped: tuple[Unmapped, ...] = ()
    event: str | None = None
    actor: str = "exchange"
    idempotency: Idempotency | None = None
    checked: Checked | None = None
    proofs: tuple[ProofRow, ...] = ()  # that came with the post, to be kept if it is sold
    screened: ScreenedRow | None = None
    wrong: WrongFields | None = None
    looks: tuple[str, str] = ("", "")  # which buyers were asked for a bid, and which were not and why, for lists
    ends: LeadState | None = None  # of several closings: the state of its deliveries that this one is for


class QuoteRow(NamedTuple):
    id: str
    campaign_id: str
    seller_id: str
    document: str
    payout: Money
    created_at: int
    expires_at: int


class Move(NamedTuple):
    settled: tuple[Settlement, ...] = ()
    intents: tuple[Intent, ...] = ()
    closing: Closing | None = None


class Sums(NamedTuple):
    """What a lead had brought when somebody worked out what comes next. Another sale makes that work void."""

    revenue_units: int
    payout_units: int
    times_sold: int
