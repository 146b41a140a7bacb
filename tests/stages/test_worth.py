"""What a bid is worth once refusals and returns are counted in, and how that is learned."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.ranking import compare
from exchange.model.auction import Progress
from exchange.model.party import SaleMode, Strategy
from exchange.model.worth import WHOLE, Odds, Worth
from exchange.stages.auction import Rules, rank, run_auction
from exchange.stages.quality.odds import bidding
from tests.stages.terms import bid, contract, usd

SURE, BAIT = Odds(900_000, 0), Odds(200_000, 0)
WORTH = Worth(700_000, SURE, {"a": SURE, "b": BAIT})
RULES = Rules(Strategy.EXPECTED, 1, usd("5"), worth=WORTH)
CHANCES = st.integers(10_000, WHOLE - 10_000)


def expected(order: tuple[tuple[float, float], ...], lives: float) -> float:
    """What a lead brings when contracts of (chance to take, value) are posted to in this order."""
    value, alive = 0.0, 1.0
    for taken, worth in order:
        value += alive * taken * worth
        alive *= (1 - taken) * lives
    return value


@given(st.lists(st.tuples(CHANCES, st.integers(10_000, 900_000)), min_size=2, max_size=4), CHANCES)
def test_no_order_brings_more_than_that_of_the_index(terms: list[tuple[int, int]], alive: int) -> None:
    names = [str(number) for number in range(len(terms))]
    worth = Worth(alive, contracts={name: Odds(taken, 0) for name, (taken, _) in zip(names, terms, strict=True)})
    ranked = sorted(names, key=lambda name: -worth.of(name, terms[int(name)][1]))
    best = max(
        expected(tuple((taken / WHOLE, units) for taken, units in order), alive / WHOLE)
        for order in permutations(terms)
    )
    found = expected(tuple((terms[int(name)][0] / WHOLE, terms[int(name)][1]) for name in ranked), alive / WHOLE)
    assert found >= best * (1 - 1e-4)


def test_the_two_simple_rules_are_its_ends() -> None:
    odds = {"a": Odds(500_000, 200_000)}
    assert 40 * 100 == Worth(0, contracts=odds).of("a", 10_000)
    assert 80 * 100 == Worth(WHOLE, contracts=odds).of("a", 10_000)
    assert 10_000 == Worth().of("whoever", 10_000)


def test_bait_does_not_win_and_a_winner_pays_its_bid() -> None:
    book = {name: contract(name) for name in "ab"}
    plan = run_auction([bid("a", "20"), bid("b", "30")], book, RULES, Progress(), 1)
    assert ["a"] == [each.contract_id for each in plan.winners] and usd("20") == plan.total
    assert ["b"] == [each.contract_id for each in plan.runners_up]
    lives = replace(RULES, worth=WORTH._replace(alive=WHOLE))
    assert ["b", "a"] == [each.contract_id for each in rank([bid("a", "20"), bid("b", "30")], book, lives)]


def test_several_shares_win_when_they_are_worth_more_together() -> None:
    book = {"a": contract("a"), **{name: contract(name, sale_mode=SaleMode.SHARED) for name in "bc"}}
    shared = [bid("b", "15", exclusive=False), bid("c", "15", exclusive=False)]
    rules = replace(RULES, slots=3, worth=Worth(WHOLE, contracts={"a": Odds(WHOLE, 400_000)}))
    bids = [bid("a", "40"), *shared]
    assert ["b", "c"] == [each.contract_id for each in run_auction(bids, book, rules, Progress(), 1).winners]
    rules = replace(rules, worth=Worth(WHOLE))
    assert ["a"] == [each.contract_id for each in run_auction(bids, book, rules, Progress(), 1).winners]


def posts(contract_id: str, seller: str, count: int, taken: int, alive: int = 0) -> dict[str, Any]:
    buyer = contract_id.split("-")[0]
    return {
        "seller_id": seller, "buyer_id": buyer, "contract_id": contract_id, "currency": "USD", "posts": count,
        "taken": taken, "lowered": 0, "bid_units": taken * 10, "price_units": taken * 10, "refused_alive": alive,
        "posts_short": count * WHOLE, "taken_short": taken * WHOLE, "alive_short": alive * WHOLE,
    }  # fmt: skip


def test_what_is_learned_is_drawn_to_what_is_known_of_all() -> None:
    rows = [posts(f"b{number}-x", "cedar", 400, 360, 20) for number in range(6)]
    rows += [posts("bait-x", "cedar", 400, 80, 300), posts("new-x", "birch", 2, 0, 2)]
    found = bidding(rows, [])
    worth = found.worth("cedar")
    assert 180_000 < worth.odds("bait-x").taken < 240_000 and 880_000 < worth.odds("b1-x").taken < 920_000
    assert 300_000 < worth.odds("new-x").taken < 900_000 and worth.odds("who").taken == worth.usual.taken
    assert 700_000 < worth.alive < 800_000 and 0.4 < found.worth("elm").alive / WHOLE < 0.85
    low, high = found.buyers["bait"].taken.bounds
    assert low < 0.2 < high < 0.3 and (400, 80) == (found.buyers["bait"].posts, found.buyers["bait"].taken_posts)


@pytest.mark.parametrize("lives", [0.7, 1.0])
def test_it_sells_for_more_where_buyers_bait(lives: float) -> None:
    found = compare(1, 1_500, 3, lives)
    simple = max(found["bid × keep"][0], found["bid × accept × keep"][0])
    assert found["worth"][0] > (2.0 if lives < 1 else -0.5) and found["worth"][0] > simple - 0.5
    assert found["worth"][2] < found["highest bid"][2]
