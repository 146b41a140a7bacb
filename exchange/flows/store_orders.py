"""Many leads of the store by one call: each claimed and paid on its own, together never above what was said.

An order has a reference of the buyer's. The same call again goes on where it was cut, or tells what it bought before.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import orjson

from exchange.flows.market import Market
from exchange.flows.store import Bought, CannotBuy, browse, claim, confirm, price_of, release
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.stages.store import Wanted
from exchange.storage.database import Row
from exchange.storage.store import rule_of
from exchange.storage.store_orders import (
    OrderBusy,
    OrderChanged,
    OrderRow,
    OverLimit,
    begin_order,
    claims_of_order,
    end_order,
    read_order,
    spent,
)

LEADS_MOST = 100
_PAGE = 50
_LOOKED_AT_MOST = 500  # cards of which none could be had
_BUSY_MS = 120_000  # longer than an order takes
_SECONDS = 60
_ENDS = frozenset({"balance", "no_contract", "too_many", "not_a_buyer"})
"""Refusals that the next lead would meet too."""


class CannotOrder(Exception):
    """Why nothing is bought, as a sentence. `slug` names it for programs."""

    def __init__(self, slug: str, sentence: str) -> None:
        super().__init__(sentence)
        self.slug = slug


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks for: leads that fit, the newest first, so many at most, and what they may cost together."""

    reference: str
    wanted: Wanted
    limit: Money
    most: int


@dataclass(frozen=True, slots=True)
class Ordered:
    """What came of it. `why` it took no more: `all`, `limit`, `none_left`, `stopped` or the refusal that ended it."""

    id: str
    bought: tuple[Bought, ...]
    spent: Money
    why: str


async def buy_many(market: Market, order: Order, actor: Actor) -> Ordered:
    """Buy one after another until the order is filled or its money used up. Raises `CannotOrder`."""
    row = await _begin(market, order, actor)
    bought = [await _again(market, each, actor) for each in await market.db.read(claims_of_order, row["id"])]
    got = [each for each in bought if each is not None]
    if row["ended_at"] is None:
        why = await _buy(market, row["id"], order, actor, got)
        await market.db.write(end_order, row["id"], why, market.clock.now())
    else:
        why = row["why"]
    units = await market.db.read(spent, row["id"], market.clock.now())
    got.sort(key=lambda each: each.claim_id)
    return Ordered(row["id"], tuple(got), Money(units, order.limit.currency), why)


async def _begin(market: Market, order: Order, actor: Actor) -> Row:
    if actor.party_id is None:
        raise CannotOrder("not_a_buyer", "Only a buyer takes leads from the store.")
    now = market.clock.now()
    made = OrderRow(
        market.ids.new("sord", now),
        actor.party_id,
        order.reference,
        orjson.dumps(asdict(order.wanted)).decode(),
        order.limit.units,
        order.limit.currency,
        order.most,
        now,
        actor.name,
    )
    try:
        return await market.db.write(begin_order, made, now, now + _BUSY_MS)
    except OrderChanged:
        raise CannotOrder("reference", "This reference belongs to another order: give this one its own.") from None
    except OrderBusy:
        raise CannotOrder("busy", "This order is being filled. Ask again in a moment.") from None


async def _again(market: Market, row: Row, actor: Actor) -> Bought | None:
    """A claim that the order made before: paid, or paid now while it still holds."""
    if row["state"] not in ("held", "buying", "bought"):
        return None
    try:
        return await confirm(market, row["id"], actor)
    except CannotBuy:
        return None


async def _buy(market: Market, order_id: str, order: Order, actor: Actor, got: list[Bought]) -> str:
    """Fill `got` up with what fits, and say why it ended. A lead that costs more than is left is passed over."""
    assert actor.party_id is not None
    until, before, looked_at, dear = market.clock.now() + _SECONDS * 1_000, (2**62, ""), 0, False
    while True:
        rows, older = await browse(market, actor.party_id, order.wanted, before, _PAGE)
        for row in rows:
            if len(got) >= order.most:
                return "all"
            if looked_at >= _LOOKED_AT_MOST or market.clock.now() >= until:
                return "stopped"
            looked_at += 1
            try:
                dear = not await _one(market, row, order_id, order, actor, got) or dear
            except CannotBuy as error:
                if error.slug in _ENDS:
                    return error.slug
        if not older:
            return "all" if len(got) >= order.most else "limit" if dear else "none_left"
        listed_at, _, lead_id = older.partition("_")
        before = (int(listed_at), lead_id)


async def _one(market: Market, row: Row, order_id: str, order: Order, actor: Actor, got: list[Bought]) -> bool:
    """Buy one lead. False when it costs more than is left; nothing happens to one that somebody has. Raises
    `CannotBuy`: then it is free again.
    """
    now = market.clock.now()
    if row["claim_id"] is not None or row["taken"] >= rule_of(row).sales:
        return True
    if price_of(row, now).units > order.limit.units - await market.db.read(spent, order_id, now):
        return False
    try:
        held = await claim(market, row["lead_id"], actor, order_id)
    except OverLimit:
        return False
    try:
        got.append(await confirm(market, held.id, actor))
    except CannotBuy:
        await release(market, held.id, actor)
        raise
    return True


async def order_of(market: Market, order_id: str, actor: Actor) -> tuple[Row, list[Row]] | None:
    """An order and its claims; None when the actor has no such order."""
    row = await market.db.read(read_order, actor, order_id)
    return (row, await market.db.read(claims_of_order, order_id)) if row is not None else None
