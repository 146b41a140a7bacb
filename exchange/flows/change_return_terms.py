"""On which terms a contract takes leads back, changed by a person: what is sold from then on has the new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.model.actor import Actor
from exchange.model.party import Contract
from exchange.model.return_terms import ReturnTerms
from exchange.stages.returns.terms import term_problems
from exchange.storage.by_hand import change_contract

DAYS_MOST = 365


class BadTerms(ValueError):
    """What is wrong, one sentence each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


async def change_return_terms(
    market: Market, contract_id: str, days: int, terms: ReturnTerms, actor: Actor, ip: str = ""
) -> int:
    """Store them as a new version of the contract, in force at once. Returns its number.

    Raises `BadTerms`, and `LookupError` when there is no such contract.
    """
    contract = market.deals.contracts[contract_id]
    problems = term_problems(terms)
    if not 0 <= days <= DAYS_MOST:
        problems = (*problems, f"A lead may come back for 0 to {DAYS_MOST} days.")
    if problems:
        raise BadTerms(problems)
    now = market.clock.now()
    changed, what = replace(contract, return_days=days, returns=terms), f"contract:{contract_id}"
    line = audit_line(
        market.ids, now, actor, "contract.returns", what, before=_told(contract), after=_told(changed), ip=ip
    )
    version = await market.db.write(change_contract, changed, now, line)
    await refresh(market)
    return version


def _told(contract: Contract) -> Mapping[str, object]:
    return {"return_days": contract.return_days, **asdict(contract.returns)}
