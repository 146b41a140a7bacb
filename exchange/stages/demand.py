"""What sellers may hear of the demand for their leads, as far as the campaign discloses it. Pure.

Only what all contracts of the campaign have in common, or what they take together: never one buyer's terms, never a
price.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from exchange.model.lead import Mode
from exchange.model.party import Campaign, Clause, Contract, Disclosure, State
from exchange.model.vertical import Vertical
from exchange.stages.filter_words import tell_clause

_LISTED = 20


def told_demand(campaign: Campaign, contracts: Iterable[Contract], vertical: Vertical) -> tuple[str, ...]:
    """Sentences. With less than full disclosure none of them tells of a filter."""
    if campaign.disclosure is not Disclosure.FULL:
        return ("What buyers filter on is not disclosed; a refusal says why as far as this campaign discloses it.",)
    tiers = {tier.number for tier in campaign.tiers}
    buying = [each for each in contracts if _may_buy(each, campaign, tiers)]
    if not buying:
        return ("No buyer takes these leads at the moment.",)
    return (*_states(buying), *_common(buying, vertical, campaign.currency))


def _may_buy(contract: Contract, campaign: Campaign, tiers: set[int]) -> bool:
    sellers, without = contract.sources.sellers, contract.sources.sellers_except
    return (
        contract.vertical == campaign.vertical
        and contract.mode is Mode.LIVE
        and contract.state is State.ACTIVE
        and contract.tier in tiers
        and (not sellers or campaign.seller_id in sellers)
        and campaign.seller_id not in without
    )


def _states(buying: Sequence[Contract]) -> Iterator[str]:
    if all(contract.geo.states for contract in buying):
        states = sorted({state for contract in buying for state in contract.geo.states})
        more = f" and {len(states) - _LISTED} more" if len(states) > _LISTED else ""
        yield f"Leads are bought in {', '.join(states[:_LISTED])}{more}."
    else:
        yield "Leads of every state may be bought, though a buyer may take a part of one only."


def _common(buying: Sequence[Contract], vertical: Vertical, currency: str) -> Iterator[str]:
    """The clauses that every contract has: a lead that fails one is bought by nobody."""
    first, *others = [_must(contract) for contract in buying]
    for clause in first:
        spec = vertical.by_name.get(clause.field)
        if spec is not None and not spec.personal and all(clause in other for other in others):
            yield f"Every buyer wants {spec.name} to be {tell_clause(clause, spec, currency)}."


def _must(contract: Contract) -> list[Clause]:
    """The plain clauses that must hold whatever else is chosen."""
    if contract.filters is None or contract.filters.need != "all":
        return []
    return [clause for clause in contract.filters.clauses if isinstance(clause, Clause)]
