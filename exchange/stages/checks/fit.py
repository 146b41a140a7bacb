"""Checks on the lead itself: filters, where it is, who sent it, how good it is, what the consumer agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.model.lead import Kind, Lead
from exchange.model.party import Contract
from exchange.model.verdict import Check
from exchange.stages.checks.bits import Index, grouped, index_of, mask_of, places_of
from exchange.stages.checks.facts import Case, Told
from exchange.stages.consent import consent_part
from exchange.stages.filters import Criterion
from exchange.stages.reasons import LISTED, NONE, NOT_BLOCKED

GRADES = "ABCDEF"
SUB_IDS = tuple(f"sub_id{number}" for number in range(1, 11))
CONSENT_NAMES = (
    "tcpa_consent",
    "tcpa_consent_text",
    "tcpa_consent_at",
    "trustedform_cert_url",
    "trustedform_url",
    "jornaya_leadid",
    "consented_buyers",
    "ip_address",
    "landing_page_url",
    "consent_version",
    "consent_method",
    "user_agent",
)


@dataclass(frozen=True, slots=True)
class Filters:
    """Equality on choices, states and ZIPs is looked up for all contracts at once; each other clause is tested once."""

    criteria: Sequence[tuple[Criterion, ...]]  # by place
    indexes: tuple[tuple[str, bool, Index], ...]  # field, whether pings carry it, who takes which values
    clauses: tuple[tuple[Criterion, int], ...]

    @classmethod
    def of(cls, criteria: Sequence[tuple[Criterion, ...]]) -> Filters:
        """Contracts that want the same share one criterion."""
        wanted: dict[tuple[str, bool], list[frozenset[str]]] = {}
        tested: dict[int, tuple[Criterion, list[int]]] = {}
        for place, mine in enumerate(criteria):
            for criterion in mine:
                if criterion.takes:
                    key = (criterion.fields[0], criterion.at_ping)
                    column = wanted.setdefault(key, [frozenset()] * len(criteria))
                    if not column[place]:
                        column[place] = criterion.takes
                        continue
                tested.setdefault(id(criterion), (criterion, []))[1].append(place)
        indexes = tuple((name, at_ping, index_of(column)) for (name, at_ping), column in wanted.items())
        return cls(criteria, indexes, tuple((criterion, mask_of(places)) for criterion, places in tested.values()))

    def failing(self, case: Case) -> int:
        failed, values, ping = 0, case.lead.values, case.lead.kind is Kind.PING
        for name, at_ping, index in self.indexes:
            if at_ping or not ping:
                value = values.get(name)
                failed |= index.missing(None if value is None else value.clean)
        for criterion, mask in self.clauses:
            if ping and not criterion.at_ping:
                continue
            test = criterion.clause_test
            if not (criterion.holds(values) if test is None else test(values.get(criterion.fields[0]))):
                failed |= mask
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        known: dict[int, Check | None] = {}  # contracts share criteria
        ping = case.lead.kind is Kind.PING
        for place in places_of(failed):
            for criterion in self.criteria[place]:
                if ping and not criterion.at_ping:
                    continue
                key = id(criterion)
                if key not in known:
                    known[key] = _judge(criterion, case.lead)
                check = known[key]
                if check is not None:
                    yield (place,), check


def _judge(criterion: Criterion, lead: Lead) -> Check | None:
    if criterion.holds(lead.values):
        return None
    return Check(criterion.name, criterion.got(lead.values), criterion.required)


@dataclass(frozen=True, slots=True)
class Source:
    """Sellers and sub ids, listed or blocked. Any of the ten sub ids of a lead may match."""

    sellers: Index
    sellers_except: Index
    sub_ids: Index
    sub_ids_except: Index

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> Source:
        return cls(
            index_of(contract.sources.sellers for contract in contracts),
            index_of(contract.sources.sellers_except for contract in contracts),
            index_of(contract.sources.sub_ids for contract in contracts),
            index_of(contract.sources.sub_ids_except for contract in contracts),
        )

    def failing(self, case: Case) -> int:
        seller = case.lead.seller_id
        failed = self.sellers.missing(seller) | self.sellers_except.naming(seller)
        if self.sub_ids.using:
            failed |= self.sub_ids.using & ~_named(self.sub_ids, case.lead)
        if self.sub_ids_except.using:
            failed |= _named(self.sub_ids_except, case.lead)
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        lead = case.lead
        seller = case.facts.seller_name or lead.seller_id
        sent = [lead.tracking[name] for name in SUB_IDS if lead.tracking.get(name)]
        unlisted = self.sub_ids.using & ~_named(self.sub_ids, lead)
        told = [
            (self.sellers.missing(lead.seller_id), Check("source", seller, LISTED)),
            (self.sellers_except.naming(lead.seller_id), Check("source", seller, NOT_BLOCKED)),
            (unlisted, Check("source", f"sub ID {', '.join(sent)}" if sent else NONE, LISTED)),
        ]
        remaining = self.sub_ids_except.using
        for sub_id in sent:
            blocked = remaining & _naming_sub_id(self.sub_ids_except, lead.seller_id, sub_id)
            told.append((blocked, Check("source", f"sub ID {sub_id}", NOT_BLOCKED)))
            remaining &= ~blocked
        for mask, check in told:
            if mask & failed:
                yield places_of(mask & failed), check


def _named(index: Index, lead: Lead) -> int:
    named = 0
    for name in SUB_IDS:
        sub_id = lead.tracking.get(name)
        if sub_id:
            named |= _naming_sub_id(index, lead.seller_id, sub_id)
    return named


def _naming_sub_id(index: Index, seller_id: str, sub_id: str) -> int:
    return index.naming(f"{seller_id}:{sub_id}") | index.naming(f"*:{sub_id}")


@dataclass(frozen=True, slots=True)
class Grade:
    least: tuple[tuple[str, int], ...]  # grade, mask

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> Grade:
        return cls(tuple(grouped(contract.min_grade for contract in contracts).items()))

    def failing(self, case: Case) -> int:
        failed, grade = 0, case.lead.grade
        for least, mask in self.least:
            if not grade or grade[0] > least:
                failed |= mask
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        lead = case.lead
        points = f" ({lead.points})" if lead.points is not None else ""
        for least, mask in self.least:
            if failed & mask:
                yield places_of(failed & mask), Check("grade", f"{lead.grade}{points}" if lead.grade else NONE, least)


@dataclass(frozen=True, slots=True)
class Fraud:
    most: tuple[tuple[int, int], ...]  # points, mask

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> Fraud:
        return cls(tuple(grouped(contract.max_fraud for contract in contracts).items()))

    def failing(self, case: Case) -> int:
        failed, fraud = 0, case.lead.fraud or 0
        for most, mask in self.most:
            if fraud > most:
                failed |= mask
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        for most, mask in self.most:
            if failed & mask:
                yield places_of(failed & mask), Check("fraud", str(case.lead.fraud or 0), str(most))


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """A ping cannot show consent, so there only a "no" that was sent counts against it."""

    required: tuple[tuple[str, int], ...]  # name, mask

    @classmethod
    def of(cls, contracts: Sequence[Contract]) -> ConsentGiven:
        names: dict[str, list[int]] = {}
        for place, contract in enumerate(contracts):
            for name in dict.fromkeys(contract.consent):
                names.setdefault(name, []).append(place)
        return cls(tuple((name, mask_of(places)) for name, places in names.items()))

    def failing(self, case: Case) -> int:
        failed = 0
        for name, mask in self.required:
            if _lacks(case.lead, name):
                failed |= mask
        return failed

    def tell(self, case: Case, failed: int) -> Told:
        lacking = [(name, mask) for name, mask in self.required if _lacks(case.lead, name)]
        for place in places_of(failed):
            names = [name for name, mask in lacking if mask >> place & 1]
            yield (place,), Check("consent", NONE, " and ".join(names))


def _lacks(lead: Lead, name: str) -> bool:
    if name in lead.values:
        return lead.values[name].parts.get("true") is False
    part = "trustedform_cert_url" if name == "trustedform_url" else name
    return lead.kind is not Kind.PING and not consent_part(lead.consent, part)
