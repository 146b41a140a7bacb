"""What a period's earnings come to: reserve, carry, minimum, cents; sums that always foot."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from exchange.model.billing import Every
from exchange.model.payout import Figures, PaymentTerms, Sums
from exchange.stages.payout.run import due_at, figures_of, reserve_until
from exchange.stages.statement import CENT
from tests.flows.payouts import at

UNITS = some.integers(-10_000_000, 10_000_000)
CENTS = some.integers(0, 5_000_000).map(lambda cents: cents * CENT)


def terms(reserve_bp: int = 0, minimum: int = 0) -> PaymentTerms:
    return PaymentTerms("USD", reserve_bp=reserve_bp, minimum_units=minimum)


def test_a_tenth_is_held_back_of_what_was_sold_less_what_came_back() -> None:
    sums = Sums(sold=1_000_000, sold_count=10, returned=-200_000, returned_count=2, adjusted=-50_000, adjusted_count=1)

    assert Figures(sums, 0, 0, 80_000, 0, 670_000, 0) == figures_of(sums, 0, 0, terms(1_000), "USD")


def test_less_than_the_minimum_goes_over_into_the_next_period() -> None:
    sums = Sums(sold=490_000, sold_count=4)

    assert Figures(sums, 0, 0, 0, 0, 0, 490_000) == figures_of(sums, 0, 0, terms(minimum=500_000), "USD")
    assert Figures(sums, 10_000, 0, 0, 0, 500_000, 0) == figures_of(sums, 10_000, 0, terms(minimum=500_000), "USD")
    assert 490_000 == figures_of(sums, 0, 0, terms(minimum=500_000), "EUR").pay, "the minimum is in dollars"


def test_what_is_left_of_a_cent_goes_to_the_house() -> None:
    assert Figures(Sums(10_073, 1), 0, 0, 0, -73, 10_000, 0) == figures_of(Sums(10_073, 1), 0, 0, terms(), "USD")


def test_a_debt_is_carried_and_no_reserve_makes_one() -> None:
    sums = Sums(sold=100_000, sold_count=1)

    assert Figures(sums, -300_000, 0, 0, 0, 0, -200_000) == figures_of(sums, -300_000, 0, terms(1_000), "USD")
    assert Figures(sums, -95_000, 0, 5_000, 0, 0, 0) == figures_of(sums, -95_000, 0, terms(1_000), "USD")


@given(some.tuples(CENTS, UNITS, UNITS, UNITS), CENTS, some.integers(0, 5_000), CENTS)
def test_every_statement_foots(moved: tuple[int, int, int, int], released: int, reserve_bp: int, minimum: int) -> None:
    sold, returned, adjusted, carried = moved
    sums = Sums(sold, 1, -abs(returned), 1, adjusted, 1)
    found = figures_of(sums, carried, released, terms(reserve_bp, minimum), "USD")

    assert carried + sums.moved + released - found.held + found.rounding == found.pay + found.carry
    assert found.pay >= 0 and found.held >= 0 and found.pay % CENT == 0 and -CENT < found.rounding <= 0
    assert not (found.pay and found.carry) and not (found.pay and found.pay < minimum)


def test_days_are_those_of_the_zone_through_the_end_of_summer_time() -> None:
    # 1 Nov 2026 has 25 hours in New York.
    assert at(2, 0) == due_at(at(31, 0, month=10), PaymentTerms(every=Every.WEEK, net_days=2), "America/New_York")
    assert at(31, 0, month=10) + 2 * 86_400_000 == reserve_until(at(31, 0, month=10), PaymentTerms(reserve_days=2))
