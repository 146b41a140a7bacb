"""The check of lists: who must not be sold at all, who must not be called, and which buyers will not have whom."""

from __future__ import annotations

from exchange.flows.case import Case
from exchange.flows.lists import of_buyers
from exchange.flows.market import Market
from exchange.stages.suppression.forms import digests_of, values_of
from exchange.stages.suppression.judge import judge_do_not_call, judge_suppression


async def check_suppression(case: Case, market: Market) -> Case:
    return listed(case, market)


def listed(case: Case, market: Market) -> Case:
    """The case with what the lists say of its consumer. A ping names nobody, unless it brings digests."""
    lead, vertical = case.lead, case.vertical
    values, digests = values_of(lead, market.lists.kinds), digests_of(lead)
    found = market.lists.look(values, digests, vertical.name)
    registries = [each.row for each in market.lists if each.row.purpose.ages]
    case = case.finding(
        *judge_suppression(found.hits, found.unreadable, found.asked, bool(values or digests)),
        *judge_do_not_call(lead, vertical, registries, found.hits, found.unreadable, market.clock.now()),
    )
    buyers = of_buyers((*found.hits, *found.unreadable))
    return case._replace(suppressed=buyers) if buyers else case
