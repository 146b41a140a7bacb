"""A campaign's ping tree as it is drafted: tiers in their order, and in each the contracts with how they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from exchange.flows.market import Market
from exchange.flows.redrawn import parties_of
from exchange.model.actor import Actor
from exchange.model.draft import Change, Draft
from exchange.model.money import Money
from exchange.model.party import Campaign, Cap, Contract, State, Tier, Window
from exchange.stages.caps import contract_caps
from exchange.stages.draft import Parties
from exchange.storage.asked import ping_sums
from exchange.storage.hours import Reach
from exchange.storage.trees import contract_sales

DAYS = 7
_DAY_MS = 86_400_000
_STEP = 10  # between the priorities of contracts that are numbered anew


class Card(NamedTuple):
    """One contract. `low` and `high` are what it paid lately; `left` and `most` of its tightest
    cap, by number or in money; `span` is what that counts over."""

    contract: Contract
    buyer: str
    low: Money | None
    high: Money | None
    left: int | Money | None
    most: int | Money | None
    span: str
    health: str  # what is wrong; empty when nothing is
    answers_ms: int | None
    asked: int
    sold: int
    moved: bool  # the draft changes it


class Branch(NamedTuple):
    tier: Tier
    cards: tuple[Card, ...]
    drafted: bool


class Tree(NamedTuple):
    """`left` are contracts below the last tier, or that sell another way: nobody asks them."""

    campaign: Campaign
    branches: tuple[Branch, ...]
    left: tuple[Card, ...]


async def read_tree(market: Market, actor: Actor, campaign_id: str, draft: Draft, mode: str) -> Tree:
    """Sales are told of live leads alone. Raises `KeyError` for a campaign that is not there."""
    parties = parties_of(market)
    then = parties.under(draft)
    campaign = then.campaigns[campaign_id]
    now = market.clock.now()
    since = now - DAYS * _DAY_MS
    sales = await market.db.read(contract_sales, actor, since) if mode == "live" else ()
    sold = {row["contract_id"]: row for row in sales}
    asked: dict[str, int] = {}
    for row in await market.db.read(ping_sums, actor, Reach(mode, since, now + 1, campaign.vertical)):
        if row["kind"] in ("ms", "timeout"):
            asked[row["contract_id"]] = asked.get(row["contract_id"], 0) + row["times"]
    cards = [_card(market, each, draft, sold, asked, now) for each in in_tree(market, then, campaign)]
    tiers = sorted(campaign.tiers, key=lambda tier: tier.number)
    by_tier: dict[int, list[Card]] = {tier.number: [] for tier in tiers}
    left: list[Card] = []
    for card in cards:
        number = tier_of(card.contract, tiers)
        (by_tier[number] if number is not None else left).append(card)
    branches = tuple(Branch(tier, tuple(by_tier[tier.number]), _is_drafted(draft, campaign, tier)) for tier in tiers)
    return Tree(campaign, branches, tuple(left))


def in_tree(market: Market, parties: Parties, campaign: Campaign) -> list[Contract]:
    """The contracts of a campaign's vertical that are asked, in the order they stand in."""
    connections = market.connections
    found = [
        each
        for each in parties.contracts.values()
        if each.vertical == campaign.vertical
        and each.state is not State.DELETED
        and not (each.connection in connections and connections[each.connection].in_store)
    ]
    return sorted(found, key=lambda each: (each.tier, each.priority, each.id))


def tier_of(contract: Contract, tiers: Sequence[Tier]) -> int | None:
    """The first tier in which it is asked; None when no tier of this tree comes down to it."""
    return next((tier.number for tier in tiers if contract.tier <= tier.number), None)


def _is_drafted(draft: Draft, campaign: Campaign, tier: Tier) -> bool:
    own = f"tier.{tier.number}"
    return any(
        each.kind == "campaign" and each.id == campaign.id and (each.setting + ".").startswith(own + ".")
        for each in draft
    )


def _card(
    market: Market,
    contract: Contract,
    draft: Draft,
    sold: Mapping[str, Mapping[str, int]],
    asked: Mapping[str, int],
    now: int,
) -> Card:
    live, currency = market.live, contract.max_bid.currency
    row = sold.get(contract.id)
    use = live.cap_use(now)
    caps = [(name, cap, use.get(key, 0)) for key, name, cap in contract_caps(contract)]
    tight = min(caps, key=lambda each: (each[1].most - each[2]) / max(each[1].most, 1), default=None)
    buyer = market.deals.buyers[contract.buyer_id]
    moved = any((each.kind, each.id) in (("contract", contract.id), ("buyer", contract.buyer_id)) for each in draft)
    return Card(
        contract,
        buyer.name,
        Money(row["low"], currency) if row else None,
        Money(row["high"], currency) if row else None,
        _of_cap(tight[1], tight[1].most - tight[2], currency) if tight else None,
        _of_cap(tight[1], tight[1].most, currency) if tight else None,
        _span(tight[1].window) if tight else "",
        live.broken.get(buyer.id, "") or ("Paused" if State.PAUSED in (contract.state, buyer.state) else ""),
        live.latency_ms.get(contract.id),
        asked.get(contract.id, 0),
        int(row["sold"]) if row else 0,
        moved,
    )


def _span(window: Window) -> str:
    return "in all" if window is Window.TOTAL else f"{'an' if window is Window.HOUR else 'a'} {window.value}"


def _of_cap(cap: Cap, amount: int, currency: str) -> int | Money:
    amount = max(amount, 0)
    return Money(amount, currency) if cap.unit == "money" else amount


def moved_up(market: Market, campaign_id: str, draft: Draft, contract_id: str, by: int) -> list[Change]:
    """The priorities that put a contract one place up (-1) or down (1) within its tier. Raises `KeyError`."""
    then = parties_of(market).under(draft)
    campaign, contract = then.campaigns[campaign_id], then.contracts[contract_id]
    tiers = sorted(campaign.tiers, key=lambda tier: tier.number)
    own = tier_of(contract, tiers)
    order = [each for each in in_tree(market, then, campaign) if tier_of(each, tiers) == own]
    at = next(place for place, each in enumerate(order) if each.id == contract_id)
    to = min(max(at + by, 0), len(order) - 1)
    return placed(order, at, to)


def placed(order: Sequence[Contract], at: int, to: int) -> list[Change]:
    """One contract at another place: its own priority alone where there is room between the others'."""
    if at == to:
        return []
    moving = order[at]
    others = [each for each in order if each is not moving]
    before = others[to - 1].priority if to else -1
    after = others[to].priority if to < len(others) else before + 2 * _STEP
    if after - before > 1:
        return [Change("contract", moving.id, "priority", str((before + after) // 2))]
    anew = [*others[:to], moving, *others[to:]]
    numbered = [(each, place * _STEP) for place, each in enumerate(anew, start=1)]
    return [
        Change("contract", each.id, "priority", str(number)) for each, number in numbered if each.priority != number
    ]


def other_tier(market: Market, campaign_id: str, draft: Draft, contract_id: str, by: int) -> list[Change]:
    """The tier above (-1) or below (1) for a contract. Raises `KeyError`."""
    then = parties_of(market).under(draft)
    campaign, contract = then.campaigns[campaign_id], then.contracts[contract_id]
    numbers = sorted(tier.number for tier in campaign.tiers)
    own = tier_of(contract, sorted(campaign.tiers, key=lambda tier: tier.number))
    place = numbers.index(own) if own is not None else len(numbers)
    to = min(max(place + by, 0), len(numbers) - 1)
    return [Change("contract", contract_id, "tier", str(numbers[to]))]
