"""Tax in what a prepaid buyer pays in: split off as it comes, along with what goes back, told on its statement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exchange.flows.billing_terms import set_terms
from exchange.flows.charges import give_back_to_card
from exchange.flows.payments import give_back
from exchange.flows.top_up import top_up
from exchange.model.billing import BillingTerms
from exchange.model.ledger import TAX, Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.model.party import Buyer
from exchange.stages.prepaid_tax import tax_of_part, tax_within, taxed
from exchange.storage.payments import TooLittle
from exchange.web.bills.told import told
from tests.flows.billed import OPERATOR, issued, later, sound
from tests.flows.paying import Shop
from tests.market import buyer, usd

ACCOUNT = "buyer:acme:prepaid"


async def taxed_at(shop: Shop, percent: str) -> None:
    await set_terms(shop.exchange.market, acme(shop), {"tax_percent": percent, "tax_name": "VAT"}, OPERATOR)


def acme(shop: Shop) -> Buyer:
    return shop.exchange.market.deals.buyers["acme"]


async def tax(shop: Shop) -> Money:
    """What the house owes."""
    rows = await shop.exchange.rows("SELECT source, destination, units FROM postings")
    gained = sum(row["units"] for row in rows if row["destination"] == TAX)
    return Money(gained - sum(row["units"] for row in rows if row["source"] == TAX), "USD")


async def test_what_is_paid_holds_its_tax_and_so_does_what_goes_back(either_shop: Shop) -> None:
    shop, market = either_shop, either_shop.exchange.market
    await taxed_at(shop, "19")
    intent = await shop.paid("119.00")
    await shop.arrive()
    done = [await top_up(market, "acme", usd("238"), "wire", OPERATOR) for _ in range(2)]
    assert (usd("300"), usd("57")) == (await shop.balance(), await tax(shop))
    assert [True, False] == [each is not None and each.new for each in done]

    await taxed_at(shop, "7")
    for event in shop.till.books.events * 3:
        assert 200 == await shop.till.send(event)
    await shop.arrive()
    again = await top_up(market, "acme", usd("238"), "wire", OPERATOR)
    assert again is not None and not again.new and usd("300") == await shop.balance()
    assert await give_back_to_card(market, acme(shop), intent, usd("59.50"), "case-1", "half", OPERATOR)
    await shop.arrive()
    assert (usd("250"), usd("47.50")) == (await shop.balance(), await tax(shop)), "at the rate of then"
    shop.till.books.refund({"payment_intent": intent, "amount": "5950"})
    shop.till.send_new()
    await shop.arrive()
    assert (usd("200"), usd("38")) == (await shop.balance(), await tax(shop))
    with pytest.raises(TooLittle) as much:
        await give_back(market, acme(shop), ACCOUNT, usd("216"), "out", "closed", OPERATOR)
    assert usd("200") == much.value.free
    booked = [await give_back(market, acme(shop), ACCOUNT, usd("214"), "out", "closed", OPERATOR) for _ in range(2)]
    assert ([True, False], usd("0")) == ([each.new for each in booked], await shop.balance())

    later(shop.exchange, 1)
    (statement,) = await issued(shop.exchange, ACCOUNT)
    lines = dict(told(statement).before)
    assert {
        "Balance at the beginning": "$0.00",
        "Paid in": "$24.00",  # 357 came, 333 went back
        "VAT within it": "−$24.00",
        "Bought, less returns": "$0.00",
        "Balance at the end": "$0.00",
    } == lines
    assert await sound(shop.exchange)


@pytest.mark.parametrize(("gross", "percent", "tax_is"), [("100", 1_900, "15.97"), ("0.01", 1_900, "0"), ("5", 0, "0")])
def test_tax_is_whole_cents_of_a_prepaid_account_alone(gross: str, percent: int, tax_is: str) -> None:
    whose = replace(buyer("acme"), terms=BillingTerms(tax_bp=percent))
    assert usd(tax_is) == tax_within(whose, ACCOUNT, usd(gross))
    assert usd("0") == tax_within(whose, "buyer:acme:deposit", usd(gross))


def test_parts_of_a_payment_never_take_more_than_came() -> None:
    came = taxed(Posting("bank", ACCOUNT, usd("100")), ACCOUNT, usd("15.97"))
    paid = Transaction("top_up:acme:w", TransactionKind.TOP_UP, came, 1, "1970-01", "w")
    parts = [usd("33.33"), usd("33.33"), usd("33.34")]
    back = sum(part.units - tax_of_part(part, paid).units for part in parts)
    assert 0 <= usd("84.03").units - back <= len(parts)
