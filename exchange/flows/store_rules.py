"""By what rule a campaign's unsold leads come into the store: at what price, for how long, and who may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exchange.flows.market import Market
from exchange.flows.sellers import campaign_line
from exchange.flows.terms import change_campaign
from exchange.model.actor import Actor
from exchange.model.money import BadMoney, Money
from exchange.model.party import Buyer, Campaign, State, StoreRule
from exchange.model.rights import Right, may, needed
from exchange.stages.nurture import STORE_DAYS_MOST, BadPlan, age_of, age_text, falls_of, falls_text
from exchange.stages.store import store_problems

BUYERS_MOST = 20


class BadRule(ValueError):
    """What a rule may not say; the sentence names the field and the fix."""


def store_buyers(market: Market, campaign: Campaign) -> list[Buyer]:
    """Those with a contract that buys in the store there, by name."""
    book = market.deals.stores.get(campaign.vertical)
    ids = {contract.buyer_id for contract in book.contracts} if book is not None else set()
    found = [market.deals.buyers[each] for each in ids]
    return sorted(found, key=lambda buyer: buyer.name.lower())


async def set_store_rule(market: Market, campaign_id: str, form: Mapping[str, str], actor: Actor, ip: str = "") -> None:
    """As a form says: `listed` (yes, or nothing is), `price`, `falls`, `days`, `sales`, and of each buyer
    `sees:<id>` (yes) and `from:<id>` (an age). Leads that are listed keep the rule they were listed by. Raises
    `BadRule`, and `LookupError` when there is no such campaign.
    """
    campaign = market.deals.campaigns.get(campaign_id)
    if campaign is None or campaign.state is State.DELETED:
        raise LookupError(campaign_id)
    if not may(actor, Right.EDIT):
        raise BadRule(f"To {Right.EDIT.value} needs the role {needed(Right.EDIT)}.")
    rule = _rule(market, campaign, form) if form.get("listed") == "yes" else None
    if rule == campaign.store:
        return
    before, after = {"store": rule_text(market, campaign.store)}, {"store": rule_text(market, rule)}
    line = campaign_line(market, actor, "campaign.changed", campaign.id, ip, before, after)
    await change_campaign(market, replace(campaign, store=rule), line)


def _rule(market: Market, campaign: Campaign, form: Mapping[str, str]) -> StoreRule:
    try:
        first = Money.parse(form.get("price", "").strip().removeprefix("$"), campaign.currency)
    except BadMoney:
        raise BadRule(f"price: an amount such as 12.50. Got {form.get('price', '')[:20]!r}.") from None
    days, sales = _whole(form, "days", STORE_DAYS_MOST), _whole(form, "sales", BUYERS_MOST)
    try:
        rule = StoreRule(first, falls_of(form.get("falls", "")), days, sales, _seen_by(market, campaign, form))
    except BadPlan as bad:
        raise BadRule(str(bad)) from bad
    problems = store_problems(rule, campaign.currency)
    for field, told in problems.items():
        raise BadRule(f"{'price' if field == 'first' else field} {told}.")
    return rule


def _seen_by(market: Market, campaign: Campaign, form: Mapping[str, str]) -> tuple[tuple[str, int], ...]:
    chosen = [each for each in store_buyers(market, campaign) if form.get(f"sees:{each.id}") == "yes"]
    ages = {each.id: form.get(f"from:{each.id}", "").strip() for each in chosen}
    return tuple((each.id, age_of(ages[each.id], f"from of {each.name}") if ages[each.id] else 0) for each in chosen)


def _whole(form: Mapping[str, str], field: str, most: int) -> int:
    text = form.get(field, "").strip()
    if not text.isdecimal() or not 1 <= int(text[:6]) <= most:
        raise BadRule(f"{field}: a whole number from 1 to {most}. Got {text[:20]!r}.")
    return int(text)


def rule_text(market: Market, rule: StoreRule | None) -> str:
    """A rule in words, as the audit log and lists tell it."""
    if rule is None:
        return "nothing is listed"
    price = ", ".join(part for part in (f"{rule.first.text} {rule.first.currency}", falls_text(rule)) if part)
    return f"{price}; {rule.days} d; {rule.sales} at most; seen by {seers_text(market, rule)}"


def seers_text(market: Market, rule: StoreRule) -> str:
    """Who may see what a rule lists."""
    return ", ".join(_seer(market, *each) for each in rule.seen_by) if rule.seen_by else "every buyer"


def _seer(market: Market, buyer_id: str, after_ms: int) -> str:
    buyer = market.deals.buyers.get(buyer_id)
    name = buyer.name if buyer is not None else buyer_id
    return f"{name} after {age_text(after_ms)}" if after_ms else name
