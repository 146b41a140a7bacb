"""A seller's first campaign in a vertical, made by hand: usual terms, to be changed later."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.flows.specs import keep_specs
from exchange.model.actor import Actor
from exchange.model.money import BadMoney, Money
from exchange.model.party import Campaign, Gate, Payout, Seller, State, Strategy, Tier
from exchange.storage.by_hand import add_campaign

_ID = re.compile(r"[a-z][a-z0-9_-]{1,60}")
_NAME_CHARACTERS = 120
_ALL_BP = 10_000


class BadCampaign(ValueError):
    """It cannot be made. `problems` are sentences that begin with what is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`share_bp`: hundredths of a percent of the price that the seller gets; `floor` is in `currency`. Empty names are
    made of the others."""

    id: str
    seller_id: str
    seller_name: str
    vertical: str
    name: str
    currency: str
    share_bp: int
    floor: str
    slots: int
    live: bool = True  # False: it takes test leads alone until it goes live


async def make_campaign(market: Market, wanted: Wanted, actor: Actor, ip: str = "") -> Campaign:
    """Store it, and its seller when that is new; in force at once. Raises `BadCampaign` with all that is wrong."""
    if problems := list(_problems(market, wanted)):
        raise BadCampaign(problems)
    currency = wanted.currency
    seller = market.deals.sellers.get(wanted.seller_id)
    named = seller or Seller(wanted.seller_id, wanted.seller_name or wanted.seller_id.capitalize())
    campaign = Campaign(
        id=wanted.id,
        version=1,
        seller_id=named.id,
        name=wanted.name or f"{market.verticals[wanted.vertical].title}, for {named.name}",
        vertical=wanted.vertical,
        state=State.ACTIVE,
        currency=currency,
        payout=Payout(Money(0, currency), wanted.share_bp),
        tiers=(Tier(1, "Everybody", Strategy.HIGHEST_PRICE),),
        floor=Money.parse(wanted.floor, currency),
        min_margin=Money(0, currency),
        slots=wanted.slots,
        live=wanted.live,
        gate=Gate(zone=market.zone),
    )
    after = {"seller": named.id, "vertical": campaign.vertical}
    line = audit_line(
        market.ids, market.clock.now(), actor, "campaign.added", f"campaign:{campaign.id}", after=after, ip=ip
    )
    await market.db.write(add_campaign, named if seller is None else None, campaign, line)
    await refresh(market)
    await keep_specs(market)
    return campaign


def _problems(market: Market, wanted: Wanted) -> Iterator[str]:
    for what, name in (("campaign", wanted.id), ("seller", wanted.seller_id)):
        if _ID.fullmatch(name) is None:
            yield f"{what}: {name[:70]!r} must be 2 to 61 small letters, digits, - and _, a letter first."
    if wanted.id in market.deals.campaigns:
        yield f"campaign: there is one called {wanted.id} already."
    if wanted.vertical not in market.verticals:
        known = ", ".join(sorted(market.verticals))
        yield f"vertical: no vertical is called {wanted.vertical[:70]}; there are {known}."
    if max(len(wanted.name), len(wanted.seller_name)) > _NAME_CHARACTERS:
        yield f"name: at most {_NAME_CHARACTERS} characters."
    if not 0 <= wanted.share_bp <= _ALL_BP:
        yield "share: a percentage from 0 to 100."
    if not 1 <= wanted.slots <= 20:
        yield "slots: from 1, which is exclusive, to 20."
    try:
        negative = Money.parse(wanted.floor, wanted.currency).units < 0
    except BadMoney:
        yield f"floor: {wanted.floor[:20]!r} is no amount such as 8.00."
    else:
        if negative:
            yield "floor: must not be below 0."
