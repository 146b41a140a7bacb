"""The check that asks vendors about a lead before buyers are looked for."""

from __future__ import annotations

from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.flows.verify import REFUSED_ALREADY, not_asked, verify
from exchange.model.finding import Outcome
from exchange.model.verification import Stage


async def check_verify(case: Case, market: Market) -> Case:
    case = await verify(case, market, Stage.BEFORE)
    if any(finding.outcome is Outcome.REFUSED for finding in case.findings):
        return not_asked(case, Stage.AFTER, REFUSED_ALREADY)  # those that wait for a buyer are told too
    return case
