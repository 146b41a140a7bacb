"""One lead run twice: how many of its steps are the same, those that are not, and how it ended either way."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from exchange.flows.market import Market
from exchange.model.money import write_units
from exchange.stages.simulate.run import Outcome, Step
from exchange.web.figures.steps import step_words


class Replayed(NamedTuple):
    same: int
    all: int
    changed: list[str]


def replayed(market: Market, was: Sequence[Step], now: Sequence[Step]) -> Replayed:
    """Steps that stand in both ways in the same order count as the same."""
    matcher = SequenceMatcher(None, list(was), list(now), autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    changed = []
    for what, low, high, begin, end in matcher.get_opcodes():
        if what != "equal":
            one = "; ".join(step_words(market, each) for each in was[low:high]) or "nothing"
            other = "; ".join(step_words(market, each) for each in now[begin:end]) or "nothing"
            changed.append(f"{one} -> {other}")
    return Replayed(same, max(len(was), len(now)), changed)


def result_words(market: Market, outcome: Outcome) -> str:
    """`sold Brightroof 36.50`."""
    sales = [f"{market.deals.buyer_name(each.contract_id)} {write_units(each.price_units)}" for each in outcome.sales]
    return f"sold {', '.join(sales)}" if sales else outcome.state
