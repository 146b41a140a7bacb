"""Money by card, over a provider on loopback: it moves once, whatever is repeated, lost or out of order."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import orjson
import pytest

from exchange.clock import month_of
from exchange.flows.auto_top_up import AutoWish, CannotSet, begin_auto_top_ups, set_auto
from exchange.flows.charges import CannotCharge, connect_events, give_back_to_card, open_page
from exchange.flows.market import refresh
from exchange.model.actor import SYSTEM
from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind
from exchange.storage.auto_top_ups import read_auto
from exchange.storage.charges import charges_of, read_method
from exchange.storage.ledger import BookingConflict, book
from exchange.storage.payments import TooLittle
from exchange.storage.verify import verify_books
from exchange.worker import seal_chains
from tests.flows.billed import OPERATOR, later
from tests.flows.paying import ANN, DECLINED, DECLINED_LATER, Shop
from tests.market import usd

ACCOUNT = "buyer:acme:prepaid"


async def spend(shop: Shop, name: str, price: str) -> None:
    at = shop.exchange.clock.now()
    postings = (Posting(ACCOUNT, MARGIN, usd(price)),)
    await shop.exchange.market.db.write(
        book, Transaction(f"sale:{name}", TransactionKind.SALE, postings, at, month_of(at), name)
    )
    await refresh(shop.exchange.market)


async def fill_up(shop: Shop, threshold: str = "50", amount: str = "100", most: int = 3) -> None:
    acme = shop.exchange.market.deals.buyers["acme"]
    await set_auto(shop.exchange.market, acme, AutoWish(True, usd(threshold), usd(amount), most), ANN)


async def letters(shop: Shop) -> list[str]:
    rows = await shop.exchange.rows("SELECT payload FROM jobs WHERE kind = 'notice' ORDER BY id")
    return [orjson.loads(row["payload"])["told"]["title"] for row in rows]


async def test_a_payment_is_booked_once_however_often_and_by_whatever_it_is_told(either_shop: Shop) -> None:
    shop = either_shop
    intent = await shop.paid("500.00")
    await shop.arrive()

    assert usd("500") == await shop.balance()  # told by two events: the page's and the payment's
    for event in shop.till.books.events * 3:
        assert 200 == await shop.till.send(event)
    await shop.arrive()

    assert usd("500") == await shop.balance()
    rows = await shop.exchange.rows("SELECT reference FROM transactions WHERE kind = 'top_up'")
    assert [f"top_up:acme:stripe:{intent}"] == [row["reference"] for row in rows]
    (charge,) = await shop.exchange.market.db.read(charges_of, "acme")
    assert ("paid", intent) == (charge.state, charge.intent_id)


async def test_nothing_is_booked_for_a_page_that_is_left_or_a_card_that_is_declined(shop: Shop) -> None:
    await shop.paid("20.00", DECLINED)
    acme = shop.exchange.market.deals.buyers["acme"]
    url = await open_page(shop.exchange.market, acme, usd("30"), ANN)
    shop.till.books.expire(url.rsplit("/", 1)[1])
    shop.till.send_new()
    await shop.arrive()

    states = {each.money: each.state for each in await shop.exchange.market.db.read(charges_of, "acme")}
    assert {usd("20"): "sent", usd("30"): "failed"} == states
    assert 0 == await shop.exchange.count("postings")


async def test_an_event_that_nobody_signed_moves_nothing(shop: Shop) -> None:
    await shop.paid("500.00")
    event = orjson.dumps(shop.till.books.events[-1])
    await shop.arrive()
    async with shop.served.session.post(
        f"{shop.served.address}/payments/stripe", data=event.replace(b"evt_", b"evt_2"),
        headers={"Stripe-Signature": "t=1795271648,v1=00"},
    ) as forged:  # fmt: skip
        assert 403 == forged.status
    async with shop.served.session.post(f"{shop.served.address}/payments/other", data=event) as unknown:
        assert 404 == unknown.status

    assert usd("500") == await shop.balance()


async def test_refunds_and_disputes_are_booked_in_whatever_order_they_come(either_shop: Shop) -> None:
    shop = either_shop
    shop.till.held = True
    intent = await shop.paid("100.00")
    books = shop.till.books
    one = books.refund({"payment_intent": intent, "amount": "1000", "metadata[x]": "by hand"})
    books.fail_refund(one["id"])
    books.refund({"payment_intent": intent, "amount": "2500"})
    lost, won = books.dispute(intent), books.dispute(intent)
    books.win(won["id"])

    for event in reversed(books.events):
        assert 200 == await shop.till.send(event)
        await shop.arrive()

    assert usd("-25") == await shop.balance()  # 100 in, 25 back, 100 lost
    assert lost["id"] != won["id"]
    for event in books.events:
        await shop.till.send(event)
    await shop.arrive()
    assert usd("-25") == await shop.balance()
    await seal_chains(shop.exchange.market)
    assert (await verify_books(shop.exchange.market.db)).sound


async def test_what_is_given_back_is_never_more_than_is_free_or_was_paid(either_shop: Shop) -> None:
    shop = either_shop
    first, second = await shop.paid("100.00"), await shop.paid("50.00")
    await shop.arrive()
    await spend(shop, "a", "60")
    market = shop.exchange.market
    acme = market.deals.buyers["acme"]

    with pytest.raises(TooLittle) as of_payment:
        await give_back_to_card(market, acme, second, usd("60"), "case 1", "asked", OPERATOR)
    assert usd("50") == of_payment.value.free
    with pytest.raises(TooLittle):
        await give_back_to_card(market, acme, first, usd("100"), "case 1", "asked", OPERATOR)
    tries = await asyncio.gather(
        *(give_back_to_card(market, acme, second, usd("40"), f"case {n}", "asked", OPERATOR) for n in range(3)),
        return_exceptions=True,
    )
    await shop.arrive()

    assert 1 == sum(each is True for each in tries)
    assert usd("50") == await shop.balance()
    assert [4000] == [each["amount"] for each in shop.till.books.refunds.values()]


async def test_a_refund_in_two_tabs_gives_back_once(either_shop: Shop) -> None:
    shop = either_shop
    intent = await shop.paid("100.00")
    await shop.arrive()
    market = shop.exchange.market
    acme = market.deals.buyers["acme"]

    tries = [give_back_to_card(market, acme, intent, usd("30"), "case 7", "asked", OPERATOR) for _ in range(3)]
    assert [False, False, True] == sorted(await asyncio.gather(*tries))
    await shop.arrive()

    assert usd("70") == await shop.balance()
    assert [3000] == [each["amount"] for each in shop.till.books.refunds.values()]
    with pytest.raises(BookingConflict):
        await give_back_to_card(market, acme, intent, usd("31"), "case 7", "asked", OPERATOR)


async def test_a_refund_that_fails_at_the_bank_is_on_the_account_again(shop: Shop) -> None:
    intent = await shop.paid("100.00")
    await shop.arrive()
    market = shop.exchange.market
    await give_back_to_card(market, market.deals.buyers["acme"], intent, usd("40"), "case 1", "asked", OPERATOR)
    await shop.arrive()
    assert usd("60") == await shop.balance()

    shop.till.books.fail_refund(next(iter(shop.till.books.refunds)))
    shop.till.send_new()
    await shop.arrive()

    assert usd("100") == await shop.balance()


async def test_what_the_provider_may_have_forgotten_is_not_done_twice(shop: Shop) -> None:
    """Both answers are lost, and the exchange stands still for so long that keys are forgotten."""
    intent = await shop.paid("100.00", save=True)
    await shop.arrive()
    market, till = shop.exchange.market, shop.till
    till.lose, till.held = 1, True
    await give_back_to_card(market, market.deals.buyers["acme"], intent, usd("30"), "case 7", "asked", OPERATOR)
    await shop.arrive()
    await fill_up(shop, threshold="200")
    till.lose = 1
    await begin_auto_top_ups(market)
    await shop.arrive()
    assert ([3000], 2) == ([each["amount"] for each in till.books.refunds.values()], len(till.books.intents))
    till.answered.clear()
    later(shop.exchange, 1)
    await shop.arrive()

    assert ([3000], 2) == ([each["amount"] for each in till.books.refunds.values()], len(till.books.intents))
    auto = await market.db.read(read_auto, "acme")
    assert auto is not None and ("stopped", "The provider never told") == (auto.state, auto.why[:23])
    till.held = False
    till.send_new()
    await shop.arrive()
    assert usd("170") == await shop.balance()


async def test_an_account_is_filled_up_once_for_each_fall_below_its_threshold(either_shop: Shop) -> None:
    shop = either_shop
    with pytest.raises(CannotSet, match="Pay once by card"):
        await fill_up(shop)
    await shop.paid("60.00", save=True)
    await shop.arrive()
    kept = await shop.exchange.market.db.read(read_method, "acme")
    assert kept is not None and "Visa •••• 4242, 12/2031" == kept.label
    await fill_up(shop)
    assert 0 == await begin_auto_top_ups(shop.exchange.market)

    await spend(shop, "a", "20")
    begun = await asyncio.gather(*(begin_auto_top_ups(shop.exchange.market) for _ in range(5)))
    await shop.arrive()

    assert 1 == sum(begun) and usd("140") == await shop.balance()
    assert 0 == await begin_auto_top_ups(shop.exchange.market)
    await spend(shop, "b", "100")
    assert 1 == await begin_auto_top_ups(shop.exchange.market)
    await shop.arrive()
    assert usd("140") == await shop.balance()


async def test_a_card_that_is_declined_stops_it_and_people_are_told_once(shop: Shop) -> None:
    await shop.paid("60.00", DECLINED_LATER, save=True)
    await shop.arrive()
    await fill_up(shop)
    await spend(shop, "a", "20")
    await begin_auto_top_ups(shop.exchange.market)
    await shop.till.settled()
    await shop.arrive()
    for _ in range(3):
        assert 0 == await begin_auto_top_ups(shop.exchange.market)
    auto = await shop.exchange.market.db.read(read_auto, "acme")

    assert auto is not None and ("stopped", "Your card was declined.") == (auto.state, auto.why)
    assert usd("40") == await shop.balance()
    assert ["auto top-up failed", "auto top-up failed"] == await letters(shop)  # the buyer's people, and the operators


async def test_it_is_filled_up_so_often_a_day_and_no_more(shop: Shop) -> None:
    await shop.paid("60.00", save=True)
    await shop.arrive()
    await fill_up(shop, most=2)
    for name in range(4):
        await spend(shop, f"n{name}", "105")
        await begin_auto_top_ups(shop.exchange.market)
        await shop.arrive()

    assert 2 == len(shop.till.books.events_of("payment_intent.succeeded")) - 1
    assert ["auto top-up has reached its limit"] * 2 == await letters(shop)
    later(shop.exchange, 1)
    await refresh(shop.exchange.market)
    assert 1 == await begin_auto_top_ups(shop.exchange.market)


async def test_an_answer_that_was_lost_is_asked_for_again_under_the_same_key(shop: Shop) -> None:
    await shop.paid("60.00", save=True)
    await shop.arrive()
    await fill_up(shop)
    await spend(shop, "a", "20")
    shop.till.lose, shop.till.held = 1, True
    await begin_auto_top_ups(shop.exchange.market)
    await shop.arrive()
    assert usd("40") == await shop.balance()
    later(shop.exchange, 0.01)
    await shop.arrive()

    assert (2, 2) == (shop.till.calls.count("/v1/payment_intents"), len(shop.till.books.intents))
    assert usd("140") == await shop.balance()
    shop.till.held = False
    shop.till.send_new()
    await shop.arrive()
    assert usd("140") == await shop.balance()


async def test_events_are_believed_under_the_secret_before_too(shop: Shop) -> None:
    before = dict(shop.till.heard)
    await connect_events(shop.exchange.market, SYSTEM, shop.served.address)
    shop.till.heard = before
    await shop.paid("10.00")
    await shop.arrive()

    assert usd("10") == await shop.balance()


async def test_without_a_key_nobody_pays_by_card(shop: Shop) -> None:
    market = shop.exchange.market
    shapes = replace(market.live.deals.shapes, payments=None)
    market.live.deals = replace(market.live.deals, shapes=shapes)

    with pytest.raises(CannotCharge, match="takes no cards"):
        await open_page(market, market.deals.buyers["acme"], usd("10"), ANN)
