"""What a filter that is being changed matches, for a page: the sentence, or why it cannot be counted yet."""

from __future__ import annotations

from typing import NamedTuple

from exchange.flows.market import Market
from exchange.flows.matching import matching
from exchange.model.money import Money
from exchange.model.party import Buyer, Contract
from exchange.stages.eligible import BadBook
from exchange.web.filters.summary import summary


class Counted(NamedTuple):
    """`told` is the sentence; `good` says whether it is a count."""

    told: str
    good: bool


NOT_YET = Counted("It is counted as soon as every rule is finished.", False)


async def counted(market: Market, contract: Contract, buyer: Buyer, price: Money | None) -> Counted:
    """Count for terms as they would be."""
    try:
        return Counted(summary(await matching(market, contract, buyer, price)), True)
    except BadBook as error:
        return Counted(" ".join(problem.partition(": ")[2] for problem in error.problems), False)
