"""Who came before: in the demo's past some consumers come again by another seller, those first who were given back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from zlib import crc32

import orjson

from exchange.demo.dirt import same_person
from exchange.demo.personalities import SellerHabits
from exchange.demo.shapes import GeneratedLead
from exchange.flows.market import Market
from exchange.flows.submit import Written
from exchange.model.actor import SYSTEM
from exchange.model.returns import ReturnState
from exchange.storage.return_views import ReturnFilter, list_returns
from exchange.storage.spans import Span

_BACK = (ReturnState.APPROVED.value, ReturnState.PARTIAL.value, ReturnState.REPLACED.value)
_MOST = 200


class Earlier:
    """Leads that were sold, by campaign and id, as far as another campaign has their consumers too."""

    def __init__(self, market: Market, habits: Iterable[SellerHabits]) -> None:
        self._market = market
        self._wanted = frozenset(who.shared.of for who in habits if who.shared is not None)
        self._sold: dict[str, dict[str, GeneratedLead]] = defaultdict(dict)

    def note(self, who: SellerHabits, lead: GeneratedLead, written: Written) -> None:
        if who.campaign not in self._wanted:
            return
        answer = orjson.loads(written.body)
        if answer["status"] == "accepted":
            self._sold[who.campaign][answer["lead_id"]] = lead

    async def perhaps(self, who: SellerHabits, lead: GeneratedLead) -> GeneratedLead:
        """The lead, or one of somebody who was there before: each of them once."""
        sold = self._sold[who.shared.of] if who.shared is not None else {}
        if who.shared is None or not sold or crc32(lead.values["seller_lead_id"].encode()) % 100 >= who.shared.percent:
            return lead
        came = sold.pop(await self._given_back(sold) or next(iter(sold)))
        return replace(lead, values={**lead.values, **same_person(came.values)}, dirt=(*lead.dirt, "shared"))

    async def _given_back(self, sold: dict[str, GeneratedLead]) -> str | None:
        wanted = ReturnFilter(states=_BACK, span=Span(limit=_MOST))
        rows = await self._market.db.read(list_returns, SYSTEM, wanted)
        return next((row["lead_id"] for row in rows if row["lead_id"] in sold), None)
