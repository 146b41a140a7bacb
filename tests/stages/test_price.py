"""The least acceptable price, what a promise costs, and what fixed prices bid."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchange.model.money import Money
from exchange.model.party import Payout, SaleMode
from exchange.stages.price import fixed_bids, is_acceptable, least_after_promise, reserve
from tests.stages.terms import campaign, contract, usd

units = st.integers(0, 2_000_000)
points = st.integers(0, 4_900)


def test_the_campaign_floor_is_the_reserve_when_nothing_else_asks_for_more() -> None:
    assert usd("8") == reserve(campaign(floor=usd("8")), None)


def test_a_fixed_payout_and_its_margin_raise_the_reserve() -> None:
    assert usd("12.50") == reserve(campaign(payout=Payout(usd("10")), min_margin=usd("2.50")), None)


def test_a_seller_that_wants_ten_of_a_seventy_percent_payout_needs_a_price_that_pays_it() -> None:
    least = reserve(campaign(), usd("10"))

    assert least is not None
    assert usd("10") <= campaign().payout.of(least)
    assert campaign().payout.of(Money(least.units - 1, "USD")) < usd("10")


def test_no_price_pays_a_seller_that_wants_more_than_its_fixed_payout() -> None:
    assert None is reserve(campaign(payout=Payout(usd("10"))), usd("10.01"))


@given(fixed=units, share=points, floor=units, margin=units, margin_bp=points, wanted=st.none() | units)
def test_the_reserve_is_acceptable_and_nothing_below_it_is(
    fixed: int, share: int, floor: int, margin: int, margin_bp: int, wanted: int | None
) -> None:
    terms = campaign(
        payout=Payout(Money(fixed, "USD"), share),
        floor=Money(floor, "USD"),
        min_margin=Money(margin, "USD"),
        min_margin_bp=margin_bp,
    )
    min_price = Money(wanted, "USD") if wanted is not None else None
    least = reserve(terms, min_price)
    if least is None:
        return
    assert is_acceptable(terms, least, min_price)
    assert least.units == 0 or not is_acceptable(terms, Money(least.units - 1, "USD"), min_price)


def test_after_a_promise_an_exclusive_lead_may_go_for_what_it_promised_but_not_less() -> None:
    terms = campaign(min_margin=usd("5"))

    assert usd("20") == least_after_promise(terms, usd("20"), usd("28"), exclusive=True)
    assert usd("28") == least_after_promise(terms, usd("20"), usd("28"), exclusive=False)


def test_a_campaign_that_allows_a_loss_keeps_only_its_floor() -> None:
    assert usd("3") == least_after_promise(campaign(allow_loss=True, floor=usd("3")), usd("20"), usd("28"), True)


def test_fixed_prices_bid_in_the_ways_their_contracts_buy() -> None:
    contracts = [
        contract("a", price=usd("20")),
        contract("b", price=usd("20"), shared_price=usd("9"), sale_mode=SaleMode.EITHER),
        contract("c", price=usd("7"), sale_mode=SaleMode.SHARED),
        contract("d"),
    ]
    made = [(bid.contract_id, bid.price.text, bid.exclusive) for bid in fixed_bids(contracts, slots=3)]

    assert [("a", "20.00", True), ("b", "20.00", True), ("b", "9.00", False), ("c", "7.00", False)] == made
