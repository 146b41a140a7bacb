"""Why bids were ranked as they were: kept as figures with the lead, and told in words."""

from __future__ import annotations

from exchange.flows.case import Case
from exchange.model.auction import Bid
from exchange.model.money import Money
from exchange.model.party import Strategy
from exchange.model.worth import WHOLE
from exchange.stages.auction import Plan, Rules

_TOLD = 8


def tell_ranking(case: Case, plan: Plan, rules: Rules) -> list[str]:
    """Of an auction by worth: each candidate with its bid, chances and index, best first; of any other nothing.

    The figures go into the record (`ranking`): chances as shares, amounts as decimal texts.
    """
    if rules.strategy is not Strategy.EXPECTED:
        return []
    bids = [*plan.winners, *plan.runners_up]
    alive = rules.worth.alive
    case.trail.facts["ranking"] = {
        "alive": alive / WHOLE,
        "candidates": [
            {
                "contract": bid.contract_id,
                "bid": bid.price.text,
                "exclusive": bid.exclusive,
                "taken": rules.worth.odds(bid.contract_id).taken / WHOLE,
                "returned": rules.worth.odds(bid.contract_id).back / WHOLE,
                "index": _index(rules, bid),
            }
            for bid in bids
        ],
    }
    return [f"A refused lead lives on: {alive / WHOLE:.0%}", *(_sentence(case, rules, bid) for bid in bids[:_TOLD])]


def _sentence(case: Case, rules: Rules, bid: Bid) -> str:
    odds = rules.worth.odds(bid.contract_id)
    return (
        f"{case.deals.buyer_name(bid.contract_id)}: bids {bid.price.text}, takes {odds.taken / WHOLE:.0%}, "
        f"gives back {odds.back / WHOLE:.0%}: worth {_index(rules, bid)}"
    )


def _index(rules: Rules, bid: Bid) -> str:
    return Money(rules.index(bid), bid.price.currency).text
