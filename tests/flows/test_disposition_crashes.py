"""The process may die at any moment while reports are recorded: told again, each is there once and none is missing."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from exchange import limits
from exchange.flows.disposition_files import bring, look, record_file
from exchange.flows.disposition_words import map_word
from exchange.flows.dispositions import record_reports, teller_of
from exchange.model.actor import Actor, Role
from exchange.model.feedback import Report
from exchange.storage.disposition_words import Word, unknown_words
from exchange.worker import run_jobs
from tests.flows.doom import Crash, doomed, started_again, struck
from tests.flows.lab import OPERATOR, later, post
from tests.market import Exchange, buying, consumer, selling

ACME = Actor(Role.BUYER, "al@acme.example", "acme")
WON = Word("acme", "solar", "", "won", "sold")


async def bought(exchange: Exchange, count: int) -> list[str]:
    await exchange.add(*selling("cedar"), *buying("acme", deposit="5000"))
    return [str((await post(exchange, consumer(number)))["lead_id"]) for number in range(count)]


async def record(exchange: Exchange, data: bytes) -> None:
    file_id = await bring(exchange.market, "acme", "november.csv", data, ACME)
    found = await look(exchange.market, ("acme",), file_id)
    assert found is not None
    await record_file(exchange.market, found.file, ACME)


@pytest.mark.parametrize("at", range(2, 7))
async def test_a_file_that_was_cut_off_is_recorded_whole_when_it_is_sent_again(exchange: Exchange, at: int) -> None:
    one, two, three = await bought(exchange, 3)
    data = f"lead_id,status\n{one},sold\n{two},won\n{three},quoted\nld_x,sold\n".encode()
    dying = doomed(exchange, at)
    try:
        await record(dying, data)
    except Crash:
        later(exchange, 60)
        await record(await started_again(exchange), data)

    kept = await exchange.rows("SELECT lead_id, kind FROM dispositions ORDER BY kind")
    assert [(three, "quoted"), (one, "sold")] == [(row["lead_id"], row["kind"]) for row in kept]
    assert 1 == await exchange.count("disposition_waits") == await exchange.count("disposition_files")
    assert 2 == await exchange.count("sale_dispositions")


async def test_a_long_file_is_recorded_by_a_job_that_goes_on_wherever_it_dies(exchange: Exchange) -> None:
    """Whoever wants it twice, or brings it again meanwhile, has one job at it."""
    leads = await bought(exchange, 3)
    rows = [f"{lead},{word}" for lead, word in zip(leads, ("sold", "won", "quoted"), strict=True)]
    empty = [f"ld_{number},sold" for number in range(limits.DISPOSITION_ROWS_AT_ONCE)]
    data = "\n".join(["lead_id,status", rows[0], *empty[:700], rows[1], *empty[700:], rows[2]]).encode()
    await asyncio.gather(record(exchange, data), record(exchange, data))
    file_id = await bring(exchange.market, "acme", "again.csv", data, ACME)
    assert (1, 0) == (await exchange.count("jobs WHERE kind = 'record_reports'"), await exchange.count("dispositions"))
    deaths = 0
    for at in range(1, 60, 2):
        later(exchange, 600)
        doom = doomed(exchange, at)
        with suppress(Crash):
            await run_jobs(doom.market)
        if not struck(doom):
            break
        deaths += 1
        exchange = await started_again(exchange)

    kept = await exchange.rows("SELECT lead_id, kind FROM dispositions ORDER BY kind")
    assert [(leads[2], "quoted"), (leads[0], "sold")] == [(row["lead_id"], row["kind"]) for row in kept]
    found = await look(exchange.market, ("acme",), file_id)
    assert found is not None and not found.file.under_way and deaths > 3
    assert (1_003, 1_000) == (sum(found.file.counts.values()), found.file.counts["not_found"])
    assert 1 == await exchange.count("disposition_waits")


@pytest.mark.parametrize("at", range(1, 4))
async def test_a_word_and_what_waited_with_it_are_settled_together_or_not_at_all(exchange: Exchange, at: int) -> None:
    leads = await bought(exchange, 2)
    await record_reports(exchange.market, teller_of(ACME), [Report(lead, "Won") for lead in leads])
    dying = doomed(exchange, at)
    try:
        await map_word(dying.market, WON, OPERATOR)
    except Crash:
        mapped = await exchange.count("disposition_words")
        assert (2 if mapped else 0) == await exchange.count("dispositions")
        await map_word((await started_again(exchange)).market, WON, OPERATOR)

    assert ["sold"] * 2 == [row["kind"] for row in await exchange.rows("SELECT kind FROM dispositions")]
    assert [] == await exchange.market.db.read(unknown_words, OPERATOR, 10)
