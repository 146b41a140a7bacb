"""What is decided between two books is booked once, whatever is repeated, meets or stops."""

from __future__ import annotations

import asyncio

import pytest

from exchange.flows.reconciliation_decisions import Word, decide_difference, decide_differences
from exchange.flows.reconciliations import CannotReconcile, compare_book
from exchange.flows.settle import Decision, settle
from exchange.model.returns import ReturnState
from tests.flows.billed import sound
from tests.flows.lab import HUNG_UP, later, post
from tests.flows.reconciled import FINANCE, brought, day, decide, lines, returned, sold
from tests.market import Exchange, consumer, usd


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


async def test_what_cannot_be_decided_keeps_none_of_the_others(either: Exchange) -> None:
    one, two = await sold(either, 2)
    file_id = await brought(either, f"lead_id,price,date\nld_x,30,{day(one)}")
    assert ["only_theirs", "only_ours", "only_ours"] == [row["kind"] for row in await lines(either, file_id)]
    await returned(either, one["lead_id"], ReturnState.APPROVED)
    told = await decide_differences(either.market, file_id, (2, 3, 9), Word("theirs", "never came", FINANCE))
    assert (1, [2, 9]) == (told.done, [number for number, _ in told.failed])
    assert [two["lead_id"]] == [row["lead_id"] for row in await lines(either, file_id) if row["decided_at"]]


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


async def test_what_is_compared_anew_is_not_decided_by_who_saw_it_before(either: Exchange) -> None:
    (row,) = await sold(either, 1)
    file_id = await brought(either, f"lead_id,price,date\n{row['lead_id']},31,{day(row)}")
    word = Word("theirs", "dearer", FINANCE)

    async def again() -> bool:
        later(either, 1)
        await compare_book(either.market, file_id)
        return True

    for _ in range(4):
        done = await asyncio.gather(
            *(decide_difference(either.market, file_id, 1, word) for _ in range(2)), again(), return_exceptions=True
        )
        assert all(isinstance(each, bool | CannotReconcile) for each in done), done
    await decide_difference(either.market, file_id, 1, word)
    booked = await either.rows("SELECT units FROM postings WHERE reference LIKE 'adjustment:%'")
    kept = [each["reference"] for each in await lines(either, file_id)]
    assert [10_000] == [each["units"] for each in booked] and all(kept)


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
