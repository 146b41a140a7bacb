"""Which checks of a recorded lead a drafted contract passes or fails otherwise: filters, area, grade, fraud points.

The lead is judged by the same code under the contract as it is and as it is drafted; the difference is laid upon what
the record says. What depends on the moment (caps, balances, health) is not asked here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchange.flows.market import Market
from exchange.flows.recorded import Reader, fields_looked_at
from exchange.model.draft import Draft
from exchange.model.lead import Lead
from exchange.model.party import Contract, State
from exchange.stages.draft import Parties, contract_with
from exchange.stages.eligible import Book, Facts, compile_book, contract_problems, judge
from exchange.stages.simulate.record import Recorded
from exchange.stages.simulate.room import is_room
from exchange.storage.database import Row

_OF_TERMS = ("states", "min_grade", "max_fraud", "filter.")
_ELSEWHERE = frozenset({"tier", "price", "conflict", "contract_active", "buyer_active"})


def parties_of(market: Market) -> Parties:
    """Those that a draft may change."""
    deals = market.deals
    real = {name: each for name, each in deals.contracts.items() if name not in _made(market)}
    return Parties(deals.campaigns, real, {each.buyer_id: deals.buyers[each.buyer_id] for each in real.values()})


def _made(market: Market) -> frozenset[str]:
    """Contracts of the simulated buyers, which test leads go to."""
    return frozenset(name for name in market.deals.contracts if name.startswith("simulated-"))


def draft_problems(market: Market, draft: Draft) -> list[str]:
    """What would keep drafted contracts out of the book: a filter that no field has, a state that is none."""
    then = parties_of(market).under(draft)
    ids = sorted({each.id for each in draft if each.kind == "contract"})
    return [
        f"contract.{id_}: {problem}"
        for id_ in ids
        for problem in contract_problems(
            then.contracts[id_], market.verticals[then.contracts[id_].vertical], market.places
        )
    ]


def joining(market: Market, draft: Draft, now: Mapping[str, Contract]) -> tuple[Contract, ...]:
    """Drafted contracts that are to buy and do not now: leads of before they were made never met them."""
    opened = {each.id for each in draft if each.kind == "contract" and each.setting == "state"}
    return tuple(now[id_] for id_ in sorted(opened) if contract_with(now[id_], draft).state is State.ACTIVE)


class Redrawn:
    """Asked for a lead and a contract: the checks it no longer fails, and those that it fails now."""

    def __init__(self, market: Market, draft: Draft, rows: Mapping[str, Row]) -> None:
        self._rows = rows
        contracts = parties_of(market).contracts
        new = {each.id for each in joining(market, draft, contracts)}
        touched = {each.id for each in draft if each.kind == "contract" and each.setting.startswith(_OF_TERMS)}
        self._new = new
        self._before = _books(market, [contracts[id_] for id_ in sorted(touched | new)])
        self._after = _books(market, [contract_with(contracts[id_], draft) for id_ in sorted(touched | new)])
        self._vertical = {id_: contracts[id_].vertical for id_ in touched | new}
        both = [each for books in (self._before, self._after) for book in books.values() for each in book.contracts]
        self._readers = {
            name: Reader(market, fields_looked_at(both, market.verticals[name]), opened=True) for name in self._before
        }
        self._leads: tuple[str, Lead | None] = ("", None)

    def __call__(self, lead: Recorded, contract_id: str) -> tuple[frozenset[str], frozenset[str]] | None:
        vertical = self._vertical.get(contract_id)
        if vertical is None or vertical != lead.campaign.vertical:
            return None
        found = self._lead(lead)
        if found is None:
            return None
        after = _failing(self._after[vertical], found, contract_id)
        if contract_id in self._new and not any(name == contract_id for name, _ in lead.versions):
            return frozenset(), after
        before = _failing(self._before[vertical], found, contract_id)
        return before - after, after - before

    def _lead(self, lead: Recorded) -> Lead | None:
        """The last one is kept: several contracts ask for it one after the other."""
        if self._leads[0] != lead.id:
            row = self._rows.get(lead.id)
            self._leads = lead.id, self._readers[lead.campaign.vertical].lead(row) if row is not None else None
        return self._leads[1]


def _books(market: Market, contracts: Sequence[Contract]) -> Mapping[str, Book]:
    buyers = market.deals.buyers.values()
    verticals = {each.vertical for each in contracts}
    return {name: compile_book(contracts, buyers, market.verticals[name], market.places) for name in verticals}


def _failing(book: Book, lead: Lead, contract_id: str) -> frozenset[str]:
    judged = judge(book, lead, Facts(), lead.received_at, (contract_id,))
    names = (check.name for verdict in judged.verdicts for check in verdict.failed)
    return frozenset(name for name in names if name not in _ELSEWHERE and not is_room(name))
