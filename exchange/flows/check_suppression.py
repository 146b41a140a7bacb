"""The check of lists: who must not be sold at all, who must not be called, and which buyers will not have whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from exchange.flows.case import Case
from exchange.flows.job_ends import ComeBack
from exchange.flows.lists import Found, of_buyers
from exchange.flows.market import Market
from exchange.model.finding import Finding, Outcome
from exchange.model.lead import Lead, Mode
from exchange.model.reason import Reason
from exchange.model.vertical import Vertical
from exchange.stages.consent_policy import CHECK as CONSENT
from exchange.stages.consent_policy import authorization_over
from exchange.stages.suppression.forms import digests_of, seconds_of, values_of
from exchange.stages.suppression.judge import judge_do_not_call, judge_suppression

UNREADY_MS = 1_000  # until a list that cannot be read is looked at again
_LATE_MS = 3_600_000  # a lead that is sold so long after it came is judged again
_ITS_OWN = "The consumer is on a list of the buyer."


class Listed(NamedTuple):
    """What the lists say of a lead's consumer. `buyers` are those who may not have them, with the list's name: it names
    the consumer, or it cannot be read. It does for those in `named`.
    """

    findings: tuple[Finding, ...]
    buyers: Mapping[str, str]
    named: frozenset[str]


async def check_suppression(case: Case, market: Market) -> Case:
    return listed(case, market)


def listed(case: Case, market: Market) -> Case:
    """The case with what the lists say of its consumer."""
    said = ask_lists(case.lead, case.vertical, market)
    case = case.finding(*said.findings)
    over = authorization_over(case.lead, case.vertical, market.clock.now())
    if over is not None and market.clock.now() - case.lead.received_at > _LATE_MS:  # else the check of consent says so
        case = case.finding(Finding(CONSENT, Outcome.REFUSED, over, Reason.CONSENT_STALE))
    return case._replace(suppressed=said.buyers) if said.buyers else case


def ask_lists(lead: Lead, vertical: Vertical, market: Market) -> Listed:
    """Every list, as it stands now. A ping names nobody, unless it brings digests."""
    values, digests = values_of(lead, market.lists.kinds), digests_of(lead)
    found = market.lists.look(values, digests, vertical.name)
    for kind, value in seconds_of(lead, vertical):
        more = market.lists.look({kind: value}, {}, vertical.name)
        found = Found((*found.hits, *more.hits), (*found.unreadable, *more.unreadable), found.asked)
    registries = [each.row for each in market.lists if each.row.purpose.ages]
    findings = (
        *judge_suppression(found.hits, found.unreadable, found.asked, bool(values or digests)),
        *judge_do_not_call(lead, vertical, registries, found.hits, found.unreadable, market.clock.now()),
    )
    return Listed(findings, of_buyers((*found.hits, *found.unreadable)), frozenset(of_buyers(found.hits)))


def kept_back(lead: Lead, buyer_id: str, market: Market) -> str | None:
    """Why a buyer may not have a sold lead any more that waits to go out: consent may have been taken back meanwhile.

    None when nothing is against it. Raises `ComeBack` while a list cannot be read.
    """
    vertical = market.verticals.get(lead.vertical)
    if vertical is None or lead.mode is not Mode.LIVE:
        return None
    if (over := authorization_over(lead, vertical, market.clock.now())) is not None:
        return over
    said = ask_lists(lead, vertical, market)
    refused = next((each for each in said.findings if each.outcome is Outcome.REFUSED), None)
    if refused is not None and refused.reason is Reason.LISTS_UNREADY:
        raise ComeBack(market.clock.now() + UNREADY_MS)
    return refused.sentence if refused is not None else _ITS_OWN if buyer_id in said.buyers else None
