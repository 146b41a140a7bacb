"""What the page of a lead makes of its record: how long steps lasted, and what a lost bid was held against."""

from __future__ import annotations

from typing import Any

import pytest

from exchange.web.story.lasting import Lasted, lasting
from exchange.web.story.outbid import Offer, sold_at, why_lost
from tests.market import usd


def step(at: float, took: float, name: str = "post") -> dict[str, Any]:
    return {"name": name, "at": at, "took": took}


def alone(price: str) -> Offer:
    return Offer(usd(price), exclusive=True)


def share(price: str) -> Offer:
    return Offer(usd(price), exclusive=False)


def test_what_steps_added_comes_to_the_answer_s_time_whatever_ran_beside_what() -> None:
    steps = [step(0, 231), step(231, 279), step(510, 159), step(510, 771), step(1_281, 0)]

    found = lasting(steps, 1_284)

    assert 1_284 == sum(each.added for each in found)
    assert [Lasted(231, 231), Lasted(279, 279), Lasted(159, 159), Lasted(771, 612), Lasted(3, 3)] == found
    assert [0, 0, 0, 159, 0] == [each.beside for each in found]


def test_time_of_which_no_step_tells_is_the_answer_s() -> None:
    """Records of older versions do not tell how long vendors were asked."""
    assert [0, 247, 70] == [each.added for each in lasting([step(70, 0), step(70, 247), step(317, 0)], 317)]


@pytest.mark.parametrize(
    ("outbid", "sentence", "mine", "won"),
    [
        (True, "$2.00 under the price paid.", alone("36.50"), [alone("38.50")]),
        (False, "$2.00 over the price paid; by the auction's rule another came first.", alone("40"), [alone("38")]),
        (True, "As good as the price paid; another was asked first.", alone("38"), [alone("38")]),
        (True, "$15.00 for a share of it; $38.00 for it alone came first.", share("15"), [alone("38")]),
        (
            True,
            "$20.81 for it alone was less than the $47.84 of 4 shared bids together.",
            alone("20.81"),
            [share("17.22"), share("14.12"), share("8.50"), share("8")],
        ),
        (True, "$9.00 for it alone was less than the $9.50 of one shared bid.", alone("9"), [share("9.50")]),
        (
            False,
            "$50.00 for it alone; by the auction's rule the $32.00 of 2 shared bids together came first.",
            alone("50"),
            [share("17"), share("15")],
        ),
        (True, "$2.00 under the least that a share went for, $15.00.", share("13"), [share("17"), share("15")]),
        (
            False,
            "$16.00 for a share, where one went for $15.00; by the auction's rule others came first.",
            share("16"),
            [share("17"), share("15")],
        ),
    ],
)
def test_a_lost_bid_is_told_with_both_figures(outbid: bool, sentence: str, mine: Offer, won: list[Offer]) -> None:
    assert (outbid, sentence) == why_lost(mine, won)


def test_a_lead_sold_in_shares_is_held_against_the_sum_that_won_though_one_of_them_refused_it() -> None:
    auction = step(0, 0, "auction") | {"won": ["17.00", "15.00"]}

    assert [share("17"), share("15")] == list(sold_at([{"steps": [auction]}], [share("15")]))
    assert [share("15")] == list(sold_at([{"steps": [step(0, 0, "auction")]}], [share("15")]))
    assert () == sold_at([{"steps": [auction]}], [])
