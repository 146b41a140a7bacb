"""What is heard later: in any order and number it ends in one state, and at most one sale."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.connector import Receipt
from exchange.flows.receipts import NoSuchReceipt, expire_deliveries, take_receipt
from exchange.model.delivery import ENDED, RECEIPTS, DeliveryState, TryEnd, after_receipt
from exchange.model.wire import Reply
from exchange.storage.deliveries import begin_try, end_try
from tests.databases import open_here
from tests.flows.lab import attempts, held, later, lead_of, owed, person, post, spent, told_about
from tests.flows.promises import broken
from tests.flows.test_deliver import delivery, opened, run_for, settle_down, tries
from tests.later_buyers import FaxBuyer, ShelfBuyer
from tests.market import Exchange, open_exchange

QUEUED = Reply(250, {}, b"fax_77")


async def faxed(exchange: Exchange, **changes: Any) -> str:
    """Birch was sent a fax; its attempt's id."""
    await opened(exchange, FaxBuyer("birch"), **changes)
    exchange.buyers.answers_posts("birch", QUEUED)
    await post(exchange)
    await settle_down(exchange)
    return str((await attempts(exchange))[0]["id"])


async def hear(exchange: Exchange, kind: str, event: str = "e1", **about: Any) -> str | None:
    row = await take_receipt(exchange.market, "birch", Receipt(event, kind, **(about or {"provider_ref": "fax_77"})))
    return row["state"] if row is not None else None


async def test_a_sale_is_made_when_the_provider_says_that_it_arrived(either: Exchange) -> None:
    attempt_id = await faxed(either)
    row = await delivery(either)
    assert ("sent", "fax_77", {"birch": ("pending", "awaiting_receipt")}) == (
        row["state"],
        row["provider_ref"],
        await told_about(either),
    )

    first = await hear(either, "delivered", reference=attempt_id)
    again = await hear(either, "delivered", reference=attempt_id)

    assert ("delivered", "delivered") == (first, again)
    assert ("30.00", "24.00", 1) == (
        await spent(either, "birch"),
        await owed(either),
        await either.count("receipts"),
    )


async def test_a_receipt_that_comes_before_the_answer_of_the_provider_is_kept_for_it(either: Exchange) -> None:
    await opened(either, FaxBuyer("birch"))
    either.buyers.answers_posts("birch", QUEUED)
    await post(either)

    early = await hear(either, "delivered")
    await settle_down(either)

    assert (None, "delivered", "30.00") == (early, (await delivery(either))["state"], await spent(either, "birch"))


async def test_what_could_not_be_delivered_is_sold_to_the_next(either: Exchange) -> None:
    await faxed(either)

    state = await hear(either, "failed", detail="no answer from the machine", provider_ref="fax_77")
    await settle_down(either)

    assert "failed" == state
    assert {"birch": ("failed", "post_failed"), "acme": ("accepted", None)} == await told_about(either)
    assert "0.00" == await held(either, "birch")


async def test_a_delivery_nobody_confirmed_is_unclear_after_its_time_and_a_late_word_settles_it(
    either: Exchange,
) -> None:
    await faxed(either, receipt_ms=600_000)

    await run_for(either, 660, 60)
    unclear = await told_about(either)
    state = await hear(either, "delivered")

    assert {"birch": ("unclear", "outcome_unclear")} == unclear
    assert ("delivered", "30.00") == (state, await spent(either, "birch"))


async def test_who_was_not_reached_is_called_again_and_old_news_of_it_changes_nothing(exchange: Exchange) -> None:
    await faxed(exchange)
    exchange.buyers.answers_posts("birch", Reply(250, {}, b"fax_78"))

    assert "waiting" == await hear(exchange, "machine", "e1")
    await run_for(exchange, 60)

    assert (["sent", "sent"], "fax_78") == (await tries(exchange), (await delivery(exchange))["provider_ref"])
    assert None is await hear(exchange, "silent", "e2", provider_ref="fax_77")
    assert "accepted" == await hear(exchange, "accepted", "e3", provider_ref="fax_78")
    assert 2 == len(exchange.buyers.mailed)


@pytest.mark.parametrize("kind", ["silent", "failed"])
async def test_news_of_a_second_try_that_overtakes_its_own_answer_is_heard(either: Exchange, kind: str) -> None:
    attempt_id = await faxed(either)
    await hear(either, "machine", "e1")
    number = await either.market.db.write(begin_try, attempt_id, either.clock.now(), again=False)
    assert 2 == number

    said = await hear(either, kind, "e2", reference=attempt_id, provider_ref="fax_78", detail="the line was busy")
    end = TryEnd(attempt_id, 2, DeliveryState.SENT, "sent", "", either.clock.now(), 5, True, None, "fax_78", 9)
    await either.market.db.write(end_try, end, None)

    row = await delivery(either)
    assert ("waiting" if kind == "silent" else "failed") == said == row["state"]
    assert ("fax_78", "the line was busy") == (row["provider_ref"], row["last_error"])
    if kind == "silent":
        assert (None, True) == (row["sent_at"], row["next_at"] is not None)


