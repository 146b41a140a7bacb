"""A buyer's and a seller's book beside ours: what was planted is found, and nothing else."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import pytest

from exchange.flows.reconciliation_decisions import Word, decide_differences
from exchange.flows.reconciliations import CannotReconcile, bring_book, compare_book, look_at_book
from exchange.flows.replacements import give_replacements
from exchange.flows.retain import forget
from exchange.model.returns import ReturnState
from exchange.stages.book_columns import read_units
from exchange.storage.book_views import BookFilter, list_books
from exchange.storage.ledger import balances
from tests.flows.billed import sound
from tests.flows.lab import later, post
from tests.flows.reconciled import FINANCE, SELLER, brought, day, decide, lines, returned, sold
from tests.market import Exchange, consumer, usd


async def test_a_buyers_book_differs_in_what_was_planted_and_is_booked_once(either: Exchange) -> None:
    sales = await sold(either, 8)
    text = ["lead_id,price,date"]
    for number, row in enumerate(sales):
        if number == 1:
            continue  # missing
        price = "28.50" if number == 3 else "30.00"
        when = day(row).replace("-21 ", "-18 ") if number == 5 else day(row)
        text.append(f"{row['lead_id']},{price},{when}")
    text.append(f"ld_nobody,30.00,{day(sales[0])}")
    file_id = await brought(either, "\n".join(text))

    found = await lines(either, file_id)
    assert [(row["kind"], row["more_units"]) for row in found] == [
        ("price", -15_000),
        ("day", 0),
        ("only_theirs", 300_000),
        ("only_ours", -300_000),
    ]
    assert [row["lead_id"] for row in found] == [sales[3]["lead_id"], sales[5]["lead_id"], None, sales[1]["lead_id"]]
    ((file, waiting),) = await either.market.db.read(list_books, BookFilter())
    assert (file.agreed, waiting) == (5, 4)
    before = (await either.balance("acme")).posted

    decided = await asyncio.gather(*(decide(either, file_id, 1, "theirs", "their invoice") for _ in range(3)))
    await decide(either, file_id, 2, "ours", "they book by week")
    await decide(either, file_id, 3, "theirs", "sold by telephone")
    await decide(either, file_id, 4, "theirs", "never came")

    assert sorted(decided) == [False, False, True]
    assert (await either.balance("acme")).posted - before == usd("1.50") - usd("30") + usd("30")
    booked = await either.rows("SELECT * FROM transactions WHERE kind = 'adjustment' ORDER BY reference")
    assert [row["reference"] for row in booked] == [
        f"adjustment:buyer:acme:prepaid:{file_id}:{number}" for number in (1, 3, 4)
    ]
    assert all("acme.csv" in row["cause"] and "fay@example.com" in row["cause"] for row in booked)
    audited = await either.rows("SELECT * FROM audit_lines WHERE action = 'reconciliation.decided'")
    assert len(audited) == 4
    assert await sound(either)


def hashed(number: int) -> str:
    """A phone as a buyer that keeps none writes it down."""
    return sha256(consumer(number)["phone"].encode()).hexdigest()


async def test_what_was_sold_long_before_is_known_by_its_names_and_its_credit_by_its_consumer(either: Exchange) -> None:
    whole, part, late, back, kept = await sold(either, 5)
    await returned(either, whole["lead_id"], ReturnState.APPROVED)
    await returned(either, part["lead_id"], ReturnState.PARTIAL, usd("12"))
    await returned(either, back["lead_id"], ReturnState.APPROVED)
    later(either, 86_400 * 40)
    await post(either, {**consumer(9), "seller_lead_id": "c-9"})
    new = (await either.rows("SELECT * FROM sales ORDER BY accepted_at DESC LIMIT 1"))[0]
    text = f"""lead_id,phone,price,date
{new["lead_id"]},,30,{day(new)}
{whole["lead_id"]},,-30,{day(new)}
,{consumer(1)["phone"]},-12,{day(new)}
{back["attempt_id"]},,-31,{day(new)}
{late["lead_id"]},,30,{day(new)}
{kept["lead_id"]},,-30,{day(new)}"""
    file_id = await brought(either, text)
    assert [("credit", -10_000, 4), ("day", 0, 5), ("credit", -300_000, 6)] == [
        (row["kind"], row["more_units"], row["row_number"]) for row in await lines(either, file_id)
    ]
    ((file, _),) = await either.market.db.read(list_books, BookFilter())
    assert file.theirs_units - file.ours_units == -10_000 - 300_000

    before = (await either.balance("acme")).posted
    said = Word("theirs", "their statement", FINANCE)
    assert 3 == (await decide_differences(either.market, file_id, (1, 2, 3), said)).done
    assert (await either.balance("acme")).posted - before == usd("31")
    assert [] == [row["kind"] for row in await lines(either, await brought(either, text + "\n")) if row["more_units"]]
    assert await sound(either)


async def test_a_credit_beside_its_sale_and_a_lowered_row_say_the_same(either: Exchange) -> None:
    one, two, three, four = await sold(either, 4)
    for row in (one, two, three):
        await returned(either, row["lead_id"], ReturnState.PARTIAL, usd("10"))
    header, at = "lead_id,price,date", day(one)
    text = [header, f"{one['lead_id']},30,{at}", f"{one['lead_id']},(10),{at}", f"{two['lead_id']},20,{at}"]
    text += [f"{three['lead_id']},30,{at}", f"{three['lead_id']},-15,{at}", f"{four['lead_id']},30,{at}"]
    (found,) = await lines(either, await brought(either, "\n".join(text)))
    assert ("price", three["lead_id"], 150_000, -50_000) == (
        found["kind"], found["lead_id"], found["theirs_units"], found["more_units"],
    )  # fmt: skip


async def test_consumers_are_known_by_plain_hashes_too(either: Exchange) -> None:
    one, two = await sold(either, 2)
    text = f"phone_sha256,price,date\n{hashed(0)},30,{day(one)}\n{hashed(1).upper()},29,{day(two)}\n"
    file_id = await brought(either, f"{text}{hashed(2)},30,{day(two)}\n")
    found = [(row["kind"], row["lead_id"], row["row_name"]) for row in await lines(either, file_id)]
    assert [("price", two["lead_id"], ""), ("only_theirs", None, "")] == found


async def test_a_lead_given_for_another_stands_in_both_books_at_what_it_moved(either: Exchange) -> None:
    (one,) = await sold(either, 1)
    await returned(either, one["lead_id"], ReturnState.REPLACED)
    later(either, 60)
    await post(either, {**consumer(5), "seller_lead_id": "c-5"})
    assert 1 == await give_replacements(either.market)
    (given,) = await either.rows("SELECT * FROM sales WHERE id <> :id", id=one["id"])
    header = "lead_id,price,date"
    paid = await brought(either, f"{header}\n{one['lead_id']},30,{day(one)}\n{given['lead_id']},0,{day(given)}")
    assert not await lines(either, paid)
    payout = f"{given['payout_units'] / 10_000:.2f}"
    earned = f"{header}\n{one['lead_id']},0,{day(one)}\n{given['lead_id']},{payout},{day(given)}"
    assert not await lines(either, await brought(either, earned, "seller:cedar"))


async def test_a_seller_names_leads_by_its_own_id_or_the_consumers_phone(either: Exchange) -> None:
    sales = await sold(either, 4)
    payout = sales[0]["payout_units"]
    phones = [consumer(number)["phone"] for number in range(4)]
    text = "seller lead id,phone,payout,date\n" + "\n".join(
        [
            f"c-0,,{payout / 10_000:.2f},{day(sales[0])}",
            f",{phones[1]},{payout / 10_000:.2f},{day(sales[1])}",
            f"c-2,{phones[2]},{payout / 10_000 + 2:.2f},{day(sales[2])}",
            f"c-3,,lots,{day(sales[3])}",
        ]
    )
    file_id = await brought(either, text, "seller:cedar", "cedar.csv")
    found = await lines(either, file_id)
    assert [(row["kind"], row["more_units"]) for row in found] == [
        ("unreadable", 0),
        ("price", 20_000),
        ("only_ours", -payout),
    ]
    assert phones[1] not in str([dict(row) for row in found])
    with pytest.raises(CannotReconcile, match="correct the file"):
        await decide(either, file_id, 1, "theirs", "as they say")
    (before,) = (await either.market.db.read(balances, [SELLER])).values()
    await decide(either, file_id, 2, "theirs", "the agreed payout")
    (after,) = (await either.market.db.read(balances, [SELLER])).values()
    assert after.posted - before.posted == usd("2")
    assert await sound(either)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,price\nJo,30\n", "Say which column names the lead"),
        ("lead_id,price\nld_1,30\n", "The rows have no time"),
    ],
)
async def test_a_book_that_cannot_be_compared_says_what_it_lacks(either: Exchange, text: str, sentence: str) -> None:
    await sold(either, 1)
    with pytest.raises(CannotReconcile, match=sentence):
        await brought(either, text)
    ((file, _),) = await either.market.db.read(list_books, BookFilter())
    look = await look_at_book(either.market, file.id)
    assert look is not None and look.samples and file.compared_at is None


async def test_columns_and_days_are_said_where_they_cannot_be_guessed(either: Exchange) -> None:
    (row,) = await sold(either, 1)
    text = f"who,what\n{row['attempt_id']},30.00\n"
    file_id = await bring_book(either.market, "buyer:acme", "USD", "odd.csv", text.encode(), FINANCE)
    span = (row["accepted_at"] - 1_000, row["accepted_at"] + 1_000)
    with pytest.raises(CannotReconcile, match="cannot both be"):
        await compare_book(either.market, file_id, {"who": "lead", "what": "lead"}, span)
    await compare_book(either.market, file_id, {"who": "lead", "what": "price"}, span)
    ((file, waiting),) = await either.market.db.read(list_books, BookFilter())
    assert (file.agreed, waiting, file.ours_units, file.theirs_units) == (1, 0, 300_000, 300_000)


async def test_files_are_forgotten_and_what_differed_stays(either: Exchange) -> None:
    sales = await sold(either, 1)
    file_id = await brought(either, f"lead_id,price,date\n{sales[0]['lead_id']},29,{day(sales[0])}\n")
    later(either, 86_400 * 400)
    await forget(either.market)
    assert [row["kind"] for row in await lines(either, file_id)] == ["price"]
    with pytest.raises(CannotReconcile, match="no longer kept"):
        await compare_book(either.market, file_id)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("36.50", 365_000),
        ("$1,250.00", 12_500_000),
        ("-36.5", -365_000),
        ("(36.50)", -365_000),
        ("USD 7", 70_000),
        ("7 USD", 70_000),
        ("0", 0),
        ("1,25", None),
        ("36.50000", None),
        ("--1", None),
        ("(-1)", None),
        ("NaN", None),
        ("1e9", None),
        ("", None),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, units: int | None) -> None:
    assert read_units(text, "USD") == units
