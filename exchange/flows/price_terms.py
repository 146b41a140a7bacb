"""New prices of contracts; payouts, floors and ranking of campaigns: seen first, stored with who did it, undone."""

from __future__ import annotations

import json
from dataclasses import replace
from enum import Enum
from typing import NamedTuple

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.flows.terms import change_campaign
from exchange.model.actor import Actor
from exchange.model.party import Campaign, Contract, Strategy, Tier
from exchange.stages.eligible import contract_problems
from exchange.stages.price_rules import (
    BadRule,
    floors_of,
    floors_text,
    parse_floors,
    parse_rules,
    parse_tiers,
    rule_text,
    tier_text,
)
from exchange.storage.by_hand import change_contract
from exchange.storage.repricing import price_change


class Kind(Enum):
    """What is changed: of a contract its price rules; of a campaign payouts, floors, or how a tier ranks bids."""

    PRICE_RULES = "price_rules"
    PAYOUT_TIERS = "payout_tiers"
    FLOORS = "floors"
    RANKING = "ranking"


class Change(NamedTuple):
    """New terms in their own text, seen before they are stored."""

    kind: Kind
    subject: str
    before: str
    after: str


class Moved(Exception):
    """The terms are no longer what the change was made from."""


def terms_text(market: Market, kind: Kind, subject: str) -> str:
    """What is in force, as it is written. Raises `LookupError` for a contract or campaign that is not there."""
    if kind is Kind.PRICE_RULES:
        return "\n".join(map(rule_text, _contract(market, subject).price_rules))
    campaign = _campaign(market, subject)
    match kind:
        case Kind.PAYOUT_TIERS:
            return "\n".join(map(tier_text, campaign.payout_tiers))
        case Kind.FLOORS:
            return floors_text(floors_of(campaign))
        case _:
            return "\n".join(f"{tier.number} -> {tier.strategy.value}" for tier in campaign.tiers)


def preview(market: Market, kind: Kind, subject: str, text: str) -> Change:
    """The change as it would be stored. Raises `BadRule` and `LookupError`."""
    return Change(kind, subject, terms_text(market, kind, subject), _written(market, kind, subject, text))


def _written(market: Market, kind: Kind, subject: str, text: str) -> str:
    """The same terms in the text they are shown in."""
    if kind is Kind.PRICE_RULES:
        return "\n".join(map(rule_text, _with_rules(market, subject, text).price_rules))
    currency = _campaign(market, subject).currency
    match kind:
        case Kind.PAYOUT_TIERS:
            return "\n".join(map(tier_text, parse_tiers(text, currency)))
        case Kind.FLOORS:
            return floors_text(parse_floors(text, currency))
        case _:
            tiers = _ranked(_campaign(market, subject), text)
            return "\n".join(f"{tier.number} -> {tier.strategy.value}" for tier in tiers)


async def apply(market: Market, change: Change, why: str, actor: Actor, ip: str = "") -> int:
    """Store it as a new version, in force at once. Raises `Moved` when the terms are not `change.before` any more,
    `BadRule` and `LookupError` as `preview` does."""
    if terms_text(market, change.kind, change.subject) != change.before:
        raise Moved(change.subject)
    match change.kind:
        case Kind.PRICE_RULES:
            return await set_price_rules(market, change.subject, change.after, why, actor, ip)
        case Kind.PAYOUT_TIERS:
            return await set_payout_tiers(market, change.subject, change.after, why, actor, ip)
        case Kind.FLOORS:
            return await set_floors(market, change.subject, change.after, why, actor, ip)
        case _:
            return await set_ranking(market, change.subject, change.after, why, actor, ip)


async def undo(market: Market, line_id: str, why: str, actor: Actor, ip: str = "") -> Change:
    """Bring back what a change replaced. Raises `LookupError`, and `Moved` when it was changed again since."""
    line = await market.db.read(price_change, line_id)
    kind = next((each for each in Kind if line is not None and line["action"].endswith(f".{each.value}")), None)
    if line is None or kind is None:
        raise LookupError(line_id)
    before, after = json.loads(line["before_json"] or "{}"), json.loads(line["after_json"] or "{}")
    subject = line["subject"].partition(":")[2]
    change = Change(kind, subject, str(after.get(kind.value, "")), str(before.get(kind.value, "")))
    await apply(market, change, why, actor, ip)
    return change


