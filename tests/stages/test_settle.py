"""What a sale moves, and what a promise costs the house."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exchange.model.auction import AttemptState, Bought, Progress
from exchange.model.money import Money
from exchange.model.party import Payout
from exchange.model.work import Settlement
from exchange.stages.settle import SaleTerms, as_sale, free_slots, promise_rest, sale_payout
from tests.stages.terms import bid, campaign, usd

ACCOUNT = "buyer:acme:prepaid"
BOUGHT = Bought("by_1", "ct_1", 1, "by_1", "live")
SETTLEMENT = Settlement("dlv_1", "ld_1", "2026-11", AttemptState.ACCEPTED, None, "", usd("38"), "r1", 1_000)


def test_a_promise_is_honoured_by_a_lower_bidder_down_to_break_even() -> None:
    terms = campaign()

    assert usd("26.60") == sale_payout(terms, usd("36.50"), usd("26.60"), exclusive=True)
    assert usd("26.60") == sale_payout(terms, usd("26.60"), usd("26.60"), exclusive=True)


def test_a_payout_above_the_price_is_never_booked_by_accident() -> None:
    assert usd("9") == sale_payout(campaign(payout=Payout(usd("10"))), usd("9"), None, exclusive=False)


def test_a_shared_promise_is_made_up_only_while_the_house_loses_nothing() -> None:
    terms = campaign()

    assert usd("4") == promise_rest(usd("20"), usd("21"), usd("16"), terms)
    assert usd("0") == promise_rest(usd("20"), usd("19"), usd("16"), terms)
    assert usd("4") == promise_rest(usd("20"), usd("19"), usd("16"), campaign(allow_loss=True))


@given(st.integers(1, 5_000_000), st.integers(0, 10_000))
def test_price_is_payout_plus_margin_to_the_last_unit(units: int, share: int) -> None:
    price = Money(units, "USD")
    terms = SaleTerms("sal_1", BOUGHT, campaign(payout=Payout(usd("0"), share)), ACCOUNT, True, None, None, None)
    sale = as_sale(SETTLEMENT, terms, price, None)

    assert sale.transaction is not None and sale.sale is not None
    balance: dict[str, int] = {}
    for posting in sale.transaction.postings:
        balance[posting.source] = balance.get(posting.source, 0) - posting.money.units
        balance[posting.destination] = balance.get(posting.destination, 0) + posting.money.units
    assert 0 == sum(balance.values())
    assert -units == balance[ACCOUNT]
    assert units - sale.sale.payout_units == balance["house:margin"]


def test_a_test_sale_moves_no_money() -> None:
    assert (
        None
        is as_sale(
            SETTLEMENT, SaleTerms("s", BOUGHT, campaign(), None, True, None, None, None), usd("9"), None
        ).transaction
    )


def test_slots_left_count_unclear_posts_as_sold() -> None:
    shared = bid("a", "9", exclusive=False)

    assert 1 == free_slots(Progress(sold=(shared,), unclear=(shared,)), 3)
    assert 0 == free_slots(Progress(unclear=(bid("a", "9"),)), 3)
    assert 0 == free_slots(Progress(stopped=True), 3)
