"""A sale that is delivered beside the request: what the seller hears, each kind of try, and how it ends."""

from __future__ import annotations

import asyncio
from typing import Any

from exchange.flows.dispositions import record_disposition
from exchange.flows.receipts import expire_deliveries
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from exchange.model.wire import Loss, Lost
from exchange.worker import run_jobs
from tests.flows.doom import started_again
from tests.flows.lab import (
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
)
from tests.later_buyers import (
    DOWN,
    NO_SUCH,
    NOT_NOW,
    TAKEN,
    FaxBuyer,
    Hours,
    LaterBuyer,
    Poisoned,
    connect,
)
from tests.market import Exchange, buying, selling, usd

LOST = Lost(Loss.TIMEOUT, "No answer after the mail was handed over.")


async def opened(
    exchange: Exchange, connector: LaterBuyer | None = None, deposit: str = "1000", **changes: Any
) -> None:
    """Birch pays 30.00 and is delivered to later; acme pays 20.00 and answers on the spot."""
    await exchange.add(
        *buying("birch", deposit, price=usd("30"), **changes),
        *buying("acme", deposit, price=usd("20")),
        *selling("cedar"),
    )
    connect(exchange.market, birch=connector or LaterBuyer("birch"))


async def run_for(exchange: Exchange, seconds: float, step: float = 10.0) -> None:
    """Let the worker work on while time passes."""
    while seconds > 0:
        await settle_down(exchange)
        later(exchange, min(step, seconds))
        seconds -= step
    await expire_deliveries(exchange.market)
    await settle_down(exchange)


async def settle_down(exchange: Exchange) -> None:
    while await run_jobs(exchange.market):
        continue


async def delivery(exchange: Exchange) -> dict[str, Any]:
    return (await exchange.rows("SELECT * FROM deliveries ORDER BY attempt_id"))[-1]


async def tries(exchange: Exchange) -> list[str]:
    return [row["outcome"] for row in await exchange.rows("SELECT outcome FROM delivery_tries ORDER BY at, number")]


async def test_it_is_sold_when_it_has_arrived(either: Exchange) -> None:
    await opened(either)
    either.buyers.answers_posts("birch", TAKEN)

    answer = await post(either)

    assert (202, ("queued", "awaiting_receipt")) == (answer.status_code, answer.told)
    assert ("30.00", "0.00", []) == (await held(either, "birch"), await spent(either, "birch"), either.buyers.mailed)
    await settle_down(either)
    row = (await attempts(either))[0]
    assert [f"<{row['reference']}@a.example>"] == [mail.message_id for mail in either.buyers.mailed]
    assert ("accepted", 1) == (row["state"], row["tries"])
    assert ("0.00", "30.00", "24.00") == (await held(either, "birch"), await spent(either, "birch"), await owed(either))
    assert ("delivered", "sold") == ((await delivery(either))["state"], (await lead_of(either, answer))["state"])


async def test_who_buys_unseen_has_bought_before_it_goes_out(either: Exchange) -> None:
    await opened(either, sold_when="at_once")

    answer = await post(either)

    assert ("accepted", None, "24.00") == (*answer.told, answer["price"])
    assert ("30.00", []) == (await spent(either, "birch"), either.buyers.mailed)
    either.buyers.answers_posts("birch", TAKEN)
    await settle_down(either)
    assert (1, "delivered") == (len(either.buyers.mailed), (await delivery(either))["state"])


async def test_a_server_that_is_down_rests_the_queue_and_gets_it_afterwards(either: Exchange) -> None:
    await opened(either)
    either.buyers.answers_posts("birch", UNREACHABLE, DOWN, TAKEN)

    await post(either)
    await settle_down(either)

    queue = (await either.rows("SELECT * FROM job_queues WHERE down_since IS NOT NULL"))[0]
    assert "deliver:birch:birch.buyer.example" == queue["queue"]
    await run_for(either, 300)
    assert ["destination down", "destination down", "delivered"] == await tries(either)
    assert "30.00" == await spent(either, "birch")


async def test_what_is_not_taken_now_waits_alone(exchange: Exchange) -> None:
    await opened(exchange)
    exchange.buyers.answers_posts("birch", NOT_NOW, TAKEN)

    await post(exchange, person(1))
    await settle_down(exchange)
    row = await delivery(exchange)

    assert ("waiting", exchange.clock.now() + 60_000) == (row["state"], row["next_at"])
    assert 0 == await exchange.count("job_queues WHERE down_since IS NOT NULL")
    await run_for(exchange, 70)
    assert ["not now", "delivered"] == await tries(exchange)


async def test_a_mail_whose_answer_was_lost_goes_out_again_under_the_same_id(either: Exchange) -> None:
    await opened(either)
    either.buyers.answers_posts("birch", LOST, TAKEN)

    await post(either)
    await run_for(either, 60)

    assert 1 == len({mail.message_id for mail in either.buyers.mailed})
    assert (2, ["answer lost", "delivered"]) == (len(either.buyers.mailed), await tries(either))
    assert "30.00" == await spent(either, "birch")


