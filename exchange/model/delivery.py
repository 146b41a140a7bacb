"""A delivery that is not answered on the spot: its row, its states, and what a receipt makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple


class DeliveryState(Enum):
    """The life of one such delivery. EXPIRED: nobody says whether it arrived; a late receipt still tells."""

    WAITING = "waiting"
    SENDING = "sending"  # a byte of it may have left
    SENT = "sent"  # somebody took it to bring it on; the receipt tells how it ended
    SHELVED = "shelved"  # it lies where the buyer fetches it
    DELIVERED = "delivered"
    ACCEPTED = "accepted"  # a person took it
    REFUSED = "refused"
    FAILED = "failed"
    BOUNCED = "bounced"  # it came back after it had arrived
    EXPIRED = "expired"
    CANCELLED = "cancelled"  # its sale was not made, or undone, before it went


ENDED = frozenset(
    {
        DeliveryState.DELIVERED,
        DeliveryState.ACCEPTED,
        DeliveryState.REFUSED,
        DeliveryState.FAILED,
        DeliveryState.BOUNCED,
        DeliveryState.CANCELLED,
    }
)
ARRIVED = frozenset({DeliveryState.DELIVERED, DeliveryState.ACCEPTED})
OUT = frozenset({DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.EXPIRED})

RECEIPTS = ("sent", "delivered", "accepted", "refused", "failed", "bounced", "bridged", "answered", "machine", "silent")
"""What may be heard of a delivery after it left."""

_ENDS: Mapping[str, DeliveryState] = MappingProxyType(
    {
        "delivered": DeliveryState.DELIVERED,
        "accepted": DeliveryState.ACCEPTED,
        "refused": DeliveryState.REFUSED,
        "failed": DeliveryState.FAILED,
        "bounced": DeliveryState.FAILED,
    }
)
NOT_REACHED = frozenset({"machine", "silent"})


def after_receipt(state: DeliveryState, kind: str) -> DeliveryState:
    """The state that follows. Later news never goes backwards; what fails after it had arrived came back.

    `machine` and `silent` say that nobody was reached: it is tried again.
    """
    if kind in _ENDS and (state in OUT or (state is DeliveryState.SHELVED and kind == "delivered")):
        return _ENDS[kind]
    if kind in ("failed", "bounced") and state is DeliveryState.DELIVERED:
        return DeliveryState.BOUNCED
    if kind == "sent" and state in (DeliveryState.WAITING, DeliveryState.SENDING):
        return DeliveryState.SENT
    if kind in NOT_REACHED and state in (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.EXPIRED):
        return DeliveryState.WAITING
    return state


_SPOKEN: Mapping[str, str] = MappingProxyType(
    {
        "csv_url": "a CSV address",
        "ftp": "FTP",
        "ftps": "FTPS",
        "http": "HTTP",
        "pull": "fetching",
        "sftp": "SFTP",
        "sms": "SMS",
        "store": "the store",
    }
)


def spoken(channel: str) -> str:
    """A channel as a sentence says it, after "by": email, fax, SMS."""
    return _SPOKEN.get(channel, channel)


class DeliveryRow(NamedTuple):
    """A delivery as it begins. `give_up_at`: who has not got it by then does not get it."""

    attempt_id: str
    month: str
    lead_id: str
    buyer_id: str
    contract_id: str
    connection: str
    channel: str
    queue: str
    state: DeliveryState
    sold_at_once: bool
    made_at: int
    next_at: int | None
    give_up_at: int


class TryEnd(NamedTuple):
    """How one try ended. `outcome` is the word for people; `may_have` says whether it may have arrived."""

    attempt_id: str
    number: int
    state: DeliveryState
    outcome: str
    detail: str
    at: int
    took_ms: int
    may_have: bool
    next_at: int | None = None
    provider_ref: str | None = None
    receipt_until: int | None = None
    price_units: int | None = None


class ReceiptRow(NamedTuple):
    """A receipt as stored. `try_again_at` is when a delivery that reached nobody goes out once more."""

    connection: str
    event_id: str
    kind: str
    at: int
    heard_at: int
    detail: str
    reference: str | None
    provider_ref: str | None
    try_again_at: int
