"""The check of consent: what was agreed to, how, and when."""

from __future__ import annotations

from exchange.flows.case import Case
from exchange.flows.market import Market
from exchange.stages.consent_policy import judge_consent


async def check_consent(case: Case, market: Market) -> Case:
    return case.finding(judge_consent(case.lead, case.vertical))
