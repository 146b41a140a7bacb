"""Every seller with what it brings and how it stands, as the console lists them."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.flows.sellers import campaigns_of, standing
from exchange.model.actor import Actor
from exchange.model.endpoint import DISABLED
from exchange.model.ledger import seller_account
from exchange.model.money import Money
from exchange.model.party import State
from exchange.storage.endpoints import endpoints_of
from exchange.storage.ledger import all_accounts
from exchange.storage.sellers import last_lead, leads_by_seller, past_by_seller

DAYS = 30
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class SellerLine:
    """One seller. `leads`, `sold` and `refused` are today's; `sales`, `returned` and `epl` of the last 30 days."""

    id: str
    name: str
    state: str  # test | live | paused | blocked
    why: str
    campaigns: int
    leads: int
    sold: int
    refused: int
    sales: int
    returned: int
    epl: Money | None
    owed: tuple[Money, ...]
    last_lead_at: int | None
    postbacks: str  # none | good | failing | disabled


async def seller_lines(market: Market, actor: Actor, mode: str, begin: int, end: int) -> list[SellerLine]:
    """`begin` and `end` are those of today. What sellers earned and are owed comes of live leads alone."""
    sellers = [each for each in market.deals.sellers.values() if each.state is not State.DELETED]
    today = await market.db.read(leads_by_seller, actor, mode, begin, end)
    live = mode == "live"
    past = await market.db.read(past_by_seller, actor, market.clock.now() // _DAY_MS - DAYS) if live else {}
    last = await market.db.read(last_lead, actor, [each.id for each in sellers])
    owed: dict[str, list[Money]] = {}
    for each in await market.db.read(all_accounts) if live else ():
        if each.posted.units:
            owed.setdefault(each.account, []).append(each.posted)
    told = await _postbacks(market, actor)
    lines = []
    for seller in sellers:
        own, counted = today.get(seller.id, []), past.get(seller.id)
        campaigns = campaigns_of(market, seller.id)
        lines.append(
            SellerLine(
                seller.id,
                seller.name,
                standing(market, seller),
                seller.why,
                len(campaigns),
                sum(each.leads for each in own),
                sum(each.sold for each in own),
                sum(each.refused for each in own),
                counted.sales if counted else 0,
                counted.returned if counted else 0,
                Money(counted.earned // counted.leads, counted.currency)
                if counted and counted.leads and counted.currency
                else None,
                tuple(owed.get(seller_account(seller.id), ())),
                last.get(seller.id),
                told.get(seller.id, "none"),
            )
        )
    return lines


async def _postbacks(market: Market, actor: Actor) -> dict[str, str]:
    """By seller, how the worst of its addresses does."""
    told: dict[str, str] = {}
    for row in await market.db.read(endpoints_of, actor):
        if row["role"] != "seller" or row["party_id"] is None:
            continue
        state = "disabled" if row["state"] == DISABLED else "failing" if row["failing_since"] else "good"
        before = told.get(row["party_id"], "good")
        told[row["party_id"]] = min(before, state, key=("disabled", "failing", "good").index)
    return told
