"""Who uses a verifier: the lists of verticals, and of campaigns that have their own."""

from __future__ import annotations

from exchange.flows.market import Market
from exchange.model.verification import VerifierRule


def rules_using(market: Market, name: str) -> dict[str, VerifierRule]:
    """Every use of a verifier, by where it stands: `vertical solar`, `campaign cedar-solar`."""
    deals = market.deals
    found = {f"vertical {vertical.name}": vertical.verifiers for vertical in market.verticals.values()}
    found |= {f"campaign {each.id}": each.verifiers for each in deals.campaigns.values() if each.verifiers is not None}
    return {where: rule for where, rules in sorted(found.items()) for rule in rules if rule.verifier == name}