async def test_a_fax_whose_answer_was_lost_is_unclear_and_never_goes_out_again(either: Exchange) -> None:
    await opened(either, FaxBuyer("birch"))
    either.buyers.answers_posts("birch", LOST, TAKEN)

    answer = await post(either)
    await run_for(either, 7_200, 600)

    assert ({"birch": ("unclear", "outcome_unclear")}, "expired") == (
        await told_about(either),
        (await delivery(either))["state"],
    )
    assert (1, "30.00", "unclear") == (
        len(either.buyers.mailed),
        await held(either, "birch"),
        (await lead_of(either, answer))["state"],
    )


async def test_a_refusal_for_good_is_sold_to_the_next(either: Exchange) -> None:
    await opened(either)
    either.buyers.answers_posts("birch", NO_SUCH)

    answer = await post(either)
    await settle_down(either)

    assert {"birch": ("rejected", "buyer_rejected"), "acme": ("accepted", None)} == await told_about(either)
    assert ("0.00", "16.00", "sold") == (
        await held(either, "birch"),
        await owed(either),
        (await lead_of(either, answer))["state"],
    )


async def test_it_is_not_sold_again_where_the_contract_says_so(exchange: Exchange) -> None:
    await opened(exchange, on_failure="unsold")
    exchange.buyers.answers_posts("birch", NO_SUCH)

    answer = await post(exchange)
    await settle_down(exchange)

    assert ("unsold", [], "0.00") == (
        (await lead_of(exchange, answer))["state"],
        exchange.buyers.posts("acme"),
        await held(exchange, "birch"),
    )


async def test_after_all_patience_it_has_failed_and_is_sold_again(either: Exchange) -> None:
    await opened(either, give_up_ms=3_600_000)
    either.buyers.answers_posts("birch", UNREACHABLE)

    await post(either)
    await run_for(either, 3_700, 60)

    assert {"birch": ("failed", "post_failed"), "acme": ("accepted", None)} == await told_about(either)
    assert "given up after" in (await delivery(either))["last_error"]


async def test_what_may_have_arrived_has_not_failed_when_patience_ends(exchange: Exchange) -> None:
    await opened(exchange, give_up_ms=600_000)
    exchange.buyers.answers_posts("birch", LOST, UNREACHABLE)

    await post(exchange)
    await run_for(exchange, 700, 30)

    assert {"birch": ("unclear", "outcome_unclear")} == await told_about(exchange)


async def test_it_waits_for_its_hour(either: Exchange) -> None:
    opens_at = either.clock.now() + 3_600_000
    await opened(either, Hours("birch", opens_at=opens_at))
    either.buyers.answers_posts("birch", TAKEN)

    await post(either)
    await settle_down(either)

    row = await delivery(either)
    assert (opens_at, "it waits for its hour", []) == (row["next_at"], row["last_error"], either.buyers.mailed)
    await run_for(either, 3_660, 60)
    assert "30.00" == await spent(either, "birch")


async def test_a_lead_that_breaks_its_connector_is_quarantined_and_the_queue_goes_on(either: Exchange) -> None:
    await opened(either, Poisoned("birch"))
    either.buyers.answers_posts("birch", TAKEN)

    await post(either, {**person(1), "last_name": "Poison"})
    await post(either, person(2))
    await run_for(either, 300)

    assert ["delivered", "failed", "failed", "failed"] == sorted(await tries(either))
    dead = await either.rows("SELECT kind, last_error FROM jobs WHERE state = 'dead'")
    assert [("deliver", "DeliveryBroken: last_name cannot be said in their alphabet")] == [
        (row["kind"], row["last_error"]) for row in dead
    ]
    assert ("30.00", "30.00") == (await held(either, "birch"), await spent(either, "birch"))


async def test_two_nodes_deliver_each_lead_once(either: Exchange) -> None:
    await opened(either)
    either.buyers.answers_posts("birch", TAKEN)
    for number in range(8):
        await post(either, person(number))
    nodes = (either, await started_again(either))

    for _ in range(20):
        await asyncio.gather(*(run_jobs(node.market) for node in nodes))
        later(either, 0.025)

    assert (8, 8) == (len(either.buyers.mailed), len({mail.message_id for mail in either.buyers.mailed}))
    assert "240.00" == await spent(either, "birch")


async def test_a_buyer_that_is_delivered_to_by_mail_may_say_what_became_of_it(exchange: Exchange) -> None:
    await opened(exchange, sold_when="at_once")
    exchange.buyers.answers_posts("birch", TAKEN)
    await post(exchange)
    await settle_down(exchange)
    row = await delivery(exchange)

    told = await record_disposition(
        Report(row["attempt_id"], "contacted", "", None, None), exchange.market, Actor(Role.BUYER, "birch", "birch")
    )

    assert row["lead_id"] == getattr(told, "lead_id", told)