async def test_news_of_an_earlier_try_told_again_is_none_of_the_one_under_way(either: Exchange) -> None:
    attempt_id = await faxed(either)
    await hear(either, "machine", "e1")
    await either.market.db.write(begin_try, attempt_id, either.clock.now(), again=False)

    for event, kind in (("e2", "silent"), ("e3", "failed")):
        assert "sending" == await hear(either, kind, event, reference=attempt_id, provider_ref="fax_77")


async def test_what_comes_back_after_it_arrived_is_a_dispute_and_not_silence(either: Exchange) -> None:
    await faxed(either)
    await hear(either, "delivered", "e1")

    assert "bounced" == await hear(either, "bounced", "e2")

    assert ("30.00", {"birch": ("accepted", None)}) == (await spent(either, "birch"), await told_about(either))


async def test_or_is_undone_where_the_contract_says_so(either: Exchange) -> None:
    await faxed(either, on_bounce="reverse", on_failure="unsold")
    await hear(either, "delivered", "e1")

    assert "bounced" == await hear(either, "failed", "e2")

    assert ("0.00", "0.00", {"birch": ("failed", "post_failed")}) == (
        await spent(either, "birch"),
        await owed(either),
        await told_about(either),
    )


async def test_a_lead_on_a_shelf_is_sold_when_it_is_fetched(either: Exchange) -> None:
    await opened(either, ShelfBuyer("birch"))
    answer = await post(either)
    await settle_down(either)
    row = await delivery(either)
    assert 0 == await either.count("jobs")

    state = await hear(either, "delivered", f"fetched:{row['attempt_id']}", reference=row["attempt_id"])

    assert ("shelved", "pull", "delivered") == (row["state"], row["channel"], state)
    assert ("sold", "30.00") == ((await lead_of(either, answer))["state"], await spent(either, "birch"))


async def test_a_lead_nobody_fetched_in_time_is_sold_to_the_next(exchange: Exchange) -> None:
    await opened(exchange, ShelfBuyer("birch"), give_up_ms=600_000)
    await post(exchange)

    later(exchange, 601)
    await expire_deliveries(exchange.market)
    await settle_down(exchange)

    assert {"birch": ("failed", "post_failed"), "acme": ("accepted", None)} == await told_about(exchange)
    assert "it was not fetched in time" == (await delivery(exchange))["last_error"]


async def test_a_receipt_of_another_connection_or_of_no_kind_changes_nothing(exchange: Exchange) -> None:
    attempt_id = await faxed(exchange)

    assert None is await take_receipt(exchange.market, "acme", Receipt("e1", "delivered", reference=attempt_id))
    with pytest.raises(NoSuchReceipt, match="'gone' is none of: sent, delivered"):
        await hear(exchange, "gone")
    assert {"birch": ("pending", "awaiting_receipt")} == await told_about(exchange)


@given(st.lists(st.sampled_from(RECEIPTS), max_size=8), st.sampled_from(list(DeliveryState)))
def test_what_ended_stays_ended_and_only_comes_back_from_having_arrived(
    heard: Sequence[str], state: DeliveryState
) -> None:
    for kind in heard:
        before, state = state, after_receipt(state, kind)
        if before in ENDED and before is not state:
            assert (DeliveryState.DELIVERED, DeliveryState.BOUNCED) == (before, state)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(st.tuples(st.integers(1, 4), st.sampled_from(RECEIPTS)), min_size=1, max_size=8),
    at_once=st.booleans(),
)
def test_receipts_in_any_order_and_number_end_in_one_state_and_at_most_one_sale(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[int, str]], at_once: bool
) -> None:
    asyncio.run(_any_order(tmp_path_factory.mktemp("receipts"), events, at_once=at_once))


async def _any_order(folder: Path, events: list[tuple[int, str]], *, at_once: bool) -> None:
    db = await open_here(folder)
    async with open_exchange(folder, db=db) as exchange:
        changes = {"sold_when": "at_once"} if at_once else {}
        await opened(exchange, FaxBuyer("birch"), on_bounce="reverse", **changes)
        exchange.buyers.answers_posts("birch", QUEUED)
        await post(exchange, person(1))
        await settle_down(exchange)
        attempt_id = (await attempts(exchange))[0]["id"]
        first: dict[int, str] = {}
        for number, kind in events:
            await hear(exchange, kind, f"e{number}", reference=attempt_id)
            first.setdefault(number, kind)
            await settle_down(exchange)

        state = DeliveryState.SENT
        for kind in first.values():
            state = after_receipt(state, kind)
        assert await _ends_as(exchange, state, at_once=at_once)
        assert 1 >= len(await exchange.rows("SELECT id FROM sales WHERE reversed_at IS NULL"))
        assert [] == await broken(exchange.market)
    await db.close()


async def _ends_as(exchange: Exchange, state: DeliveryState, *, at_once: bool) -> bool:
    """Birch has bought it if it arrived, or bought unseen and nobody says that it failed."""
    birch = (await told_about(exchange))["birch"][0]
    if state in (DeliveryState.DELIVERED, DeliveryState.ACCEPTED):
        return birch == "accepted"
    if state in (DeliveryState.FAILED, DeliveryState.BOUNCED):
        return birch == "failed"
    if state is DeliveryState.REFUSED:
        return birch == ("failed" if at_once else "rejected")
    return birch == ("accepted" if at_once else "pending")