async def set_price_rules(market: Market, contract_id: str, text: str, why: str, actor: Actor, ip: str = "") -> int:
    """What a contract with a fixed price pays. Raises `BadRule`, `LookupError` for one that is not there.

    Returns the number of its new version, in force at once.
    """
    contract, wanted = _contract(market, contract_id), _with_rules(market, contract_id, text)
    before = {"price_rules": "\n".join(map(rule_text, contract.price_rules))}
    after = {"price_rules": "\n".join(map(rule_text, wanted.price_rules)), "why": why}
    return await _save(market, wanted, "contract.price_rules", before, after, actor, ip)


async def set_payout_tiers(market: Market, campaign_id: str, text: str, why: str, actor: Actor, ip: str = "") -> int:
    """What a campaign pays by grade and source; its seller hears of it. Raises as `set_price_rules`."""
    campaign = _campaign(market, campaign_id)
    tiers = parse_tiers(text, campaign.currency)
    before = {"payout_tiers": "\n".join(map(tier_text, campaign.payout_tiers))}
    after = {"payout_tiers": "\n".join(map(tier_text, tiers)), "why": why}
    return await _change(market, replace(campaign, payout_tiers=tiers), "payout_tiers", before, after, actor, ip)


async def set_floors(market: Market, campaign_id: str, text: str, why: str, actor: Actor, ip: str = "") -> int:
    """The least prices of a campaign by state, and the share held out of them. Raises as `set_price_rules`."""
    campaign = _campaign(market, campaign_id)
    floors = parse_floors(text, campaign.currency)
    before = {"floors": floors_text(floors_of(campaign))}
    after = {"floors": floors_text(floors), "why": why}
    wanted = replace(campaign, floors=floors.by_state, floor_holdout_bp=floors.holdout_bp)
    return await _change(market, wanted, "floors", before, after, actor, ip)


async def set_ranking(market: Market, campaign_id: str, text: str, why: str, actor: Actor, ip: str = "") -> int:
    """How each tier ranks its bids, `1 -> expected` a line. Raises as `set_price_rules`."""
    campaign = _campaign(market, campaign_id)
    before = {"ranking": terms_text(market, Kind.RANKING, campaign_id)}
    wanted = replace(campaign, tiers=_ranked(campaign, text))
    after = {"ranking": "\n".join(f"{tier.number} -> {tier.strategy.value}" for tier in wanted.tiers), "why": why}
    return await _change(market, wanted, "ranking", before, after, actor, ip)


async def _change(
    market: Market, wanted: Campaign, what: str, before: dict[str, str], after: dict[str, str], actor: Actor, ip: str
) -> int:
    subject, now = f"campaign:{wanted.id}", market.clock.now()
    line = audit_line(market.ids, now, actor, f"campaign.{what}", subject, before=before, after=after, ip=ip)
    return await change_campaign(market, wanted, line)


def _ranked(campaign: Campaign, text: str) -> tuple[Tier, ...]:
    known = {each.value: each for each in Strategy}
    wanted: dict[str, Strategy] = {}
    for line in filter(None, (line.strip() for line in text.splitlines())):
        number, _, word = line.partition("->")
        if word.strip() not in known or not any(str(tier.number) == number.strip() for tier in campaign.tiers):
            raise BadRule(f"{line[:40]!r}: write a tier's number, an arrow, and one of {', '.join(known)}.")
        wanted[number.strip()] = known[word.strip()]
    return tuple(replace(tier, strategy=wanted.get(str(tier.number), tier.strategy)) for tier in campaign.tiers)


def _with_rules(market: Market, contract_id: str, text: str) -> Contract:
    contract = _contract(market, contract_id)
    wanted = replace(contract, price_rules=parse_rules(text, contract.max_bid.currency))
    problems = contract_problems(wanted, market.verticals[contract.vertical], market.places)
    if problems:
        raise BadRule(problems[0])
    return wanted


def _campaign(market: Market, campaign_id: str) -> Campaign:
    campaign = market.deals.campaigns.get(campaign_id)
    if campaign is None:
        raise LookupError(campaign_id)
    return campaign


def _contract(market: Market, contract_id: str) -> Contract:
    contract = market.deals.contracts.get(contract_id)
    if contract is None:
        raise LookupError(contract_id)
    return contract


async def _save(
    market: Market, wanted: Contract, action: str, before: dict[str, str], after: dict[str, str], actor: Actor, ip: str
) -> int:
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, action, f"contract:{wanted.id}", before=before, after=after, ip=ip)
    version = await market.db.write(change_contract, wanted, now, line)
    await refresh(market)
    return version
