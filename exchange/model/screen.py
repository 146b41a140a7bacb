"""What the fraud screen leaves behind of a lead, and what it tells a person about: alerts and blocked sub ids."""

from __future__ import annotations

from typing import NamedTuple


class ScreenedRow(NamedTuple):
    """A row of `screened`. Keys are keyed hashes; `signals` and `teaches` are names with a blank between."""

    lead_id: str
    month: str
    at: int
    noted_at: int
    seller_id: str
    campaign_id: str
    sub_id: str
    address: bytes | None
    maker: bytes | None
    phone: bytes | None
    email: bytes | None
    form_ms: int | None
    fraud: int
    outcome: str
    signals: str
    teaches: str


class AlertRow(NamedTuple):
    """A burst, a farm or a harvest as it was seen with the lead that came at `at`. `lead_ids` belong to it."""

    id: str
    kind: str
    seller_id: str
    sub_id: str
    began_at: int
    at: int
    detail: str
    lead_ids: tuple[str, ...]


class Block(NamedTuple):
    """A sub id that a person shut out."""

    seller_id: str
    sub_id: str
    reason: str
    made_at: int
    made_by: str


class Mark(NamedTuple):
    """Something of a seller's pings and posts that all nodes should remember for a day.

    `kind`: a visitor pinged with other answers, a ZIP code pinged much, one that was posted, or a consumer that was
    refused. `key` is a keyed hash or a ZIP code; `said` stands for the answers; `reason` is a refusal's slug.
    """

    kind: str
    seller_id: str
    key: bytes
    at: int
    said: int = 0
    reason: str = ""
