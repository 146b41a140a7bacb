"""Eligibility the slow way: one contract after another, check by check, with nothing remembered or looked up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from exchange.fields import field_types
from exchange.fields.places import Places
from exchange.model.lead import Kind, Lead, Mode
from exchange.model.ledger import Billing
from exchange.model.money import Money
from exchange.model.party import Buyer, Clause, Contract, Group, SaleMode, State
from exchange.model.vertical import Presence, Vertical
from exchange.stages.caps import budget_key, cap_key
from exchange.stages.eligible import Facts
from exchange.stages.schedule import open_at

DAY_MS = 86_400_000


def failed_checks(
    contract: Contract, buyer: Buyer, vertical: Vertical, places: Places, lead: Lead, facts: Facts, now: int
) -> list[str]:
    """The names of the checks that fail, in their order, conflicts among the eligible left out."""
    return [name for name, failed in _checks(contract, buyer, vertical, places, lead, facts, now) if failed]


def _checks(
    contract: Contract, buyer: Buyer, vertical: Vertical, places: Places, lead: Lead, facts: Facts, now: int
) -> Iterator[tuple[str, bool]]:
    yield "contract_active", contract.state is not State.ACTIVE
    away = buyer.away_until is not None and now < buyer.away_until
    yield "buyer_active", buyer.state is not State.ACTIVE or away
    takes_test = contract.mode is Mode.TEST or contract.connection == "simulated"
    yield "mode", not takes_test if lead.mode is Mode.TEST else contract.mode is Mode.TEST
    yield "schedule", not open_at(contract, now)
    yield from _filters(contract.filters, vertical, lead)
    yield "geo", not _in_place(contract, vertical, places, lead)
    yield from ((f"source {part}", failed) for part, failed in _sources(contract, lead))
    yield "grade", contract.min_grade is not None and (lead.grade is None or lead.grade > contract.min_grade)
    yield "fraud", contract.max_fraud is not None and (lead.fraud or 0) > contract.max_fraud
    yield (
        "consent",
        lead.kind is not Kind.PING and "jornaya_leadid" in contract.consent and (lead.consent.jornaya_leadid is None),
    )
    bought = facts.bought.get(buyer.id)
    yield "duplicate_buyer", bought is not None and now - bought < contract.duplicate_days * DAY_MS
    rival = facts.taken_groups.get(buyer.group, buyer.id) if buyer.group else buyer.id
    yield "conflict", rival != buyer.id or contract.leg in facts.taken_legs
    yield from _money(contract, buyer, lead, facts, now)
    yield "health", buyer.id in facts.broken
    yield "rate", contract.id in facts.over_rate
    yield "tier", facts.tier_open is not None and contract.tier > facts.tier_open
    yield "deadline", facts.time_left_ms is not None and facts.latency_ms.get(contract.id, 0) > facts.time_left_ms


def _filters(filters: Group | None, vertical: Vertical, lead: Lead) -> Iterator[tuple[str, bool]]:
    for part in dict.fromkeys(_parts(filters)):  # what is demanded twice is told once
        fields = list(dict.fromkeys(_fields(part)))
        unknown = lead.kind is Kind.PING and any(vertical.by_name[name].ping is Presence.ABSENT for name in fields)
        yield "filter:" + "|".join(fields), not unknown and not _holds(part, vertical, lead)


def _parts(part: Clause | Group | None) -> list[Clause | Group]:
    if part is None:
        return []
    if isinstance(part, Group) and (part.need == "all" or len(part.clauses) == 1):
        return [found for inner in part.clauses for found in _parts(inner)]
    return [part]


def _fields(part: Clause | Group) -> Iterable[str]:
    return [part.field] if isinstance(part, Clause) else [name for inner in part.clauses for name in _fields(inner)]


def _holds(part: Clause | Group, vertical: Vertical, lead: Lead) -> bool:
    if isinstance(part, Clause):
        spec = vertical.by_name[part.field]
        return field_types()[spec.type].compile(part.operator, part.values, spec)(lead.values.get(part.field))
    held = [_holds(inner, vertical, lead) for inner in part.clauses]
    return all(held) if part.need == "all" else any(held)


def _in_place(contract: Contract, vertical: Vertical, places: Places, lead: Lead) -> bool:
    if lead.mode is Mode.TEST and lead.test_outcome is not None:
        return True
    geo, zip_code, state = contract.geo, lead.text("zip"), lead.text("state")
    if state is None and zip_code is not None:
        state = places.state_of(zip_code)
    zips = set(geo.zips)
    if geo.center_zip is not None:
        zips |= places.within(geo.center_zip, geo.radius_miles)
    return (
        (not geo.states or state in geo.states)
        and state not in geo.states_except
        and (not zips or zip_code in zips)
        and zip_code not in geo.zips_except
    )


def _sources(contract: Contract, lead: Lead) -> Iterator[tuple[str, bool]]:
    sources = contract.sources
    sent = [lead.tracking[name] for name in lead.tracking if name.startswith("sub_id")]
    entries = {f"{who}:{sub_id}" for sub_id in sent for who in ("*", lead.seller_id)}
    yield "seller unlisted", bool(sources.sellers) and lead.seller_id not in sources.sellers
    yield "seller blocked", lead.seller_id in sources.sellers_except
    yield "sub id unlisted", bool(sources.sub_ids) and not entries & sources.sub_ids
    yield "sub id blocked", bool(entries & sources.sub_ids_except)


def _money(contract: Contract, buyer: Buyer, lead: Lead, facts: Facts, now: int) -> Iterator[tuple[str, bool]]:
    prices = [contract.price] if contract.price is not None else []
    if prices and contract.sale_mode is SaleMode.EITHER and contract.shared_price is not None:
        prices.append(contract.shared_price)
    least = min(price.units for price in prices if price) if prices else 0 if contract.zero_price else 100
    if lead.mode is Mode.LIVE:
        weekday = datetime.fromtimestamp(now / 1000, ZoneInfo(contract.zone)).weekday()
        for cap in contract.caps:
            need = 1 if cap.unit == "count" else least
            full = facts.cap_use.get(cap_key(contract, cap), 0) + need > cap.most
            yield f"cap:{cap.window.value}", full and (not cap.weekdays or weekday in cap.weekdays)
        spent = facts.cap_use.get(budget_key(contract), 0)
        yield "budget", contract.budget is not None and spent + least > contract.budget.units
        have = _available(buyer, facts.available)
        reserve = 0 if facts.reserve is None else facts.reserve.units
        yield "balance", have < (least if prices else max(least, reserve))
    best = max(price.units for price in prices if price) if prices else contract.max_bid.units
    yield "price", facts.reserve is not None and best < facts.reserve.units


def _available(buyer: Buyer, available: Mapping[str, Money]) -> int:
    if buyer.id in available:
        return available[buyer.id].units
    return buyer.limit.units if buyer.billing is Billing.CREDIT else 0
