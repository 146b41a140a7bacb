"""Invoices, credit notes and statements: a view of the ledger, issued once, counted again to the unit."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from exchange.flows.billing import CannotIssue, bill, bill_due, cancel
from exchange.flows.market import refresh
from exchange.flows.payments import account_standings, correct, give_back, keep_deposit, pay_invoice, use_deposit
from exchange.flows.reproduce import reproduce
from exchange.model.actor import SYSTEM
from exchange.model.ledger import TransactionKind, deposit_account
from exchange.model.money import Money
from exchange.model.statement import StatementKind
from exchange.stages.standing import State
from exchange.storage.database import Tx
from exchange.storage.ledger import BookingConflict, house_balance
from exchange.storage.payments import TooLittle
from exchange.storage.statements import account_statements
from exchange.storage.verify import verify_documents
from exchange.worker import seal_chains
from tests.flows.billed import CREDIT, DAY, OPERATOR, PREPAID, WEEKLY, issued, later, on_credit, returned, sold, sound
from tests.market import Deposit, Exchange, buyer, contract, usd


async def test_a_return_of_what_was_invoiced_is_a_credit_note_and_other_returns_lower_the_invoice(
    either: Exchange,
) -> None:
    await on_credit(either, replace(WEEKLY, tax_name="VAT", tax_bp=1_900))
    first = await sold(either, "a", "10.0050")
    await sold(either, "b", "20")
    later(either, 1)
    (invoice,) = await issued(either)
    await returned(either, first)
    await returned(either, await sold(either, "c", "7"))
    await sold(either, "d", "8")
    later(either, 1)

    second, note = await issued(either)

    assert ("INV-2026-00001", usd("30.0050"), usd("5.7009"), usd("35.71")) == (
        invoice.number, invoice.totals.net, invoice.totals.tax, invoice.totals.total,
    )  # fmt: skip
    assert (StatementKind.INVOICE, usd("8"), usd("9.52")) == (second.kind, second.totals.net, second.totals.total)
    assert (StatementKind.CREDIT_NOTE, "CN-2026-00001", invoice.number) == (note.kind, note.number, note.corrects)
    assert (usd("-10.0050"), usd("-11.91")) == (note.totals.net, note.totals.total)
    owed = sum(each.totals.total.units for each in (invoice, second, note))
    assert -owed == (await either.balance("acme")).posted.units
    assert usd("5.7009") + second.totals.tax + note.totals.tax == await either.market.db.read(
        house_balance, "house:tax", "USD"
    )
    assert await sound(either)


async def test_the_job_closes_every_week_that_is_over_once_in_the_buyers_zone(either: Exchange) -> None:
    await on_credit(either)  # it is Saturday 21 November
    await sold(either, "a", "10")
    later(either, 2.6)  # Monday 24 November, 00:00 in New York was hours ago
    await sold(either, "b", "11")
    await seal_chains(either.market)

    made = await asyncio.gather(*(bill_due(either.market) for _ in range(3)))
    later(either, 7)
    await seal_chains(either.market)
    made.append(await bill_due(either.market))

    found = await either.market.db.read(account_statements, SYSTEM, CREDIT, "USD")
    assert 1 == sum(made[:3]) and 1 == made[3]
    assert [usd("10"), usd("11")] == [each.totals.total for each in found]
    assert ["INV-2026-00001", "INV-2026-00002"] == [each.number for each in found]
    assert found[0].period.until == found[1].period.since
    events = await either.rows("SELECT payload FROM jobs WHERE kind = 'notice' AND payload LIKE '%INV-2026-00001%'")
    assert 1 == len(events)
    assert await sound(either)


async def test_a_prepaid_buyer_gets_a_statement_whose_rounding_is_in_its_favour(either: Exchange) -> None:
    await either.add(buyer("acme", terms=WEEKLY), contract("acme"), Deposit("acme", usd("100")))
    await sold(either, "a", "10.0070", PREPAID)
    later(either, 1)

    (statement,) = await issued(either, PREPAID)

    assert (StatementKind.STATEMENT, "ST-2026-00001") == (statement.kind, statement.number)
    assert (usd("0"), usd("89.9930")) == (statement.opening, statement.closing)
    assert (usd("10.0070"), usd("-0.0070"), usd("10.00")) == (
        statement.totals.net, statement.totals.rounding, statement.totals.total,
    )  # fmt: skip
    assert [100_0000] == [line.units for line in statement.payments]
    assert usd("90") == (await either.balance("acme")).posted
    assert await sound(either)


async def test_an_invoice_is_taken_back_once_and_another_takes_its_place(either: Exchange) -> None:
    await on_credit(either)
    await sold(either, "a", "10.0050")
    later(either, 1)
    (invoice,) = await issued(either)
    await pay_invoice(either.market, invoice.number, usd("4"), "wire-1", OPERATOR)
    moved = replace(either.market.deals.buyers["acme"], terms=replace(WEEKLY, address="2 New St", tax_bp=1_000))
    await either.add(moved)

    tries = await asyncio.gather(
        *(cancel(either.market, invoice.number, "wrong address", OPERATOR) for _ in range(3)), return_exceptions=True
    )

    (done,) = [each for each in tries if isinstance(each, tuple)]
    assert 2 == sum(isinstance(each, CannotIssue) for each in tries)
    gone, anew = done
    assert (usd("-10.01"), usd("11.01")) == (gone.totals.total, anew.totals.total)
    assert ("2 New St", invoice.number) == (anew.party.address, anew.replaces)
    found = await account_standings(either.market, OPERATOR, CREDIT, "USD")
    assert [State.CANCELLED, State.ISSUED, State.PART_PAID] == [
        found[each.number].state for each in (invoice, gone, anew)
    ]
    assert usd("7.01") == found[anew.number].open
    assert usd("-7.01") == (await either.balance("acme")).posted
    assert await sound(either)


async def test_a_payment_is_booked_once_whoever_repeats_it(either: Exchange) -> None:
    await on_credit(either)
    await sold(either, "a", "10")
    later(either, 1)
    (invoice,) = await issued(either)

    paid = await asyncio.gather(
        *(pay_invoice(either.market, invoice.number, usd("10"), "wire-1", OPERATOR) for _ in range(4))
    )
    with pytest.raises(BookingConflict):
        await pay_invoice(either.market, invoice.number, usd("11"), "wire-1", OPERATOR)

    assert [False, False, False, True] == sorted(each.new for each in paid)
    found = await account_standings(either.market, OPERATOR, CREDIT, "USD")
    assert (State.PAID, usd("0")) == (found[invoice.number].state, (await either.balance("acme")).posted)
    later(either, 20)
    assert State.PAID is (await account_standings(either.market, OPERATOR, CREDIT, "USD"))[invoice.number].state


async def test_what_is_held_for_posts_in_flight_is_never_given_back(either: Exchange) -> None:
    await either.add(buyer("acme"), contract("acme"), Deposit("acme", usd("100")))
    await either.market.db.write(hold, PREPAID, usd("30"))
    acme = either.market.deals.buyers["acme"]

    with pytest.raises(TooLittle) as short:
        await give_back(either.market, acme, PREPAID, usd("70.01"), "back-1", "closing the account", OPERATOR)
    await give_back(either.market, acme, PREPAID, usd("70"), "back-1", "closing the account", OPERATOR)

    assert usd("70") == short.value.free
    balance = await either.balance("acme")
    assert (usd("30"), usd("0")) == (balance.posted, balance.available)
    await either.market.db.write(hold, PREPAID, usd("-30"))


async def test_a_security_pays_what_is_owed_when_somebody_says_so(either: Exchange) -> None:
    await on_credit(either)
    acme = either.market.deals.buyers["acme"]
    await keep_deposit(either.market, acme, usd("50"), "wire-9", OPERATOR)
    await sold(either, "a", "30")
    later(either, 1)
    (invoice,) = await issued(either)

    await use_deposit(either.market, acme, usd("30"), "use-1", "did not pay", OPERATOR)
    with pytest.raises(TooLittle):
        await give_back(either.market, acme, deposit_account("acme"), usd("20.01"), "end", "contract ended", OPERATOR)

    assert State.PAID is (await account_standings(either.market, OPERATOR, CREDIT, "USD"))[invoice.number].state
    assert await sound(either)


async def test_a_correction_is_a_line_of_the_next_document_and_leaves_its_reason(either: Exchange) -> None:
    await on_credit(either)
    await correct(either.market, CREDIT, usd("-3.50"), "case-1", "sent twice", OPERATOR)
    await correct(either.market, CREDIT, usd("-3.50"), "case-1", "sent twice", OPERATOR)
    later(either, 1)

    (invoice,) = await issued(either)

    assert (usd("3.50"), [TransactionKind.ADJUSTMENT]) == (
        invoice.totals.total, [line.kind for line in invoice.lines],
    )  # fmt: skip
    lines = await either.rows("SELECT after_json FROM audit_lines WHERE action = 'account.adjusted'")
    assert 1 == len(lines) and "sent twice" in lines[0]["after_json"]


async def test_an_altered_document_and_an_altered_entry_are_named(exchange: Exchange) -> None:
    await on_credit(exchange)
    await sold(exchange, "a", "10")
    later(exchange, 1)
    (invoice,) = await issued(exchange)
    assert await sound(exchange)

    await exchange.market.db.write(alter, "statements", "total_units = total_units + 100")
    assert [invoice.number] == [flaw.row_id for flaw in (await verify_documents(exchange.market.db)).flaws]
    assert invoice.number in {flaw.row_id for flaw in (await reproduce(exchange.market.db, NEVER)).flaws}

    await exchange.market.db.write(alter, "statements", "total_units = total_units - 100")
    await exchange.market.db.write(alter, "postings", "units = units + 1")
    told = {flaw.sentence for flaw in (await reproduce(exchange.market.db, NEVER)).flaws}
    assert any(f"{invoice.number} does not reproduce" in each for each in told)
    await exchange.market.db.write(alter, "postings", "units = units - 1")


NEVER = 2_000_000_000_000


async def hold(tx: Tx, account: str, money: Money) -> None:
    """As a post in flight would."""
    await tx.execute(
        "UPDATE account_balances SET held_units = held_units + :units WHERE account = :account",
        units=money.units,
        account=account,
    )


async def alter(tx: Tx, table: str, change: str) -> None:
    """What somebody who has the file may do: drop the guard, change a row, put the guard back."""
    name = f"{table}_no_update"
    rows = await tx.fetch("SELECT sql FROM sqlite_master WHERE name = :name", name=name)
    await tx.execute(f"DROP TRIGGER {name}")
    await tx.execute(f"UPDATE {table} SET {change}")
    await tx.execute(rows[0]["sql"])


async def test_nothing_is_issued_for_a_period_that_is_not_over_or_closed(exchange: Exchange) -> None:
    await on_credit(exchange)
    await sold(exchange, "a", "10")
    with pytest.raises(CannotIssue, match="being sealed"):
        later(exchange, 1)
        await bill(exchange.market, CREDIT, "USD", exchange.clock.now(), OPERATOR)
    await issued(exchange)

    for until in (exchange.clock.now(), exchange.clock.now() + DAY):
        with pytest.raises(CannotIssue, match="closed before, or is not over"):
            await bill(exchange.market, CREDIT, "USD", until, OPERATOR)
    with pytest.raises(CannotIssue, match="no account"):
        await bill(exchange.market, "buyer:acme:deposit", "USD", exchange.clock.now(), OPERATOR)
    await refresh(exchange.market)
