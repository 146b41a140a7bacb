"""What has changed since a lead was decided about, contract by contract: only the checks that turned out otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exchange.flows.compare import LEFT_OUT
from exchange.flows.market import Market
from exchange.model.verdict import Check
from exchange.stages.reasons import alike, sentence
from exchange.web.story.contracts import SIMULATED, Panel
from exchange.web.story.masking import Mask


@dataclass(frozen=True, slots=True)
class Change:
    """One contract that would be judged otherwise now."""

    contract_id: str
    buyer: str
    contract: str
    eligible: bool
    sentences: tuple[str, ...]

    def fields(self) -> dict[str, Any]:
        return {"contract": self.contract_id, "eligible_now": self.eligible, "changes": list(self.sentences)}


@dataclass(frozen=True, slots=True)
class Compared:
    """`same` contracts would be judged as they were. `readable` is false where the lead's values or terms are gone."""

    changes: tuple[Change, ...] = ()
    same: int = 0
    readable: bool = True

    def fields(self) -> dict[str, Any]:
        return {"same": self.same, "changed": [each.fields() for each in self.changes], "readable": self.readable}


def compared(
    market: Market, then: Sequence[Panel], now: Mapping[str, tuple[Check, ...]] | None, mask: Mask, *, live: bool
) -> Compared:
    if now is None:
        return Compared(readable=False)
    before = {panel.contract_id: panel.checks for panel in then}
    known = [each for each in dict.fromkeys((*before, *now)) if not (live and each.startswith(SIMULATED))]
    changes = [_change(market, each, before.get(each), now.get(each), mask) for each in known]
    found = tuple(each for each in changes if each.sentences)
    return Compared(found, len(known) - len(found))


def _change(
    market: Market, contract_id: str, before: tuple[Check, ...] | None, now: tuple[Check, ...] | None, mask: Mask
) -> Change:
    contract = market.deals.contracts.get(contract_id)
    name = contract.name if contract is not None else contract_id
    told = tuple(mask.text(each) for each in _told(before, now))
    return Change(contract_id, market.deals.buyer_name(contract_id), name, now == (), told)


def _told(before: tuple[Check, ...] | None, now: tuple[Check, ...] | None) -> list[str]:
    if now is None:
        return ["It is not among the contracts of this vertical any more."]
    if before is None:
        return ["It was not there then.", *map(sentence, now)]
    kept = [check for check in before if check.name not in LEFT_OUT]
    told = [sentence(check) for check in now if not any(alike(check, each) for each in kept)]
    names = {check.name for check in now}
    return told + [f"No longer: {sentence(check)}" for check in kept if check.name not in names]
