"""Sent again on somebody's word: one new try, the same reference, and never a second sale."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from exchange.flows.market import refresh
from exchange.flows.resend import CannotResend, resend
from exchange.flows.settle import NoSuchDelivery
from exchange.model.actor import Actor, Role
from exchange.model.hold import HoldState
from exchange.model.party import Cap, OnUnclear, StoreRule, Window
from exchange.model.wire import Reply
from exchange.storage.store import ItemRow, list_item
from exchange.worker import settle_silent
from tests.flows.lab import (
    HUNG_UP,
    OPERATOR,
    UNREACHABLE,
    attempts,
    held,
    later,
    lead_of,
    owed,
    person,
    post,
    spent,
    told_about,
    used,
)
from tests.flows.test_deliver import LOST, opened, run_for, settle_down, tries
from tests.later_buyers import NO_SUCH, TAKEN, FaxBuyer, Poisoned
from tests.market import REFUSED, SOLD, Exchange, buying, selling, usd

BIRCH = Actor(Role.BUYER, "birch", "birch")
QUEUED = Reply(250, {}, b"fax_1")


async def birch(exchange: Exchange) -> str:
    return next(str(row["id"]) for row in await attempts(exchange) if row["buyer_id"] == "birch")


async def failed(exchange: Exchange, **changes: Any) -> str:
    """A lead that birch's mail server refused and that is unsold."""
    await opened(exchange, on_failure="unsold", **changes)
    exchange.buyers.answers_posts("birch", NO_SUCH)
    await post(exchange)
    await run_for(exchange, 1, 1)
    exchange.buyers.answers_posts("birch", TAKEN)
    return await birch(exchange)


async def test_a_failed_delivery_is_tried_once_more_under_the_same_reference(either: Exchange) -> None:
    attempt_id = await failed(either, caps=(Cap(Window.DAY, "count", 5),))
    assert ("0.00", 0) == (await held(either, "birch"), await used(either, "birch-solar:day:count"))
    (lead,), now = await either.rows("SELECT * FROM leads"), either.market.clock.now()
    rule = StoreRule(usd("14"))
    item = ItemRow(
        lead["id"], lead["month"], "solar", lead["campaign_id"], None, None, "{}", rule, now, now + 86_400_000
    )
    await either.market.db.write(list_item, item, [], ())

    await resend(either.market, attempt_id, BIRCH)
    pending = (await held(either, "birch"), await used(either, "birch-solar:day:count"))
    await run_for(either, 60)

    assert ("30.00", 1) == pending
    assert [{"state": "over", "gone": "It is being sold again."}] == await either.rows(
        "SELECT state, gone FROM store_items"
    )
    assert (["refused", "delivered"], 1) == (await tries(either), len({m.message_id for m in either.buyers.mailed}))
    assert ("30.00", "24.00", {"birch": ("accepted", None)}) == (
        await spent(either, "birch"),
        await owed(either),
        await told_about(either),
    )


async def test_asked_twice_at_once_it_goes_out_once(either: Exchange) -> None:
    attempt_id = await failed(either)

    asked = await asyncio.gather(
        *(resend(either.market, attempt_id, OPERATOR) for _ in range(5)), return_exceptions=True
    )
    await run_for(either, 60)

    assert (1, 4) == (
        len([each for each in asked if isinstance(each, str)]),
        len([each for each in asked if isinstance(each, CannotResend)]),
    )
    assert (2, "30.00") == (len(either.buyers.mailed), await spent(either, "birch"))


async def test_what_was_accepted_is_not_sent_again(exchange: Exchange) -> None:
    await opened(exchange)
    exchange.buyers.answers_posts("birch", TAKEN)
    await post(exchange)
    await settle_down(exchange)

    with pytest.raises(CannotResend, match="It was accepted"):
        await resend(exchange.market, await birch(exchange), OPERATOR)


async def test_what_may_have_arrived_is_sent_again_only_where_that_is_safe(exchange: Exchange) -> None:
    await opened(exchange, FaxBuyer("birch"))
    exchange.buyers.answers_posts("birch", LOST, TAKEN)
    await post(exchange)
    await settle_down(exchange)

    with pytest.raises(CannotResend, match="It may have arrived, and sending it twice would not be safe"):
        await resend(exchange.market, await birch(exchange), OPERATOR)
    assert 1 == len(exchange.buyers.mailed)


async def test_a_mail_that_may_have_arrived_goes_out_again(exchange: Exchange) -> None:
    await opened(exchange, give_up_ms=60_000)
    exchange.buyers.answers_posts("birch", LOST, UNREACHABLE)
    await post(exchange)
    await run_for(exchange, 90, 30)
    assert {"birch": ("unclear", "outcome_unclear")} == await told_about(exchange)
    exchange.buyers.answers_posts("birch", TAKEN)

    await resend(exchange.market, await birch(exchange), OPERATOR)
    await run_for(exchange, 1_000, 30)

    assert ({"birch": ("accepted", None)}, "30.00") == (await told_about(exchange), await spent(exchange, "birch"))


