"""What the exchange answers a seller, before it is written as JSON, XML or form fields."""

from __future__ import annotations

from typing import NamedTuple

from exchange.model.lead import Problem
from exchange.model.money import Money
from exchange.model.reason import Reason


class Answer(NamedTuple):
    """`status` is one of accepted, unsold, duplicate, rejected, invalid, queued, error. `price` is the seller's."""

    status: str
    request_id: str
    http_status: int = 200
    lead_id: str | None = None
    ping_id: str | None = None
    price: Money | None = None
    expires_at: int | None = None
    exclusive: bool | None = None
    times_sold: int | None = None
    redirect_url: str | None = None
    reason: Reason | None = None
    message: str | None = None
    details: tuple[str, ...] = ()
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    price_changed: bool = False
    seller_lead_id: str | None = None
    test: bool = False
    retry_after: int | None = None
    replayed: bool = False
    companies: tuple[str, ...] = ()  # who would buy, to be shown to a consumer who must name them
