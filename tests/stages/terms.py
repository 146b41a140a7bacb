"""Campaigns and contracts for the tests of price and auction."""

from __future__ import annotations

from typing import Any

from exchange.model.auction import Bid
from exchange.model.lead import Mode
from exchange.model.money import Money
from exchange.model.party import Campaign, Contract, Payout, SaleMode, State, Strategy, Tier


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def campaign(**changes: Any) -> Campaign:
    terms: dict[str, Any] = {
        "id": "solar-acme",
        "version": 1,
        "seller_id": "acme",
        "name": "Acme solar",
        "vertical": "solar",
        "state": State.ACTIVE,
        "currency": "USD",
        "payout": Payout(usd("0"), 7_000),
        "tiers": (Tier(1, "All", Strategy.HIGHEST_PRICE),),
        "floor": usd("0"),
        "min_margin": usd("0"),
    }
    return Campaign(**{**terms, **changes})


def contract(name: str, **changes: Any) -> Contract:
    terms: dict[str, Any] = {
        "id": name,
        "version": 1,
        "buyer_id": f"buyer-{name}",
        "name": name.title(),
        "vertical": "solar",
        "leg": name,
        "state": State.ACTIVE,
        "mode": Mode.LIVE,
        "sale_mode": SaleMode.EXCLUSIVE,
        "tier": 1,
        "connection": "acme",
        "price": None,
        "shared_price": None,
        "max_bid": usd("500"),
    }
    return Contract(**{**terms, **changes})


def bid(name: str, price: str, *, exclusive: bool = True, leg: str | None = None, expires: int | None = None) -> Bid:
    return Bid(name, leg or name, usd(price), exclusive, None, expires)