async def test_what_was_put_aside_is_tried_again_when_its_mapping_is_mended(exchange: Exchange) -> None:
    await opened(exchange, Poisoned("birch"))
    exchange.buyers.answers_posts("birch", TAKEN)
    await post(exchange, {**person(1), "last_name": "Poison"})
    await run_for(exchange, 300)
    attempt_id = await birch(exchange)
    connection = exchange.market.connections["birch"].connector
    assert isinstance(connection, Poisoned)
    object.__setattr__(connection, "last_name", "somebody else")

    await resend(exchange.market, attempt_id, OPERATOR)
    with pytest.raises(CannotResend, match="on its way already"):
        await resend(exchange.market, attempt_id, OPERATOR)
    await run_for(exchange, 60)

    assert {"birch": ("accepted", None)} == await told_about(exchange)


async def test_what_waits_for_its_receipt_or_its_next_try_is_on_its_way(exchange: Exchange) -> None:
    await opened(exchange, FaxBuyer("birch"))
    exchange.buyers.answers_posts("birch", UNREACHABLE, QUEUED)
    await post(exchange)
    await settle_down(exchange)

    with pytest.raises(CannotResend, match="on its way already"):
        await resend(exchange.market, await birch(exchange), OPERATOR)
    await run_for(exchange, 60)
    with pytest.raises(CannotResend, match="its receipt is waited for"):
        await resend(exchange.market, await birch(exchange), OPERATOR)


async def test_a_lead_that_somebody_else_has_is_not_sent_again(exchange: Exchange) -> None:
    await opened(exchange)
    exchange.buyers.answers_posts("birch", NO_SUCH)
    answer = await post(exchange)
    await run_for(exchange, 5, 1)
    assert "sold" == (await lead_of(exchange, answer))["state"]

    with pytest.raises(CannotResend, match="sold to somebody else"):
        await resend(exchange.market, await birch(exchange), OPERATOR)


async def test_nor_is_one_whose_consumer_came_again(exchange: Exchange) -> None:
    attempt_id = await failed(exchange)
    exchange.buyers.answers_posts("acme", SOLD)
    exchange.buyers.answers_posts("birch", NO_SUCH)
    await post(exchange)
    await run_for(exchange, 1, 1)

    await resend(exchange.market, (await attempts(exchange))[-1]["id"], OPERATOR)
    with pytest.raises(CannotResend, match="came again meanwhile"):
        await resend(exchange.market, attempt_id, OPERATOR)
    await run_for(exchange, 5, 1)


async def test_nor_one_that_no_cap_or_no_balance_covers(exchange: Exchange) -> None:
    attempt_id = await failed(exchange, deposit="30", caps=(Cap(Window.DAY, "count", 1),))
    await refresh(exchange.market)  # the caps it gave back
    await post(exchange, person(1))
    await run_for(exchange, 5, 1)

    with pytest.raises(CannotResend, match="A cap is taken"):
        await resend(exchange.market, attempt_id, OPERATOR)
    rows = await exchange.rows("SELECT DISTINCT state FROM holds WHERE attempt_id = :id", id=attempt_id)
    assert [HoldState.VOID.value] == [row["state"] for row in rows]


async def test_a_sale_that_was_undone_stays_undone(exchange: Exchange) -> None:
    attempt_id = await failed(exchange, sold_when="at_once")
    with pytest.raises(CannotResend, match="Its sale was undone"):
        await resend(exchange.market, attempt_id, OPERATOR)


async def test_a_buyer_sends_its_own_only(exchange: Exchange) -> None:
    attempt_id = await failed(exchange)
    with pytest.raises(NoSuchDelivery):
        await resend(exchange.market, attempt_id, Actor(Role.BUYER, "acme", "acme"))


async def test_a_post_that_failed_on_the_spot_can_be_sent_again_too(either: Exchange) -> None:
    await either.add(*buying("acme"), *selling("cedar"))
    either.buyers.answers_posts("acme", REFUSED)
    await post(either)
    attempt = (await attempts(either))[0]
    either.buyers.answers_posts("acme", SOLD)

    await resend(either.market, attempt["id"], OPERATOR)
    await run_for(either, 5, 1)

    assert {"acme": ("accepted", None)} == await told_about(either)
    assert [attempt["reference"]] * 2 == [sent["id"] for sent in either.buyers.posts("acme")]


async def test_a_post_that_was_never_answered_is_settled_and_not_sent_again(exchange: Exchange) -> None:
    await exchange.add(*buying("acme"), *selling("cedar"))
    exchange.buyers.answers_posts("acme", HUNG_UP)
    await post(exchange)
    with pytest.raises(CannotResend, match="settle it first"):
        await resend(exchange.market, (await attempts(exchange))[0]["id"], OPERATOR)


async def test_nor_one_that_may_have_arrived_and_whose_silence_was_taken_for_a_no(exchange: Exchange) -> None:
    await opened(exchange, FaxBuyer("birch"), on_unclear=OnUnclear.ASSUME_REJECTED, on_failure="unsold")
    exchange.buyers.answers_posts("birch", LOST, QUEUED)
    await post(exchange)
    await run_for(exchange, 1, 1)
    later(exchange, 90 * 86_400)
    await settle_silent(exchange.market)

    with pytest.raises(CannotResend, match="may have arrived"):
        await resend(exchange.market, await birch(exchange), OPERATOR)

    assert 1 == len(exchange.buyers.mailed)
