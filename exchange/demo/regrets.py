"""What the demo's buyers gave back in the past: asked for by the flows, decided by rules or a person; seven wait."""

from __future__ import annotations

from contextlib import suppress
from zlib import crc32

from exchange.flows.market import Market
from exchange.flows.return_decide import CannotDecide, Choice, decide_return
from exchange.flows.return_rules import consider
from exchange.flows.return_talk import reply
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.flows.settle import StillAtWork
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.money import Money
from exchange.model.returns import ReturnState
from exchange.stages.returns.words import TEMPLATES
from exchange.storage.database import Row
from exchange.storage.return_views import ReturnFilter, list_returns, sales_between
from exchange.storage.spans import Span

OLIVE = Actor(Role.OPERATOR, "olive@demo.local")
WAITING = 7
_HOUR_MS = 3_600_000
_EVERY_MS = 12 * _HOUR_MS
_DECIDED_AFTER_MS = 24 * _HOUR_MS
_MOST = 500
_ONE_IN = 80
_REASONS = {
    0: ("wrong_person", "A woman answered who never heard of us."),
    1: ("out_of_area", "We do not drive that far."),
    2: ("language", "He speaks Portuguese, and nobody of us does."),
    3: ("duplicate_30d", "We had her before."),
    4: ("never_requested", ""),
}
_DEAD = ("disconnected_phone", "The number is not in service.")
_LATE = 5  # whose buyer asks after its window


class Regrets:
    """Looks twice a day of the demo's past."""

    def __init__(self, market: Market) -> None:
        self._market, self._seen = market, 0

    async def look(self, *, last: bool = False) -> None:
        """`last`: the past is over; of what waits the newest seven are left to whoever looks at the demo."""
        now = self._market.clock.now()
        if not last and now - self._seen < _EVERY_MS:
            return
        since = self._seen or now - _EVERY_MS
        for sale in await self._market.db.read(sales_between, SYSTEM, since - 2 * _HOUR_MS, now, _MOST):
            if not sale["asked"] and (asking := _regret(sale)) is not None:
                await self._ask(sale, asking)
        old = now - 9 * 24 * _HOUR_MS
        for sale in await self._market.db.read(sales_between, SYSTEM, old - _EVERY_MS, old, _MOST):
            if not sale["asked"] and crc32(sale["id"].encode()) % _ONE_IN == _LATE:
                await self._ask(sale, Asking("wrong_person", "We only called today."))
        self._seen = now
        if last:
            await self._leave_seven(now)
        else:
            await self._decide(now)

    async def _ask(self, sale: Row, asking: Asking) -> bool:
        market, buyer_id = self._market, sale["buyer_id"]
        buyer = Actor(Role.BUYER, buyer_id, buyer_id)
        found = await find_returnable(market, buyer, sale["id"])
        made = await ask_return(market, buyer, found, asking) if found is not None else None
        if not isinstance(made, Asked) or not made.new:
            return False
        row = await consider(market, made.request["id"])
        if row["state"] == "asked" and crc32(row["id"].encode()) % 3 == 0:
            seller = Actor(Role.SELLER, sale["seller_id"], sale["seller_id"])
            await reply(market, seller, row["id"], "Our recording has the consumer's own voice.", None)
        return True

    async def _decide(self, now: int, but: int = 0) -> None:
        """A person decided what had waited for a day."""
        wanted = ReturnFilter(
            "live", ("asked",), older_than=now - (0 if but else _DECIDED_AFTER_MS), span=Span(limit=_MOST)
        )
        waiting = await self._market.db.read(list_returns, SYSTEM, wanted)
        for row in waiting[but:]:
            with suppress(CannotDecide, StillAtWork):
                await decide_return(self._market, row["id"], _decision(row), OLIVE)

    async def _leave_seven(self, now: int) -> None:
        waiting = await self._market.db.read(
            list_returns, SYSTEM, ReturnFilter("live", ("asked",), span=Span(limit=WAITING))
        )
        missing = WAITING - len(waiting)
        for sale in reversed(await self._market.db.read(sales_between, SYSTEM, now - _EVERY_MS, now, _MOST)):
            if missing > 0 and not sale["asked"]:
                reason, note = _REASONS[missing % len(_REASONS)]
                missing -= await self._ask(sale, Asking(reason, note))
        await self._decide(now + 1, WAITING)


def _regret(sale: Row) -> Asking | None:
    """What a buyer asks for, if it is one of those that do."""
    draw = crc32(sale["id"].encode()) % _ONE_IN
    if sale["bad"] and draw < _ONE_IN // 2:
        return Asking(*_DEAD)
    return Asking(*_REASONS[draw]) if draw in _REASONS else None


def _decision(row: Row) -> Choice:
    """As the suggestion says; of what proves nothing some are granted, some in part, some by another lead."""
    if row["suggestion"] == "approve":
        return Choice(ReturnState.APPROVED, "You are right: it is credited.")
    draw = crc32(row["id"].encode()) % 5
    if row["suggestion"] == "decline" or draw < 2:
        return Choice(ReturnState.DECLINED, TEMPLATES[2 if row["reason"] == "out_of_area" else 0][1])
    price = Money(row["price_units"], row["currency"])
    if draw == 2 and price.units > 1:
        return Choice(ReturnState.PARTIAL, "We share the loss.", price.share(5_000))
    if draw == 3:
        return Choice(ReturnState.REPLACED, "Your next lead is free.")
    return Choice(ReturnState.APPROVED, "As a courtesy.")
