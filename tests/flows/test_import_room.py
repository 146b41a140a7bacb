"""How many files may wait, what becomes of those that are never started, and one start of one file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from exchange.flows import imports as by_command
from exchange.flows.import_desk import NotNow, SameFile, Spool, TooMany, cancel, check, check_room, pause
from exchange.flows.import_desk import start as start_import
from exchange.flows.retain import forget
from exchange.limits import IMPORTS_OPEN
from exchange.model.lead import Mode
from tests.flows.import_bench import bring, csv_of, people, seen, sold, worked
from tests.flows.lab import OPERATOR
from tests.market import Exchange, buying, selling, usd

TWO_DAYS_S = 2 * 86_400


@pytest.fixture
async def trading(either: Exchange) -> Exchange:
    await either.add(*selling("cedar"), *selling("birch"), *buying("acme", "100000", price=usd("20")))
    return either


def files(exchange: Exchange) -> list[str]:
    return sorted(path.name for path in exchange.market.files_dir.glob("*"))


async def test_only_so_many_imports_of_a_campaign_are_open_however_many_come_at_once(trading: Exchange) -> None:
    brought = await asyncio.gather(
        *(bring(trading, csv_of(people(1, number))) for number in range(IMPORTS_OPEN + 4)), return_exceptions=True
    )
    rows = [each for each in brought if not isinstance(each, BaseException)]
    market, cedar = trading.market, trading.market.deals.campaigns["cedar-solar"]

    assert (IMPORTS_OPEN, 4) == (len(rows), sum(isinstance(each, TooMany) for each in brought))
    assert IMPORTS_OPEN == len(files(trading)) == await trading.count("imports")
    with pytest.raises(TooMany, match="start, finish or cancel"):
        await check_room(market, cedar, Mode.LIVE)
    await check_room(market, cedar, Mode.TEST)
    await bring(trading, csv_of(people(1)), campaign="birch-solar")
    await sold(trading, rows[0])
    await cancel(market, rows[1], OPERATOR)
    await bring(trading, csv_of(people(1, 100)))
    await bring(trading, csv_of(people(1, 101)))
    with pytest.raises(TooMany):
        await bring(trading, csv_of(people(1, 102)))


async def test_the_file_of_an_import_that_never_began_goes_when_it_is_cancelled(trading: Exchange) -> None:
    market = trading.market
    waiting, checking, begun = [await bring(trading, csv_of(people(2, number))) for number in (10, 20, 30)]
    await check(market, checking)
    await start_import(market, begun, OPERATOR)
    await pause(market, await seen(trading, begun), OPERATOR)
    for row in (waiting, checking):
        await cancel(market, row, OPERATOR)
    await worked(trading, begun)
    await cancel(market, begun, OPERATOR)  # as it was read before it began

    assert [f"{begun.id}.leads"] == [name for name in files(trading) if name.endswith(".leads")]
    assert {"cancelled"} == {(await seen(trading, row)).state for row in (waiting, checking, begun)}
    with pytest.raises(NotNow):
        await start_import(market, waiting, OPERATOR)


@pytest.mark.parametrize("again", [False, True])
async def test_of_one_file_that_is_started_twice_at_once_one_runs(trading: Exchange, *, again: bool) -> None:
    market, data = trading.market, csv_of(people(3))
    rows = [await bring(trading, data, name=f"{number}.csv") for number in range(3)]
    ended = await asyncio.gather(
        *(start_import(market, row, OPERATOR, again=again) for row in rows), return_exceptions=True
    )
    await worked(trading, rows[0])

    states = [(await seen(trading, row)).state for row in rows]
    assert (0 if again else 2) == sum(isinstance(each, SameFile) for each in ended)
    assert ["done"] * 3 == states if again else ["done", "new", "new"] == sorted(states)
    assert 3 == await trading.count("sales")


async def test_of_one_file_that_two_commands_begin_at_once_one_begins(trading: Exchange) -> None:
    facts = ("cedar-solar", Mode.LIVE, "leads.csv", b"\1" * 32, "{}", "", OPERATOR)
    ended = await asyncio.gather(*(by_command.begin(trading.market, *facts) for _ in range(3)), return_exceptions=True)
    await by_command.begin(trading.market, *facts, again=True)

    assert 2 == sum(isinstance(each, SameFile) for each in ended)
    assert 2 == await trading.count("imports")


async def test_what_a_killed_upload_left_is_deleted_after_a_day(trading: Exchange) -> None:
    kept, market = await bring(trading, csv_of(people(1))), trading.market
    left, fresh = Spool(market), Spool(market)
    for spool in (left, fresh):
        spool.write(b"phone\n")
        spool.close()
    folder: Path = market.files_dir
    (folder / "note.txt").write_text("of somebody else")
    now = market.clock.now() / 1_000
    for name in (f"{kept.id}.leads", f"{left.id}.leads", "note.txt"):
        os.utime(folder / name, (now - TWO_DAYS_S, now - TWO_DAYS_S))
    os.utime(folder / f"{fresh.id}.leads", (now, now))
    await forget(market)

    assert sorted([f"{kept.id}.leads", f"{fresh.id}.leads", "note.txt"]) == files(trading)
