"""Whose request it is: the key in a header or in a field, and who it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from exchange.flows.deals import Deals
from exchange.model.actor import Actor, Role
from exchange.model.party import Campaign, State
from exchange.stages.field_names import fold
from exchange.stages.standard_fields import standard_fields
from exchange.storage.parties import KeyRow

KEY_FIELDS = frozenset(fold(name) for name in ("campaign_key", *standard_fields()["campaign_key"][0].aliases))
"""The names a body may carry its key under, folded."""

HOW_TO_SEND = "Send a key as Authorization: Bearer …, as X-Api-Key, or (sellers) in the field campaign_key."
UNKNOWN = "The key is not known. Check that it is whole, and that it was made for this call."


@dataclass(frozen=True, slots=True)
class Caller:
    """A known key and who acts with it. `campaign` is set for sellers' keys."""

    key: KeyRow
    actor: Actor
    campaign: Campaign | None = None
    blocked: bool = False  # the party is paused

    @property
    def seller_id(self) -> str | None:
        return self.campaign.seller_id if self.campaign is not None else None


def secret_in_headers(request: web.Request) -> str | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret.strip():
        return secret.strip()
    return request.headers.get("X-Api-Key", "").strip() or None


def secret_in_fields(fields: Mapping[str, str]) -> str | None:
    return next((value for name, value in fields.items() if value and fold(name) in KEY_FIELDS), None)


def find_caller(deals: Deals, secret: str, kind: str, now: int) -> Caller | None:
    """Who a secret belongs to, when it is a key of this kind (`campaign`, `buyer`, `operator`, `any`), still good."""
    key = deals.key(secret, now) if secret.isascii() else None
    if key is None or kind not in (key.kind, "any"):
        return None
    match key.kind:
        case "campaign":
            return _seller(deals, key)
        case "buyer":
            return _buyer(deals, key)
        case "operator":
            return Caller(key, Actor(Role.OPERATOR, key.name, None, key.duty))
    return None  # a key in a CSV address opens that address alone


def _buyer(deals: Deals, key: KeyRow) -> Caller | None:
    buyer = deals.buyers.get(key.party_id)
    if buyer is None or buyer.state is State.DELETED:
        return None
    return Caller(key, Actor(Role.BUYER, key.name, buyer.id))


def _seller(deals: Deals, key: KeyRow) -> Caller | None:
    campaign = deals.campaigns.get(key.party_id)
    seller = deals.sellers.get(campaign.seller_id) if campaign is not None else None
    if campaign is None or seller is None or State.DELETED in (campaign.state, seller.state):
        return None
    return Caller(key, Actor(Role.SELLER, key.name, seller.id), campaign, seller.state is not State.ACTIVE)
