"""Leads that go together: at the contract's times, whole, under one name whatever happens in between."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from exchange.flows.revoke import Taken, revoke
from exchange.model.actor import Actor, Role
from exchange.worker import run_jobs
from tests.flows.doom import Crash, doomed, started_again, struck
from tests.flows.lab import HUNG_UP, UNREACHABLE, held, later, person, post, spent
from tests.flows.promises import broken
from tests.flows.test_deliver import opened, run_for, settle_down, tries
from tests.later_buyers import TAKEN, FileBuyer, connect
from tests.market import Exchange


async def filed(exchange: Exchange, leads: int, **changes: Any) -> None:
    """Birch takes its leads together, every quarter of an hour."""
    await opened(exchange, FileBuyer("birch"), schedule="every 15m", **changes)
    for number in range(leads):
        await post(exchange, person(number))
    await settle_down(exchange)


def names(exchange: Exchange) -> list[tuple[str, int]]:
    return [(mail.subject, len(mail.text.splitlines())) for mail in exchange.buyers.mailed]


async def test_what_waits_goes_out_together_when_it_is_time(either: Exchange) -> None:
    either.buyers.answers_posts("birch", TAKEN)
    await filed(either, 3)
    assert ([], "90.00") == (names(either), await held(either, "birch"))

    await run_for(either, 900, 60)

    assert [("birch-solar-0001", 3)] == names(either)
    assert ("90.00", "0.00", ["delivered"] * 3) == (
        await spent(either, "birch"),
        await held(either, "birch"),
        await tries(either),
    )
    await post(either, person(9))
    await run_for(either, 900, 60)
    assert ("birch-solar-0002", 1) == names(either)[-1]


async def test_whose_consent_was_taken_back_is_left_out_of_the_batch(either: Exchange) -> None:
    either.buyers.answers_posts("birch", TAKEN)
    await filed(either, 2)
    await revoke(either.market, Taken(person(1)["phone"]), Actor(Role.OPERATOR, "pat"))

    await run_for(either, 900, 60)

    assert [("birch-solar-0001", 1)] == names(either)
    assert ("30.00", "0.00") == (await spent(either, "birch"), await held(either, "birch"))


async def test_a_batch_that_was_not_taken_goes_out_again_with_the_same_leads(either: Exchange) -> None:
    either.buyers.answers_posts("birch", UNREACHABLE, HUNG_UP, TAKEN)
    await filed(either, 2)
    later(either, 900)
    await settle_down(either)
    await post(either, person(7))

    await run_for(either, 240)

    assert [("birch-solar-0001", 2)] * 3 == names(either)
    assert ["answer lost"] * 2 + ["delivered"] * 2 + ["destination down"] * 2 == sorted(await tries(either))
    assert "60.00" == await spent(either, "birch")


async def test_whenever_it_dies_each_lead_is_sold_once_and_the_file_keeps_its_name(exchange: Exchange) -> None:
    exchange.buyers.answers_posts("birch", TAKEN)
    await filed(exchange, 0, deposit="9000")
    connection = {"birch": FileBuyer("birch")}
    for at in range(1, 200):
        sent = len(names(exchange))
        for number in range(2):
            await post(exchange, person(2 * at + number))
        later(exchange, 900)
        died = await _dies(exchange, at)
        exchange = await started_again(exchange)
        connect(exchange.market, **connection)
        await run_for(exchange, 660, 60)

        assert [] == await broken(exchange.market), f"after point {at}"
        assert 1 == len(set(names(exchange)[sent:])), f"after point {at}"
        assert (2 * at, 2) == (await exchange.count("sales"), names(exchange)[-1][1])
        if not died:
            break
    assert not died and at > 10


async def _dies(exchange: Exchange, at: int) -> bool:
    """Run the jobs that are due in a process that may be gone before they end."""
    doom = doomed(exchange, at)
    with suppress(Crash):
        await run_jobs(doom.market)
    return struck(doom)
