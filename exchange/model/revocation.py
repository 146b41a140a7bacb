"""Consent that a consumer took back, and those who must hear of it."""

from __future__ import annotations

from typing import NamedTuple

SOURCES = ("consumer", "seller", "buyer", "operator")
WAITING, SENT, ACKNOWLEDGED, BY_HAND = "waiting", "sent", "acknowledged", "by_hand"
DUE_DAYS = 10
"""Business days within which everybody must have stopped, counted from when it was heard (47 CFR 64.1200)."""


class RevocationRow(NamedTuple):
    """Written once. The consumer is known by keyed hashes alone; `vertical` empty: for everything.

    `means` says how they told: a text, a call, a mail. Times are epoch milliseconds.
    """

    id: str
    month: str
    revoked_at: int
    heard_at: int
    due_at: int
    phone_index: bytes | None
    email_index: bytes | None
    vertical: str
    source: str
    means: str
    lead_id: str | None
    actor: str
    role: str


class NoticeRow(NamedTuple):
    """One recipient of one lead. `way` is how it was told: revoke_message, webhook, mail or by_hand."""

    id: str
    revocation_id: str
    attempt_id: str
    lead_id: str
    buyer_id: str
    contract_id: str
    reference: str
    state: str
    way: str
    detail: str
    made_at: int
    told_at: int | None
