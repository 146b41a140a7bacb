"""A buyer's and a seller's book beside ours: what was planted is found, and what is decided is booked once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from exchange.flows.reconciliation_decisions import Word, decide_difference, decide_differences
from exchange.flows.reconciliations import CannotReconcile, bring_book, compare_book, look_at_book
from exchange.flows.replacements import give_replacements
from exchange.flows.retain import forget
from exchange.flows.return_decide import Choice, decide_return
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.flows.settle import Decision, settle
from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.model.returns import ReturnState
from exchange.stages.book_columns import read_units
from exchange.storage.database import Row
from exchange.storage.ledger import balances
from exchange.storage.reconciliations import lines_of, list_books
from tests.flows.billed import sound
from tests.flows.lab import HUNG_UP, later, post
from tests.market import Exchange, buying, consumer, selling, usd

FINANCE = Actor(Role.OPERATOR, "fay@example.com")
ACME = Actor(Role.BUYER, "acme", "acme")
SELLER = "seller:cedar:payable"


async def sold(exchange: Exchange, count: int) -> Sequence[Row]:
    """Sales of one buyer at $30, a minute apart, oldest first."""
    await exchange.add(*selling("cedar"), *buying("acme", price=usd("30"), deposit="5000"))
    for number in range(count):
        await post(exchange, {**consumer(number), "seller_lead_id": f"c-{number}"})
        later(exchange, 60)
    return await exchange.rows("SELECT * FROM sales ORDER BY accepted_at, id")


def day(row: Row) -> str:
    return datetime.fromtimestamp(row["accepted_at"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


async def brought(exchange: Exchange, text: str, party: str = "buyer:acme", name: str = "acme.csv") -> str:
    file_id = await bring_book(exchange.market, party, "USD", name, text.encode(), FINANCE)
    await compare_book(exchange.market, file_id)
    return file_id


async def decide(exchange: Exchange, file_id: str, number: int, word: str, note: str) -> bool:
    return await decide_difference(exchange.market, file_id, number, Word(word, note, FINANCE))


async def lines(exchange: Exchange, file_id: str) -> list[Row]:
    return await exchange.market.db.read(lines_of, file_id)


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
    ((file, waiting),) = await either.market.db.read(list_books, 10)
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


async def test_the_same_file_is_one_and_what_was_decided_is_not_compared_again(either: Exchange) -> None:
    sales = await sold(either, 2)
    text = f"our id,amount,sold at\n{sales[0]['id']},$30.00,{day(sales[0])}\n{sales[1]['id']},$31.00,{day(sales[1])}\n"
    file_id = await brought(either, text)
    assert await brought(either, text) == file_id
    assert [row["kind"] for row in await lines(either, file_id)] == ["price"]
    await decide(either, file_id, 1, "ours", "a slip of theirs")
    with pytest.raises(CannotReconcile, match="decided already"):
        await compare_book(either.market, file_id)
    assert not await decide(either, file_id, 1, "theirs", "after all")
    assert not await either.rows("SELECT * FROM transactions WHERE kind = 'adjustment'")


async def test_another_file_of_the_same_sales_books_nothing_again(either: Exchange) -> None:
    one, two, three = await sold(either, 3)
    header, at = "lead_id,price,date", [day(row) for row in (one, two, three)]
    said = [header, f"{one['lead_id']},31,{at[0]}", f"{three['lead_id']},30,{at[2]}", f"ld_x,30,{at[0]}"]
    first = await brought(either, "\n".join(said))
    twin = await brought(either, "\n".join([*said, ""]), name="again.csv")
    kinds = ["price", "only_theirs", "only_ours"]
    assert kinds == [row["kind"] for row in await lines(either, first)]
    before = (await either.balance("acme")).posted
    for number in (1, 2, 3):
        assert await decide(either, first, number, "theirs", "as agreed")
    booked = (await either.balance("acme")).posted
    assert before - booked == usd("1")

    assert kinds == [row["kind"] for row in await lines(either, twin)]
    for number, why in ((1, "is another now"), (2, "booked with acme.csv"), (3, "is another now")):
        with pytest.raises(CannotReconcile, match=why):
            await decide(either, twin, number, "theirs", "as agreed")
    after = await brought(either, "\n".join([*said, "", ""]), name="thrice.csv")
    assert [("only_theirs", 300_000)] == [(row["kind"], row["more_units"]) for row in await lines(either, after)]
    dearer = await brought(either, "\n".join([header, f"{one['lead_id']},31.5,{at[0]}", said[2]]))
    assert [("price", 5_000)] == [(row["kind"], row["more_units"]) for row in await lines(either, dearer)]
    assert booked == (await either.balance("acme")).posted
    assert await sound(either)


async def test_two_files_decided_at_the_same_moment_book_one_difference(either: Exchange) -> None:
    (row,) = await sold(either, 1)
    text = f"lead_id,price,date\n{row['lead_id']},31,{day(row)}"
    files = [await brought(either, text + "\n" * number) for number in range(3)]
    before = (await either.balance("acme")).posted
    decided = await asyncio.gather(
        *(decide(either, each, 1, "theirs", "dearer") for each in files),
        return_exceptions=True,
    )
    assert 1 == decided.count(True) and 2 == sum(isinstance(each, CannotReconcile) for each in decided)
    assert before - (await either.balance("acme")).posted == usd("1")


async def returned(exchange: Exchange, lead_id: str, state: ReturnState, credit: Money | None = None) -> None:
    found = await find_returnable(exchange.market, ACME, lead_id)
    assert found is not None
    asked = await ask_return(exchange.market, ACME, found, Asking("bogus_data"))
    assert isinstance(asked, Asked)
    await decide_return(exchange.market, asked.request["id"], Choice(state, "as agreed", credit), FINANCE)


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
    ((file, _),) = await either.market.db.read(list_books, 1)
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


async def test_what_cannot_be_decided_keeps_none_of_the_others(either: Exchange) -> None:
    one, two = await sold(either, 2)
    file_id = await brought(either, f"lead_id,price,date\nld_x,30,{day(one)}")
    assert ["only_theirs", "only_ours", "only_ours"] == [row["kind"] for row in await lines(either, file_id)]
    await returned(either, one["lead_id"], ReturnState.APPROVED)
    told = await decide_differences(either.market, file_id, (2, 3, 9), Word("theirs", "never came", FINANCE))
    assert (1, [2, 9]) == (told.done, [number for number, _ in told.failed])
    assert [two["lead_id"]] == [row["lead_id"] for row in await lines(either, file_id) if row["decided_at"]]


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


async def test_what_a_return_gave_back_meanwhile_is_not_given_back_again(either: Exchange) -> None:
    one, two = await sold(either, 2)
    file_id = await brought(either, f"lead_id,price,date\n{two['lead_id']},30,{day(one)}")
    assert ["only_ours"] == [row["kind"] for row in await lines(either, file_id)]
    await returned(either, one["lead_id"], ReturnState.APPROVED)
    given = (await either.balance("acme")).posted
    with pytest.raises(CannotReconcile, match="is another now"):
        await decide(either, file_id, 1, "theirs", "never came")
    assert given == (await either.balance("acme")).posted
    await compare_book(either.market, file_id)
    assert not await lines(either, file_id)


@pytest.mark.parametrize(("has_it", "state"), [(True, "accepted"), (False, "rejected")])
async def test_a_decision_that_stopped_after_it_settled_the_post_goes_on(
    either: Exchange, has_it: bool, state: str
) -> None:
    (row,) = await sold(either, 1)
    either.buyers.answers_posts("acme", HUNG_UP)
    await post(either, {**consumer(7), "seller_lead_id": "c-7"})
    (unclear,) = await either.rows("SELECT * FROM attempts WHERE state = 'unclear'")
    more = f"\n{unclear['lead_id']},29,{day(row)}" if has_it else ""
    file_id = await brought(either, f"lead_id,price,date\n{row['lead_id']},30,{day(row)}{more}")
    kind = "unclear" if has_it else "unclear_absent"
    assert [kind] == [each["kind"] for each in await lines(either, file_id)]
    price = usd("29") if has_it else None
    await settle(either.market, unclear["id"], Decision(has_it, "as they say", price), FINANCE)
    assert await decide(either, file_id, 1, "theirs", "as they say")
    (now,) = await either.rows("SELECT state FROM attempts WHERE id = :id", id=unclear["id"])
    assert state == now["state"]
    assert await sound(either)


async def test_a_post_is_settled_with_its_decision_or_not_at_all(either: Exchange) -> None:
    (row,) = await sold(either, 1)
    for number in (7, 8, 9):
        either.buyers.answers_posts("acme", HUNG_UP)
        await post(either, {**consumer(number), "seller_lead_id": f"c-{number}"})
    file_id = await brought(either, f"lead_id,price,date\n{row['lead_id']},30,{day(row)}")
    waiting = await lines(either, file_id)
    assert ["unclear_absent"] * 3 == [each["kind"] for each in waiting]
    said = [decide(either, file_id, each["number"], word, "at once") for each in waiting for word in ("theirs", "ours")]
    assert 3 == sum(await asyncio.gather(*said))
    for each in await lines(either, file_id):
        (attempt,) = await either.rows("SELECT state FROM attempts WHERE id = :id", id=each["attempt_id"])
        assert ("rejected" if each["decision"] == "theirs" else "unclear") == attempt["state"]
    assert await sound(either)


async def test_a_post_that_was_settled_the_other_way_is_told(either: Exchange) -> None:
    (row,) = await sold(either, 1)
    either.buyers.answers_posts("acme", HUNG_UP)
    await post(either, {**consumer(7), "seller_lead_id": "c-7"})
    (unclear,) = await either.rows("SELECT * FROM attempts WHERE state = 'unclear'")
    file_id = await brought(either, f"lead_id,price,date\n{unclear['lead_id']},29,{day(row)}")
    await settle(either.market, unclear["id"], Decision(False, "they said no"), FINANCE)
    numbers = {each["kind"]: each["number"] for each in await lines(either, file_id)}
    with pytest.raises(CannotReconcile, match="is rejected"):
        await decide(either, file_id, numbers["unclear"], "theirs", "as they say")


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
    ((file, _),) = await either.market.db.read(list_books, 10)
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
    ((file, waiting),) = await either.market.db.read(list_books, 10)
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
