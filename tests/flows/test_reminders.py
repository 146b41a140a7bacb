"""Letters about money, each once: overdue invoices, balances that last less than a day. And two currencies."""

from __future__ import annotations

from dataclasses import replace

import orjson

from exchange.clock import month_of
from exchange.flows.billing import bill
from exchange.flows.bookkeeping import keep_books
from exchange.flows.market import refresh
from exchange.flows.pausing import pause_buyer
from exchange.flows.payments import pay_invoice
from exchange.flows.reminders import lasts
from exchange.flows.reproduce import reproduce
from exchange.flows.top_up import top_up
from exchange.model.ledger import MARGIN, Posting, Transaction, TransactionKind
from exchange.model.money import Money
from exchange.model.party import Cap, Window
from exchange.storage.database import Tx
from exchange.storage.ledger import balance_in, book
from exchange.worker import seal_chains
from tests.flows.billed import CREDIT, OPERATOR, PREPAID, issued, later, on_credit, sold, sound
from tests.market import Deposit, Exchange, buyer, contract, usd


async def letters(exchange: Exchange) -> list[tuple[str, str]]:
    rows = await exchange.rows("SELECT payload FROM jobs WHERE kind = 'notice' ORDER BY id")
    told = [orjson.loads(row["payload"])["told"] for row in rows]
    return [(each["role"], each["title"]) for each in told if "Invoice INV" not in each["title"]]


async def test_an_overdue_invoice_is_told_once_to_both_sides_and_a_paid_one_never(either: Exchange) -> None:
    await on_credit(either)
    await sold(either, "a", "10")
    later(either, 1)
    (first,) = await issued(either)
    await sold(either, "b", "20")
    later(either, 1)
    (second,) = await issued(either)
    await pay_invoice(either.market, second.number, usd("20"), "wire-1", OPERATOR)
    for _ in range(20):
        later(either, 1)
        await seal_chains(either.market)
        await keep_books(either.market)

    subject = f"invoice {first.number} is overdue"
    assert [("buyer", subject), ("operator", subject)] == sorted(await letters(either))


async def test_a_balance_that_lasts_less_than_a_day_is_told_once_after_each_payment(either: Exchange) -> None:
    await either.add(buyer("acme"), contract("acme"), Deposit("acme", usd("1000")))
    for hour in range(60):
        await buy(either, f"n{hour}")
        later(either, 1 / 24)
    await refresh(either.market)
    await seal_chains(either.market)
    await keep_books(either.market)
    assert [] == await letters(either)  # 400 left, 10 an hour: it lasts 40 hours
    for hour in range(60, 80):
        await buy(either, f"n{hour}")
        later(either, 1 / 24)
        await refresh(either.market)
        await seal_chains(either.market)
        await keep_books(either.market)
    assert [("buyer", "a balance is low"), ("operator", "a balance is low")] == sorted(await letters(either))
    rows = await either.rows("SELECT payload FROM jobs WHERE kind = 'notice' LIMIT 1")
    assert "leads, about 2" in rows[0]["payload"]

    await top_up(either.market, "acme", usd("5"), "wire", OPERATOR)
    later(either, 0.1)
    await seal_chains(either.market)
    await keep_books(either.market)
    assert 4 == len(await letters(either))


async def test_caps_and_pauses_are_known_to_what_is_left(either: Exchange) -> None:
    """Four hundred dollars at ten an hour: forty hours, or eight days at five leads a day, or for good."""
    await either.add(buyer("acme"), contract("acme"), Deposit("acme", usd("1000")))
    for hour in range(60):
        await buy(either, f"n{hour}")
        later(either, 1 / 24)
    market = either.market
    hours = []
    for caps in ((), (Cap(Window.DAY, "count", 5),)):
        await either.add(replace(market.deals.contracts["acme-solar"], caps=caps))
        await refresh(market)
        found = await lasts(market, market.deals.buyers["acme"], usd("400"))
        assert found is not None and found.hours is not None and 39 <= found.leads <= 41
        hours.append(float(found.hours))
    await pause_buyer(market, "acme", None, "", OPERATOR)
    paused = await lasts(market, market.deals.buyers["acme"], usd("400"))

    assert 34 < hours[0] < 46 and 7 * 24 < hours[1] < 9 * 24
    assert paused is not None and (40, None) == (paused.leads, paused.hours)


async def buy(exchange: Exchange, name: str) -> None:
    """A sale with its row, as the line would leave it."""
    await sold(exchange, name, "10", PREPAID)
    await exchange.market.db.write(add_sale, name, exchange.clock.now())


async def add_sale(tx: Tx, name: str, at: int) -> None:
    await tx.execute(
        """INSERT INTO sales (id, month, lead_id, attempt_id, campaign_id, seller_id, buyer_id, contract_id,
               contract_version, leg, currency, price_units, payout_units, mode, accepted_at)
           VALUES (:name, '2026-11', :name, :name, 'c', 's', 'acme', 'acme-solar', 1, 'acme', 'USD', 100000, 0, 'live',
               :at)""",
        name=name,
        at=at,
    )


async def test_each_currency_of_an_account_has_its_own_balance_and_documents_and_nothing_is_converted(
    either: Exchange,
) -> None:
    await on_credit(either)
    await sold(either, "a", "10")
    at = either.clock.now()
    euros = Transaction(
        "sale:e", TransactionKind.SALE, (Posting(CREDIT, MARGIN, Money(70_000, "EUR")),), at, month_of(at), "e"
    )
    await either.market.db.write(book, euros)
    later(either, 1)
    await refresh(either.market)
    assert usd("990") == either.market.live.available["acme"]

    (dollars,) = await issued(either)
    (other,) = await bill(either.market, CREDIT, "EUR", either.clock.now(), OPERATOR)
    assert (usd("10"), Money(70_000, "EUR")) == (dollars.totals.total, other.totals.total)
    await pay_invoice(either.market, other.number, Money(70_000, "EUR"), "wire", OPERATOR)
    assert (usd("-10"), Money(0, "EUR")) == (
        (await either.market.db.read(balance_in, CREDIT, "USD")).posted,
        (await either.market.db.read(balance_in, CREDIT, "EUR")).posted,
    )
    assert await sound(either)
    assert 2 == sum((await reproduce(either.market.db, either.clock.now())).counts.values())
