"""Which bids win, in which order, and what can never happen."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from exchange.model.auction import Bid, Progress
from exchange.model.party import Contract, SaleMode, Strategy
from exchange.model.reason import Reason
from exchange.stages.auction import Plan, Rules, rank, run_auction
from tests.stages.terms import bid, contract, usd

RULES = Rules(Strategy.HIGHEST_PRICE, 1, usd("5"))
SHARED = replace(RULES, slots=3)
NOW = 1_000


def contracts(*names: str, **changes: object) -> dict[str, Contract]:
    return {name: contract(name, **changes) for name in names}


def won(plan: Plan) -> list[str]:
    return [bid.contract_id for bid in plan.winners]


def test_the_highest_price_wins_and_the_next_stands_ready() -> None:
    plan = run_auction([bid("a", "20"), bid("b", "30")], contracts("a", "b"), RULES, Progress(), NOW)

    assert ["b"] == won(plan)
    assert ["a"] == [bid.contract_id for bid in plan.runners_up]


def test_equal_prices_fall_to_priority_and_then_to_the_contract_id() -> None:
    book = {"a": contract("a", priority=5), "b": contract("b", priority=1), "c": contract("c", priority=1)}
    bids = [bid("a", "20"), bid("c", "20"), bid("b", "20")]

    assert ["b", "c", "a"] == [found.contract_id for found in rank(bids, book, RULES)]


def test_a_bid_under_the_reserve_loses_and_says_so() -> None:
    plan = run_auction([bid("a", "4.99")], contracts("a"), RULES, Progress(), NOW)

    assert ([], [Reason.BELOW_FLOOR]) == (won(plan), [loser.reason for loser in plan.losers])


def test_an_expired_bid_is_never_posted_on() -> None:
    plan = run_auction([bid("a", "20", expires=NOW), bid("b", "9")], contracts("a", "b"), RULES, Progress(), NOW)

    assert ["b"] == won(plan)
    assert [Reason.BID_EXPIRED] == [loser.reason for loser in plan.losers]


def test_after_a_refusal_the_next_bid_is_awarded() -> None:
    progress = Progress(refused=frozenset({"b"}))

    assert ["a"] == won(run_auction([bid("a", "20"), bid("b", "30")], contracts("a", "b"), RULES, progress, NOW))


def test_shared_bids_win_together_when_they_bring_more() -> None:
    bids = [bid("a", "30"), *(bid(name, "11", exclusive=False) for name in "bcde")]

    assert ["b", "c", "d"] == won(run_auction(bids, contracts(*"abcde"), SHARED, Progress(), NOW))


def test_an_equal_sum_goes_to_the_exclusive_bid() -> None:
    bids = [bid("a", "33"), *(bid(name, "11", exclusive=False) for name in "bcd")]

    assert ["a"] == won(run_auction(bids, contracts(*"abcd"), SHARED, Progress(), NOW))


def test_one_leg_never_wins_two_slots() -> None:
    bids = [bid("a", "11", exclusive=False, leg="x"), bid("b", "10", exclusive=False, leg="x")]

    assert ["a"] == won(run_auction(bids, contracts("a", "b"), SHARED, Progress(), NOW))


def test_leftover_contracts_only_fill_slots_nobody_else_wants() -> None:
    book = contracts("a", "b", sale_mode=SaleMode.SHARED) | contracts("z", sale_mode=SaleMode.LEFTOVER)
    bids = [bid("z", "15", exclusive=False), bid("a", "9", exclusive=False), bid("b", "8", exclusive=False)]

    assert ["a", "b"] == won(run_auction(bids, book, replace(SHARED, slots=2), Progress(), NOW))
    assert ["a", "b", "z"] == won(run_auction(bids, book, SHARED, Progress(), NOW))


def test_once_shared_a_lead_is_not_sold_exclusively_any_more() -> None:
    progress = Progress(sold=(bid("b", "11", exclusive=False),))

    plan = run_auction(
        [bid("a", "90"), bid("c", "6", exclusive=False)], contracts("a", "b", "c"), SHARED, progress, NOW
    )
    assert ["c"] == won(plan)


def test_an_unclear_exclusive_post_ends_the_sale() -> None:
    progress = Progress(unclear=(bid("a", "30"),))

    assert [] == won(run_auction([bid("b", "20")], contracts("a", "b"), SHARED, progress, NOW))


def test_an_unclear_shared_post_uses_up_its_slot_and_its_leg() -> None:
    progress = Progress(unclear=(bid("a", "9", exclusive=False, leg="x"),))
    bids = [bid("b", "9", exclusive=False, leg="x"), *(bid(name, "8", exclusive=False) for name in "cde")]

    assert ["c", "d"] == won(run_auction(bids, contracts(*"abcde"), SHARED, progress, NOW))


def test_priority_decides_even_against_a_higher_price() -> None:
    book = {"a": contract("a", priority=1), "b": contract("b", priority=2)}
    rules = replace(RULES, strategy=Strategy.PRIORITY)

    assert ["a"] == won(run_auction([bid("a", "6"), bid("b", "60")], book, rules, Progress(), NOW))


def test_round_robin_goes_to_who_waited_longest() -> None:
    rules = replace(RULES, strategy=Strategy.ROUND_ROBIN, served={"a": 200, "b": 100})

    assert ["c"] == won(run_auction([bid(x, "9") for x in "abc"], contracts(*"abc"), rules, Progress(), NOW))


def test_weights_share_out_the_draw() -> None:
    book = {"a": contract("a", weight=3), "b": contract("b", weight=1), "c": contract("c", weight=0)}
    winners = [
        won(run_auction([bid(x, "9") for x in "abc"], book, rules, Progress(), NOW))[0]
        for rules in (replace(RULES, strategy=Strategy.WEIGHTED, draw=step / 8) for step in range(8))
    ]

    assert {"a": 6, "b": 2} == {name: winners.count(name) for name in set(winners)}


bids = st.lists(
    st.builds(
        lambda name, price, exclusive, leg: bid(
            name, f"{price // 100}.{price % 100:02d}", exclusive=exclusive, leg=leg
        ),
        st.sampled_from("abcdefgh"),
        st.integers(0, 9_000),
        st.booleans(),
        st.sampled_from("xyzuvw"),
    ),
    max_size=10,
    unique_by=lambda made: (made.contract_id, made.exclusive),
)


@given(bids, st.integers(1, 4), st.sampled_from(Strategy), st.floats(0, 0.999))
def test_whatever_is_bid_no_slot_leg_or_reserve_is_broken(
    made: list[Bid], slots: int, strategy: Strategy, draw: float
) -> None:
    rules = Rules(strategy, slots, usd("5"), draw=draw)
    plan = run_auction(made, contracts(*"abcdefgh"), rules, Progress(), NOW)

    assert len(plan.winners) <= slots
    assert len(plan.winners) == len({found.leg for found in plan.winners})
    assert all(usd("5") <= found.price for found in plan.winners)
    assert not any(found.exclusive for found in plan.winners) or len(plan.winners) == 1
    assert bool(plan.winners) == any(usd("5") <= found.price for found in made)


@given(bids, st.integers(1, 4))
def test_by_price_no_single_bid_brings_more_than_the_plan(made: list[Bid], slots: int) -> None:
    plan = run_auction(made, contracts(*"abcdefgh"), replace(SHARED, slots=slots), Progress(), NOW)
    best = max((found.price.units for found in made if usd("5") <= found.price), default=0)

    assert best <= (plan.total.units if plan.total else 0)
