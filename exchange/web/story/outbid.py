"""Why a bid did not win, with the figures it was held against: a bid for the lead alone competes with the sum of the
shared ones, a shared one with the least that a share went for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from exchange.model.money import Money
from exchange.web.words import money


class Offer(NamedTuple):
    """A price, for the lead alone or for a share of it."""

    price: Money
    exclusive: bool


class Lost(NamedTuple):
    """`outbid`: by a higher figure, and not by the auction's rule."""

    outbid: bool
    sentence: str


def sold_at(trails: Sequence[Mapping[str, Any]], paid: Sequence[Offer]) -> tuple[Offer, ...]:
    """What a lost bid was held against: what won its auction, where the record tells it, else what was paid."""
    if not paid:
        return ()
    auctions = [step for trail in trails for step in trail["steps"] if step["name"] == "auction"]
    currency, shared = paid[0].price.currency, not any(each.exclusive for each in paid)
    won = next((step["won"] for step in auctions if step.get("won") and len(step["won"]) > 1), None)
    if shared and won is not None:
        return tuple(Offer(Money.parse(price, currency), exclusive=False) for price in won)
    return tuple(paid)


def why_lost(mine: Offer, won: Sequence[Offer]) -> Lost:
    """`won` is not empty: one for the lead alone, or one and more for shares."""
    if won[0].exclusive:
        return _to_one(mine, won[0].price)
    return _to_the_sum(mine.price, won) if mine.exclusive else _to_a_share(mine.price, won)


def _to_one(mine: Offer, price: Money) -> Lost:
    if not mine.exclusive:
        told = f"{money(mine.price)} for a share of it; {money(price)} for it alone came first."
        return Lost(mine.price < price, told)
    if mine.price < price:
        return Lost(True, f"{money(price - mine.price)} under the price paid.")
    if price < mine.price:
        told = f"{money(mine.price - price)} over the price paid; by the auction's rule another came first."
        return Lost(False, told)
    return Lost(True, "As good as the price paid; another was asked first.")


def _to_the_sum(mine: Money, won: Sequence[Offer]) -> Lost:
    total = sum((each.price for each in won[1:]), won[0].price)
    shared = f"the {money(total)} of " + ("one shared bid" if len(won) == 1 else f"{len(won)} shared bids together")
    if mine < total:
        return Lost(True, f"{money(mine)} for it alone was less than {shared}.")
    return Lost(False, f"{money(mine)} for it alone; by the auction's rule {shared} came first.")


def _to_a_share(mine: Money, won: Sequence[Offer]) -> Lost:
    least = min((each.price for each in won), key=lambda price: price.units)
    if mine < least:
        return Lost(True, f"{money(least - mine)} under the least that a share went for, {money(least)}.")
    told = f"{money(mine)} for a share, where one went for {money(least)}; by the auction's rule others came first."
    return Lost(False, told)
