"""A lead told by telephone: a real client rings, a company on loopback presses keys and signs what it calls back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from exchange.storage.postgres import open_postgres
from tests.channels.telephone import BUYER, CONSUMER, Ringing, ringing
from tests.flows.lab import held, later, owed, spent, told_about
from tests.flows.promises import broken


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Ringing]:
    async with ringing(tmp_path) as made:
        yield made
        assert [] == await broken(made.exchange.market)


@pytest.fixture
async def on_postgres(tmp_path: Path, postgres_migrated: str) -> AsyncIterator[Ringing]:
    db = await open_postgres(postgres_migrated)
    async with ringing(tmp_path, db) as made:
        yield made
        assert [] == await broken(made.exchange.market)
    await db.close()


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def either(request: pytest.FixtureRequest) -> Ringing:
    made: Ringing = request.getfixturevalue(request.param)
    return made


@pytest.fixture
def desk(on_sqlite: Ringing) -> Ringing:
    return on_sqlite


async def test_key_1_buys_the_lead_and_reads_all_of_it(either: Ringing) -> None:
    call = await either.sell("1", "*")

    assert call is not None
    before, *after = call.said
    assert "New solar lead. State: A Z. Zip: 8 5 0 1 6. Monthly bill: 101 to 150." in before
    assert "To accept this lead, press 1. To refuse it, press 2. To accept it and be connected now, press 9." in before
    assert not any(personal in before for personal in ("Maria", "Sandoval", "6 0 2", "maria"))
    assert "It is yours. First name: Maria. Last name: Sandoval. Phone: 6 0 2, 5 5 5, 0 1 4 2." in after[0]
    assert "Email: maria at consumer dot example." in after[0]
    assert after[1].startswith("First name: Maria.")  # the star says it again
    assert [] == call.errors
    assert ("30.00", "24.00") == (await spent(either.exchange, "birch"), await owed(either.exchange))
    assert ("accepted", call.sid) == ((await either.delivery())["state"], (await either.delivery())["provider_ref"])
    assert {"answered", "accepted"} == {kind for kind, _ in await either.heard()}


async def test_key_2_refuses_it_and_it_is_sold_to_the_next(either: Ringing) -> None:
    call = await either.sell("2")

    assert call is not None and "Goodbye." == call.said[-1]
    assert {"birch": ("rejected", "buyer_rejected"), "acme": ("accepted", None)} == await told_about(either.exchange)
    assert ("0.00", "refused") == (await held(either.exchange, "birch"), (await either.delivery())["state"])


async def test_key_9_buys_it_and_connects_the_consumer(either: Ringing) -> None:
    call = await either.sell("9")

    assert call is not None
    assert [CONSUMER] == call.dialled
    assert "30.00" == await spent(either.exchange, "birch")
    assert ("bridged", "they talked for 74 s") in await either.heard()
    assert 1 == await either.exchange.count("sales")


async def test_nobody_is_connected_while_the_consumer_may_not_be_called(desk: Ringing) -> None:
    later(desk.exchange, 11.5 * 3_600)

    call = await desk.sell("9", "1")

    assert call is not None and "press 9" not in call.said[0]
    assert call.said[1].startswith("It is 23:30 where they are, and nobody is called there at that time.")
    assert ([], "30.00") == (call.dialled, await spent(desk.exchange, "birch"))


async def test_a_machine_is_hung_up_on_and_a_person_rung_later(desk: Ringing) -> None:
    call = await desk.sell("1", answers="machine")
    assert call is not None
    assert ([], "waiting") == (call.said, (await desk.delivery())["state"])

    desk.company.callees.clear()
    await desk.wait(9)
    assert 1 == len(desk.company.calls)
    desk.company.anybody = type(desk.company.anybody)("human", ("1",))
    await desk.wait(2)

    assert (2, "30.00") == (len(desk.company.calls), await spent(desk.exchange, "birch"))


@pytest.mark.parametrize("answers", ["busy", "no-answer", "machine", "human"])
async def test_who_is_not_reached_in_all_tries_has_not_bought_it(desk: Ringing, answers: str) -> None:
    await desk.connect(again_minutes=2)
    await desk.sell(answers=answers)

    await desk.wait(10)

    assert 3 == len(desk.company.calls)
    assert ("failed", 3) == ((await desk.delivery())["state"], (await desk.delivery())["tries"])
    assert (await desk.delivery())["last_error"].startswith("nobody was reached in 3 tries, last: ")
    assert {"birch": ("failed", "post_failed"), "acme": ("accepted", None)} == await told_about(desk.exchange)


async def test_a_number_that_is_none_is_refused_for_good(desk: Ringing) -> None:
    await desk.connect(to="+10000000")
    desk.company.busy = 0

    await desk.sell()

    assert 0 == len(desk.company.calls) or desk.company.calls[-1].to != BUYER
