"""What every alert rule is given, and the words and links that several of them use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from enum import Enum
from typing import NamedTuple

from exchange.flows.market import Market
from exchange.model.alert import Act, Found, Setting, Stake
from exchange.model.party import Buyer
from exchange.stages.alert_words import pace_of, stake_text
from exchange.storage.alert_figures import bought_lately

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
ALERTS = "/console/alerts"


class Look(NamedTuple):
    """One look: at `now`, under these settings; `open` are the causes that have an open alert."""

    market: Market
    now: int
    settings: Mapping[str, Setting]
    open: frozenset[str]

    def on(self, rule: str) -> bool:
        return self.settings[rule].active


class Turn(Enum):
    """Who looks, and how often: every process at what it alone knows, or one of all nodes at what they share."""

    OWN = 5_000
    SOON = 10_000
    LATER = 60_000


class Alarm(NamedTuple):
    """A function that looks, and the causes it speaks for: an open alert of them that it does not find is over."""

    causes: tuple[str, ...]
    turn: Turn
    look: Callable[[Look], AsyncIterator[Found]]


def leads_of_buyer(buyer_id: str) -> str:
    return f"/console/leads?buyer={buyer_id}"


def buyer_name(market: Market, buyer_id: str) -> str:
    buyer = market.deals.buyers.get(buyer_id)
    return buyer.name if buyer is not None else buyer_id


def seller_name(market: Market, seller_id: str) -> str:
    seller = market.deals.sellers.get(seller_id)
    return seller.name if seller is not None else seller_id


def pause_buyer_act(buyer: Buyer) -> Act:
    return Act(f"Pause {buyer.name}", f"{ALERTS}/pause", True, (("buyer_id", buyer.id),))


async def buyers_pace(market: Market, buyer_id: str, now: int) -> Stake:
    """What a buyer takes in an hour of late, by its newest sales of a day."""
    buyer = market.deals.buyers.get(buyer_id)
    currency = buyer.limit.currency if buyer is not None else "USD"
    bought = await market.db.read(bought_lately, buyer_id, currency, now, DAY_MS)
    return pace_of(bought.leads, bought.money, bought.within_ms)


def at_stake(stake: Stake, otherwise: str) -> str:
    """`About 12 leads and $430.00 an hour go elsewhere or stay unsold.`"""
    told = stake_text(stake)
    if not told:
        return otherwise
    return f"About {told} go elsewhere or stay unsold." if stake.leads else f"About {told} goes elsewhere."
