"""The leads a contract could not have, by the check that kept it out: what its own terms, caps and money cost it.

Counted from the records of the requests, as the panel of each lead tells them: checks that failed when it was decided.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.flows.market import Market
from exchange.flows.trail import read_trail
from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.model.party import Contract
from exchange.storage.recorded import offered_leads, trails_of_leads

DAYS = 7
LEADS_MOST = 2_000
"""So many of the newest leads are looked at: their records are unpacked in under a second."""
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class ByCheck:
    """Leads whose panel shows this check failing for the contract; of `alone` it was the only one."""

    name: str
    leads: int
    alone: int


@dataclass(frozen=True, slots=True)
class Missed:
    """`leads` were looked at, as far as `span_ms` back; `missed` of them failed a check, `bought` it got. `each` is
    what the contract paid or bid for one on average: None while nobody knows."""

    leads: int
    bought: int
    missed: int
    checks: tuple[ByCheck, ...]
    each: Money | None
    days: int
    span_ms: int
    whole: bool

    def value(self, leads: int) -> Money | None:
        return Money(self.each.units * leads, self.each.currency) if self.each is not None else None


class NotYours(Exception):
    """Whoever asks may not see this contract."""


async def missed_leads(market: Market, actor: Actor, contract: Contract, days: int = DAYS) -> Missed:
    """Raises `NotYours` for a contract of another buyer."""
    return (await missed_by(market, actor, [contract], days, LEADS_MOST))[contract.id]


async def missed_by(
    market: Market, actor: Actor, contracts: Sequence[Contract], days: int, most: int
) -> dict[str, Missed]:
    """The same of several contracts, by id, over at most so many leads of each vertical: every record is unpacked once.
    Raises `NotYours`."""
    together: dict[tuple[str, str], list[Contract]] = defaultdict(list)
    for contract in contracts:
        if actor.role is Role.SELLER or (actor.role is Role.BUYER and actor.party_id != contract.buyer_id):
            raise NotYours(contract.id)
        together[(contract.vertical, contract.max_bid.currency)].append(contract)
    now, found = market.clock.now(), dict[str, Missed]()
    for (vertical, currency), some in together.items():
        rows = await market.db.read(offered_leads, vertical, currency, now - days * _DAY_MS, most + 1, opened=False)
        looked, whole = rows[:most], len(rows) <= most
        trails = await market.db.read(trails_of_leads, [row["id"] for row in looked])
        span_ms = days * _DAY_MS if whole else now - looked[-1]["received_at"]
        for contract, counted in zip(some, await asyncio.to_thread(_counted, some, trails), strict=True):
            found[contract.id] = Missed(len(looked), *counted, days, span_ms, whole)
    return found


Counts = tuple[int, int, tuple[ByCheck, ...], Money | None]  # bought, missed, by check, and what it pays for one


def _counted(contracts: Sequence[Contract], packed: Sequence[tuple[str, bytes]]) -> list[Counts]:
    by_lead: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for lead_id, document in packed:
        by_lead[lead_id].append(read_trail(document))
    return [_of_contract(contract, list(by_lead.values())) for contract in contracts]


def _of_contract(contract: Contract, leads: Sequence[Sequence[Mapping[str, Any]]]) -> Counts:
    failing: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    bought = missed = 0
    prices: list[int] = []
    for trails in leads:
        bought += bought_by(trails, contract.id)
        prices += _prices(trails, contract)
        names = failing_checks(trails, contract.id)
        missed += bool(names)
        failing.update(names)
        if len(names) == 1:
            alone.update(names)
    each = contract.price
    if each is None and prices:
        each = Money(sum(prices) // len(prices), contract.max_bid.currency)
    checks = tuple(ByCheck(name, count, alone[name]) for name, count in sorted(failing.items(), key=_most_first))
    return bought, missed, checks, each


def _most_first(pair: tuple[str, int]) -> tuple[int, str]:
    return -pair[1], pair[0]


def failing_checks(trails: Sequence[Mapping[str, Any]], contract_id: str) -> list[str]:
    """The checks that the lead's panel shows failing for a contract: those of its last judgement, unless it was posted
    to, held back by cap or balance at the last moment, or asked without a bid."""
    post, asked = _last(trails, "posts", contract_id), _last(trails, "asked", contract_id)
    if post is not None or (asked is not None and not asked["bids"]):
        return []
    verdicts = [trail["verdicts"][contract_id] for trail in trails if contract_id in trail["verdicts"]]
    return list(dict.fromkeys(check[0] for check in verdicts[-1]["failed"])) if verdicts else []


def bought_by(trails: Sequence[Mapping[str, Any]], contract_id: str) -> bool:
    post = _last(trails, "posts", contract_id)
    return post is not None and post["state"] == "accepted"


def _last(trails: Sequence[Mapping[str, Any]], what: str, contract_id: str) -> Mapping[str, Any] | None:
    lines = [line for trail in trails for line in trail.get(what, ()) if line["contract"] == contract_id]
    return lines[-1] if lines else None


def _prices(trails: Sequence[Mapping[str, Any]], contract: Contract) -> list[int]:
    asked = _last(trails, "asked", contract.id)
    currency = contract.max_bid.currency
    return [Money.parse(bid["price"], currency).units for bid in asked["bids"][:1]] if asked is not None else []
