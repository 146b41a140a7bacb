"""Whom the consumer agreed to hear from: where names are asked for, only companies named may have the lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.fields.area_codes import Areas
from exchange.fields.places import Places
from exchange.model.lead import Kind
from exchange.model.party import Buyer, Contract
from exchange.model.verdict import Check
from exchange.model.vertical import Unnamed, Vertical
from exchange.stages.calling import whereabouts_of, why_not
from exchange.stages.checks.bits import Index, index_of, mask_of, places_of
from exchange.stages.checks.facts import Case, Told
from exchange.stages.checks.standing import SIMULATED
from exchange.stages.consent_policy import BY_NAME, company_key, named_companies, policy_of


@dataclass(frozen=True, slots=True)
class NamedSeller:
    """A contract is named by its buyer, by the company it buys for, or by the brand that its bid told."""

    vertical: Vertical
    contracts: Sequence[Contract]
    companies: tuple[str, ...]  # by place, whose name must stand in the consent
    names: Index
    places: Mapping[str, int]
    asked: int  # contracts whose buyers hear of a ping: they bid live

    @classmethod
    def of(cls, contracts: Sequence[Contract], buyers: Mapping[str, Buyer], vertical: Vertical) -> NamedSeller:
        own = [(buyers[each.buyer_id].name, each.leg) for each in contracts]
        keys = [{company_key(name) for name in names} - {""} for names in own]
        companies = tuple(names[0] for names in own)
        places = {contract.id: place for place, contract in enumerate(contracts)}
        asked = [place for place, each in enumerate(contracts) if each.price is None and each.connection != SIMULATED]
        return cls(vertical, contracts, companies, index_of(keys), places, mask_of(asked))

    def failing(self, case: Case) -> int:
        if policy_of(case.lead, self.vertical) not in BY_NAME:
            return 0
        if case.lead.kind is Kind.PING and not case.lead.consent.buyers:
            return self.asked if self.vertical.consent.unnamed_pings is Unnamed.FIXED_PRICE else 0
        named = 0
        for name in named_companies(case.lead.consent):
            named |= self.names.naming(name)
        for contract_id in case.facts.named:
            if contract_id in self.places:
                named |= 1 << self.places[contract_id]
        return ((1 << len(self.contracts)) - 1) & ~named

    def tell(self, case: Case, failed: int) -> Told:
        count = len(case.lead.consent.buyers)
        got = "nobody" if not count else "1 company" if count == 1 else f"{count} companies"
        if case.lead.kind is Kind.PING and not count:
            got = "nobody yet"
        for place in places_of(failed):
            yield (place,), Check("named_seller", got, self.companies[place])


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Who calls or texts on arrival gets a lead only while its consumer may be called, wherever that may be."""

    calling: int
    places: Places
    areas: Areas

    @classmethod
    def of(cls, contracts: Sequence[Contract], places: Places, areas: Areas) -> QuietHours:
        return cls(mask_of([place for place, each in enumerate(contracts) if each.calls_at_once]), places, areas)

    def failing(self, case: Case) -> int:
        if not self.calling or why_not(whereabouts_of(case.lead, self.places, self.areas), case.now) is None:
            return 0
        return self.calling

    def tell(self, case: Case, failed: int) -> Told:
        why = why_not(whereabouts_of(case.lead, self.places, self.areas), case.now) if failed else None
        if why is not None:
            yield places_of(failed), Check("quiet_hours", why, "calling hours")
