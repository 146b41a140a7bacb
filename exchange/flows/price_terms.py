"""New prices of a contract and payouts of a campaign by grade, source, hour and state, with who changed them."""

from __future__ import annotations

from dataclasses import replace

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.flows.terms import change_campaign
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.model.party import Contract
from exchange.stages.eligible import contract_problems
from exchange.stages.price_rules import BadRule, parse_rules, parse_tiers, rule_text, tier_text
from exchange.storage.by_hand import change_contract


async def set_price_rules(market: Market, contract_id: str, text: str, why: str, actor: Actor, ip: str = "") -> int:
    """What a contract with a fixed price pays. Raises `BadRule`, `LookupError` for one that is not there.

    Returns the number of its new version, in force at once.
    """
    contract = _contract(market, contract_id)
    rules = parse_rules(text, contract.max_bid.currency)
    wanted = replace(contract, price_rules=rules)
    problems = contract_problems(wanted, market.verticals[contract.vertical], market.places)
    if problems:
        raise BadRule(problems[0])
    before = {"price_rules": "\n".join(map(rule_text, contract.price_rules))}
    after = {"price_rules": "\n".join(map(rule_text, rules)), "why": why}
    return await _save(market, wanted, "contract.price_rules", before, after, actor, ip)


async def set_price(market: Market, contract_id: str, price: Money, why: str, actor: Actor, ip: str = "") -> int:
    """Another fixed price of a contract. Raises as `set_price_rules`."""
    contract = _contract(market, contract_id)
    if contract.price is None:
        raise BadRule("It bids live: it has no fixed price.")
    before, after = {"price": contract.price.text}, {"price": price.text, "why": why}
    return await _save(market, replace(contract, price=price), "contract.price", before, after, actor, ip)


async def set_payout_tiers(market: Market, campaign_id: str, text: str, why: str, actor: Actor, ip: str = "") -> int:
    """What a campaign pays by grade and source; its seller hears of it. Raises as `set_price_rules`."""
    campaign = market.deals.campaigns.get(campaign_id)
    if campaign is None:
        raise LookupError(campaign_id)
    tiers = parse_tiers(text, campaign.currency)
    before = {"payout_tiers": "\n".join(map(tier_text, campaign.payout_tiers))}
    after = {"payout_tiers": "\n".join(map(tier_text, tiers)), "why": why}
    now = market.clock.now()
    line = audit_line(
        market.ids, now, actor, "campaign.payout_tiers", f"campaign:{campaign_id}", before=before, after=after
    )
    return await change_campaign(market, replace(campaign, payout_tiers=tiers), replace(line, ip=ip))


def _contract(market: Market, contract_id: str) -> Contract:
    contract = market.deals.contracts.get(contract_id)
    if contract is None:
        raise LookupError(contract_id)
    return contract


async def _save(
    market: Market, wanted: Contract, action: str, before: dict[str, str], after: dict[str, str], actor: Actor, ip: str
) -> int:
    now = market.clock.now()
    line = audit_line(market.ids, now, actor, action, f"contract:{wanted.id}", before=before, after=after)
    version = await market.db.write(change_contract, wanted, now, replace(line, ip=ip))
    await refresh(market)
    return version
