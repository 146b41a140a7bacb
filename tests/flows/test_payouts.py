"""Payout runs from the ledger: prepared once, approved by enough people, paid once, whatever is repeated."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from exchange.flows.endpoints import Wanted, save
from exchange.flows.payout_payments import hold as hold_payment
from exchange.flows.payout_payments import mark_paid, mark_run_paid, split, take_back
from exchange.flows.payouts import CannotPay, approve, discard, hold, prepare, prepare_due, preview, waits_for
from exchange.flows.return_decide import Choice, decide_return
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.flows.seller_statements import entries_of, running_of
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.endpoint import EndpointKind
from exchange.model.ledger import MARGIN, Posting, TransactionKind, seller_account
from exchange.model.payout import PaymentState, RunState, Sums
from exchange.model.return_terms import ReturnTerms
from exchange.model.returns import ReturnState
from exchange.storage.ledger import book
from exchange.storage.payout_payments import payments_of
from exchange.storage.payout_runs import last_run
from exchange.storage.payout_sums import PROMISED
from tests.flows.lab import person, post
from tests.flows.payouts import ANN, BOB, at, balance, booked, paid_seller, returned, sale
from tests.market import Exchange, buying, open_exchange, selling, usd
from tests.storage.units import tell

FIRST_WEEK = (sale("a1", "40.00", at(3)), sale("a2", "20.0050", at(8, 23)))
SECOND_WEEK = (sale("b1", "30.00", at(9, 1)), returned(FIRST_WEEK[0], at(10)), sale("b2", "25.00", at(12)))

FAILED_CHECK = """INSERT INTO ledger_checks (at, entries, documents, took_ms, sound, sums, flaws)
                  VALUES (1, 1, 0, 1, 0, '{}', '[]')"""


async def test_a_week_is_prepared_approved_and_paid_and_every_account_says_so(either: Exchange) -> None:
    exchange, market = either, either.market
    await paid_seller(exchange, reserve_percent="10", reserve_days="7")
    await booked(exchange, *FIRST_WEEK, *SECOND_WEEK)

    run = await prepare(market, "cedar", "USD", ANN)
    assert (Sums(600_050, 2), 60_000, -50, 540_000) == (
        run.figures.sums,
        run.figures.held,
        run.figures.rounding,
        run.figures.pay,
    )
    assert (at(9, 0), at(14, 0)) == (run.until.at, run.due_at)
    assert usd("75.0050") == await balance(exchange), "nothing moves before it is approved"

    issued = await approve(market, run.id, ANN)
    assert ("PO-2026-00001", RunState.ISSUED) == (issued.number, issued.state)
    assert (usd("69.00"), usd("6.00")) == (await balance(exchange), await balance(exchange, what="reserve"))

    paid = await mark_run_paid(market, run.id, "wire 7", ANN)
    assert [usd("54.00")] == [each.money for each in paid]
    assert usd("15.00") == await balance(exchange)

    second = await prepare(market, "cedar", "USD", ANN)
    assert second.figures.sums == Sums(550_000, 2, -400_000, 1)
    assert (60_000, 15_000, 195_000) == (second.figures.released, second.figures.held, second.figures.pay)
    await approve(market, second.id, BOB)
    await mark_run_paid(market, second.id, "wire 8", BOB)
    assert (usd("0"), usd("1.50")) == (await balance(exchange), await balance(exchange, what="reserve"))
    last = await market.db.read(last_run, "cedar", "USD")
    assert last is not None and (last.state, last.number) == (RunState.PAID, "PO-2026-00002")


async def test_the_running_period_changes_at_once_with_a_return(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        await paid_seller(exchange)
        sold = sale("c1", "40.00", at(17))
        await booked(exchange, sold)
        before = await preview(exchange.market, "cedar", "USD")
        await exchange.market.db.write(book, returned(sold, at(20)))  # not even sealed
        after = await preview(exchange.market, "cedar", "USD")

        assert (False, at(23, 0)) == (before.over, before.until)
        assert (400_000, 0) == (before.figures.pay, after.figures.pay)
        with pytest.raises(CannotPay, match="The period ends on 23 Nov 2026"):
            await prepare(exchange.market, "cedar", "USD", ANN)


async def test_twice_in_two_tabs_and_on_two_nodes_money_moves_once(either: Exchange) -> None:
    exchange, market = either, either.market
    await paid_seller(exchange)
    await booked(exchange, *FIRST_WEEK)
    runs = await asyncio.gather(*(prepare(market, "cedar", "USD", who) for who in (ANN, BOB, SYSTEM)))
    assert 1 == len({run.id for run in runs}) == await exchange.count("payout_runs")

    said = await asyncio.gather(*(approve(market, runs[0].id, who) for who in (ANN, BOB, ANN)))
    assert {"PO-2026-00001"} == {run.number for run in said}
    payment = (await market.db.read(payments_of, [runs[0].id]))[0]
    done = await asyncio.gather(*(mark_paid(market, payment.id, f"wire {n}", ANN) for n in range(3)))

    assert 1 == len({each.reference for each in done})
    assert usd("0") == await balance(exchange)
    assert 1 == len(await exchange.rows("SELECT reference FROM transactions WHERE kind = 'payout'"))
    assert 0 == await prepare_due(market)


async def test_above_the_amount_another_person_than_the_preparer_approves(tmp_path: Path) -> None:
    async with open_exchange(tmp_path, payout_two_above="50.00") as exchange:
        market = exchange.market
        await paid_seller(exchange)
        await booked(exchange, *FIRST_WEEK)
        run = await prepare(market, "cedar", "USD", ANN)
        with pytest.raises(CannotPay, match=r"You prepared this run\. Above \$50\.00 another person approves it"):
            await approve(market, run.id, ANN)
        with pytest.raises(CannotPay, match="Programs and the command line approve up to"):
            await approve(market, run.id, BOB, program=True)
        assert "Waits for somebody other than ann@harbor.example" == await waits_for(market, run)

        assert RunState.ISSUED is (await approve(market, run.id, BOB)).state


@pytest.mark.parametrize("by_program", [False, True])
async def test_what_nobody_prepared_two_people_approve_above_the_amount(tmp_path: Path, by_program: bool) -> None:
    async with open_exchange(tmp_path, payout_two_above="50.00") as exchange:
        market = exchange.market
        await paid_seller(exchange)
        await booked(exchange, *FIRST_WEEK)
        if by_program:
            await prepare(market, "cedar", "USD", Actor(Role.OPERATOR, "a key of ann's"), program=True)
        assert int(not by_program) == await prepare_due(market)
        run = await prepare(market, "cedar", "USD", ANN)

        for _ in range(2):  # one person's yes counts once
            assert RunState.PREPARED is (await approve(market, run.id, ANN)).state
        assert "Approved by ann@harbor.example, waits for a second person" == await waits_for(market, run)
        assert RunState.ISSUED is (await approve(market, run.id, BOB)).state


async def test_a_debt_is_carried_into_the_next_statement(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        market = exchange.market
        await paid_seller(exchange)
        early = sale("d1", "40.00", at(3))
        await booked(exchange, early)
        first = await prepare(market, "cedar", "USD", ANN)
        await approve(market, first.id, ANN)
        await mark_run_paid(market, first.id, "wire 1", ANN)
        await booked(exchange, returned(early, at(10)), sale("d2", "70.00", at(17)))
        second = await prepare(market, "cedar", "USD", ANN)
        assert (0, -400_000) == (second.figures.pay, second.figures.carry)
        done = await approve(market, second.id, ANN)

        assert RunState.PAID is done.state, "nothing is owed"
        third = await preview(market, "cedar", "USD")
        assert (-400_000, 300_000) == (third.figures.carried, third.figures.pay)


async def test_a_run_is_held_with_a_reason_or_discarded_and_prepared_anew(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        market = exchange.market
        await paid_seller(exchange)
        await booked(exchange, *FIRST_WEEK)
        run = await prepare(market, "cedar", "USD", ANN)
        assert "Held: sub ids under question" == await waits_for(
            market, await hold(market, run.id, "sub ids under question", ANN)
        )
        with pytest.raises(CannotPay, match="This run is held: sub ids under question"):
            await approve(market, run.id, BOB)
        await hold(market, run.id, "", ANN)
        await discard(market, run.id, ANN)
        again = await prepare(market, "cedar", "USD", ANN)
        await approve(market, again.id, BOB)

        assert again.id != run.id and again.figures == run.figures
        with pytest.raises(CannotPay, match="an issued statement stands"):
            await discard(market, again.id, ANN)
        with pytest.raises(CannotPay, match="was discarded"):
            await approve(market, run.id, BOB)


async def test_a_payment_is_split_held_paid_and_owed_again_when_it_bounces(either: Exchange) -> None:
    exchange, market = either, either.market
    await paid_seller(exchange)
    await booked(exchange, *FIRST_WEEK)
    run = await approve(market, (await prepare(market, "cedar", "USD", ANN)).id, BOB)
    whole = (await market.db.read(payments_of, [run.id]))[0]
    for amount in ("60.00", "0", "-1", "1.005", "much"):
        with pytest.raises(CannotPay):
            await split(market, whole.id, amount, ANN)
    first, rest = await split(market, whole.id, "35.00", ANN)
    assert [usd("35.00"), usd("25.00")] == [first.money, rest.money]

    await hold_payment(market, rest.id, "waits for a form", ANN)
    with pytest.raises(CannotPay, match="This payment is held: waits for a form"):
        await mark_paid(market, rest.id, "wire 1", ANN)
    await mark_run_paid(market, run.id, "wire 1", ANN)
    assert usd("25.00") == await balance(exchange)
    for _ in range(2):
        assert PaymentState.BOUNCED is (await take_back(market, first.id, "R03 no account", ANN)).state
    assert usd("60.00") == await balance(exchange)
    parts = await market.db.read(payments_of, [run.id])
    assert ["bounced", "due", "due"] == [each.state.value for each in parts]

    await hold_payment(market, rest.id, "", ANN)
    await mark_run_paid(market, run.id, "wire 2", ANN)
    assert usd("0") == await balance(exchange)
    last = await market.db.read(last_run, "cedar", "USD")
    assert last is not None and RunState.PAID is last.state


async def test_books_that_do_not_hold_lock_payouts(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        market = exchange.market
        await paid_seller(exchange)
        await booked(exchange, *FIRST_WEEK)
        run = await prepare(market, "cedar", "USD", ANN)
        await market.db.write(tell, FAILED_CHECK)
        with pytest.raises(CannotPay, match="failed, so payouts are locked"):
            await approve(market, run.id, BOB)
        await market.db.write(tell, "DELETE FROM ledger_checks")
        await market.db.write(tell, "UPDATE account_balances SET posted_units = posted_units + 1")
        with pytest.raises(CannotPay, match="The balance of seller:cedar:payable is not what its entries sum to"):
            await approve(market, run.id, BOB)


async def test_each_currency_has_its_own_statement(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        await paid_seller(exchange, minimum="100.00")
        await booked(exchange, sale("e1", "40.00", at(3)), sale("e2", "12.00", at(4), currency="EUR"))

        assert 2 == await prepare_due(exchange.market)
        usd_run = await prepare(exchange.market, "cedar", "USD", ANN)
        eur_run = await prepare(exchange.market, "cedar", "EUR", ANN)
        assert (0, 120_000) == (usd_run.figures.pay, eur_run.figures.pay)


async def test_what_was_sealed_late_belongs_to_the_next_statement(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        market = exchange.market
        await paid_seller(exchange)
        await booked(exchange, *FIRST_WEEK)
        run = await approve(market, (await prepare(market, "cedar", "USD", ANN)).id, BOB)
        await booked(exchange, sale("late", "5.00", at(8)))

        following = await prepare(market, "cedar", "USD", ANN)
        assert (600_050, 50_000) == (run.figures.sums.sold, following.figures.sums.sold)


async def test_who_listens_hears_that_a_statement_was_issued_and_paid(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        market = exchange.market
        await paid_seller(exchange)
        await booked(exchange, *FIRST_WEEK)
        await save(
            market, Wanted(EndpointKind.SIGNED, "https://ops.harbor.example/h", ("payout.*",)), ANN, (), party=None
        )
        await prepare_due(market)
        run = await approve(market, (await prepare(market, "cedar", "USD", ANN)).id, ANN)
        for _ in range(2):
            await mark_run_paid(market, run.id, "wire 7", ANN)

        jobs = [
            json.loads(row["payload"]) for row in await exchange.rows("SELECT payload FROM jobs ORDER BY made_at, id")
        ]
        news = {job["event"]: job["facts"] for job in jobs if "event" in job}
        assert {"payout.issued", "payout.paid"} == news.keys()
        assert ("PO-2026-00001", "60.00", "wire 7") == (
            news["payout.issued"]["statement"],
            news["payout.issued"]["pay"],
            news["payout.paid"]["reference"],
        )
        letters = [job["told"]["title"] for job in jobs if "told" in job]
        subjects = ["1 payout to approve", "statement PO-2026-00001", "$60.00 paid"]
        assert sorted(subjects) == sorted(letters)


async def test_a_part_of_a_sale_that_came_back_is_returned_and_a_promise_is_told(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        part = returned(FIRST_WEEK[0], at(4))._replace(
            kind=TransactionKind.ADJUSTMENT, postings=(Posting(seller_account("cedar"), MARGIN, usd("10.00")),)
        )
        posting = Posting(MARGIN, seller_account("cedar"), usd("2.00"))
        promise = FIRST_WEEK[0]._replace(
            reference="promise:ld_a1", kind=TransactionKind.ADJUSTMENT, postings=(posting,), cause="ld_a1"
        )
        await paid_seller(exchange)
        await booked(exchange, *FIRST_WEEK, part, promise)

        found = await preview(exchange.market, "cedar", "USD")
        assert Sums(600_050, 2, -100_000, 1, 20_000, 1) == found.figures.sums
        told = [each async for each in entries_of(exchange.market, running_of(exchange.market, found), "adjusted")]
        assert [("ld_a1", PROMISED)] == [(each.lead_id, each.note) for each in told]


async def test_a_statement_is_the_leads_that_were_sold_less_those_that_came_back(either: Exchange) -> None:
    """By the flows that sell and that decide returns, whole and in part."""
    terms = ReturnTerms(auto_approve=False, auto_decline=False)
    await either.add(*selling("cedar"), *buying("acme", "1000", price=usd("30"), returns=terms))
    leads = [str((await post(either, person(number)))["lead_id"]) for number in range(1, 5)]
    buyer = Actor(Role.BUYER, "acme", "acme")
    for lead_id, credit in ((leads[0], None), (leads[1], usd("15"))):
        found = await find_returnable(either.market, buyer, lead_id)
        assert found is not None
        asked = await ask_return(either.market, buyer, found, Asking("wrong_person"))
        assert isinstance(asked, Asked)
        choice = Choice(ReturnState.PARTIAL if credit else ReturnState.APPROVED, "it is so", credit=credit)
        await decide_return(either.market, asked.request["id"], choice, ANN)

    found_now = await preview(either.market, "cedar", "USD")
    earned = await either.rows("SELECT id, payout_units FROM leads ORDER BY id")
    sums = found_now.figures.sums
    assert (4, 2) == (sums.sold_count, sums.returned_count)
    assert sums.moved == sum(row["payout_units"] for row in earned) and sums.returned < 0
    document = running_of(either.market, found_now)
    told = [each async for each in entries_of(either.market, document)]
    assert {row["id"] for row in earned} == {each.lead_id for each in told}
    assert sums.moved == sum(each.units for each in told) == found_now.figures.pay
