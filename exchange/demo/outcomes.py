"""What the demo's buyers said in the past of the leads they bought: whom they reached, and what came of it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from heapq import heappop, heappush
from types import MappingProxyType
from typing import NamedTuple
from zlib import crc32

from exchange.flows.dispositions import Teller, record_reports
from exchange.flows.market import Market
from exchange.model.actor import SYSTEM
from exchange.model.feedback import Channel, Report
from exchange.model.vertical import Vertical
from exchange.storage.database import Row
from exchange.storage.return_views import sales_between

_HOUR_MS = 3_600_000
_EVERY_MS = 12 * _HOUR_MS
_MOST = 10_000
_SILENT_ONE_IN = 5  # of the buyers without a way of their own says nothing, ever
_LOST_PERCENT = 45  # of those that were reached and did not buy: their buyer says so
_WAYS: Mapping[str, Channel] = MappingProxyType(
    {"brightroof": Channel.POLL, "northsun": Channel.HOOK, "cobalt": Channel.MAIL, "sunpath": Channel.FILE}
)


class Odds(NamedTuple):
    """Of a hundred leads of a seller: how many are reached, and how many of those become customers."""

    reached: int
    converted: int


_USUAL = Odds(62, 9)
_OF_SELLER: Mapping[str, Odds] = MappingProxyType(
    {"acme": Odds(74, 14), "cedar": Odds(35, 3), "dovetail": Odds(50, 7), "evergreen": Odds(88, 27)}
)
_WORTH: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"solar": (9_000, 31_000), "auto_insurance": (600, 2_400), "home_services": (800, 9_500)}
)


class Step(NamedTuple):
    """One thing a buyer says of a lead, when it happened (epoch ms). `place` keeps the order of what came at once."""

    at: int
    place: int
    buyer_id: str
    report: Report


class Outcomes:
    """Looks twice a day of the demo's past: what happened since is told then."""

    def __init__(self, market: Market) -> None:
        self._market, self._seen = market, market.clock.now()
        self._coming: list[Step] = []
        self._made = 0

    async def look(self, *, last: bool = False) -> None:
        now = self._market.clock.now()
        if not last and now - self._seen < _EVERY_MS:
            return
        for sale in await self._market.db.read(sales_between, SYSTEM, self._seen, now, _MOST):
            if sale["buyer_id"] in _WAYS or crc32(sale["buyer_id"].encode()) % _SILENT_ONE_IN:
                self._foresee(sale)
        self._seen = now
        told: dict[str, list[Report]] = {}
        while self._coming and self._coming[0].at <= now:
            step = heappop(self._coming)
            told.setdefault(step.buyer_id, []).append(step.report)
        for buyer_id, reports in told.items():
            teller = Teller(_WAYS.get(buyer_id, Channel.API), (buyer_id,), f"buyer {buyer_id}")
            await record_reports(self._market, teller, reports)

    def _foresee(self, sale: Row) -> None:
        vertical = self._market.verticals[self._market.deals.contracts[sale["contract_id"]].vertical]
        for report in _story(sale, vertical):
            self._made += 1
            heappush(self._coming, Step(report.at or sale["accepted_at"], self._made, sale["buyer_id"], report))


def _story(sale: Row, vertical: Vertical) -> Iterator[Report]:
    """What is said of a lead, oldest first; the same of the same sale."""
    draws = random.Random(crc32(sale["id"].encode()))
    odds = _OF_SELLER.get(sale["seller_id"], _USUAL)
    reached = not sale["bad"] and draws.randrange(100) < odds.reached
    at = sale["accepted_at"] + draws.randrange(_HOUR_MS // 6, 20 * _HOUR_MS)
    yield Report(sale["lead_id"], "contacted" if reached else "wrong_number" if sale["bad"] else "no_answer", at=at)
    if not reached:
        return
    at += draws.randrange(24 * _HOUR_MS, 9 * 24 * _HOUR_MS)
    if draws.randrange(100) < odds.converted:
        least, most = _WORTH[vertical.name]
        worth = str(draws.randrange(least, most, 50))
        yield Report(sale["lead_id"], vertical.score.converted[0], value=worth, at=at)
    elif draws.randrange(100) < _LOST_PERCENT:
        yield Report(sale["lead_id"], vertical.score.lost[-1], at=at)
