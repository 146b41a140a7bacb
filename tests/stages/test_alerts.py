"""What is bad and what is chance: rules find real trouble, and hardly ever something else."""

from __future__ import annotations

import random

from exchange.stages.alerts import at_most, collapsed, fell, missed, over, usual_gap

USUAL = [(55 + day % 7, 100) for day in range(28)]


def test_a_share_is_over_only_above_its_threshold_and_ends_at_a_milder_one() -> None:
    assert not over(2, 20, 10, is_open=False)
    assert over(3, 20, 10, is_open=False)
    assert over(2, 20, 10, is_open=True) and not over(1, 20, 10, is_open=True)
    assert not over(0, 0, 10, is_open=True)


def test_a_buyer_that_took_half_and_takes_none_of_ten_has_collapsed() -> None:
    assert collapsed(0, 10, 500, 1_000, 10, is_open=False)
    assert not collapsed(0, 9, 500, 1_000, 10, is_open=False)
    assert not collapsed(0, 10, 20, 40, 10, is_open=False), "too little is known of it"
    assert not collapsed(0, 10, 200, 1_000, 10, is_open=False), (
        "one that takes a fifth misses ten in a row now and then"
    )
    assert collapsed(2, 10, 500, 1_000, 10, is_open=True) and not collapsed(5, 10, 500, 1_000, 10, is_open=True)


def test_steady_buyers_hardly_ever_seem_to_collapse() -> None:
    luck = random.Random(7)
    for rate in (0.4, 0.6, 0.9):
        alarms = sum(
            collapsed(sum(luck.random() < rate for _ in range(10)), 10, int(rate * 1_000), 1_000, 10, is_open=False)
            for _ in range(3_000)
        )
        assert alarms <= 6, f"{alarms} of 3,000 looks at {rate}"
    assert at_most(0, 10, 0.5) < 0.001 < at_most(1, 10, 0.5)


def test_an_hour_that_sells_a_third_less_is_told_and_chance_is_not() -> None:
    assert fell(30, 100, USUAL, 30, is_open=False) is not None
    assert fell(55, 100, USUAL, 30, is_open=False) is None
    assert fell(10, 40, USUAL, 30, is_open=False) is None, "too few leads"
    assert fell(30, 100, USUAL[:6], 30, is_open=False) is None, "too few days"
    ragged = [(90 if day % 2 else 20, 100) for day in range(28)]
    assert fell(25, 100, ragged, 30, is_open=False) is None, "its days differ more than that"
    luck = random.Random(11)
    alarms = sum(
        fell(sum(luck.random() < 0.58 for _ in range(60)), 60, USUAL, 30, is_open=False) is not None
        for _ in range(2_000)
    )
    assert alarms <= 4, f"{alarms} of 2,000 usual hours"


def test_a_silence_counts_only_where_leads_usually_come() -> None:
    moments = [1_000_000 - 60_000 * back for back in range(100)]
    assert 60_000 == usual_gap(moments)
    assert usual_gap(moments[:20]) is None
    assert missed([12, 9, 14, 10])
    assert not missed([12, 0, 14, 10]), "one of these weeks was as silent"
    assert not missed([2, 3, 2, 1]), "so few stay away by chance"
    assert not missed([40])
