"""A long file of returns is looked at and asked by a job, which goes on wherever the process died."""

from __future__ import annotations

from contextlib import suppress

import pytest

from exchange import limits
from exchange.flows.return_bulk import bring_returns, do_file, look_at_file
from exchange.model.actor import Actor, Role
from exchange.stages.returns.files import BadReturns
from exchange.storage.audit import audit_of
from exchange.storage.disposition_files import ASKS, ReportFile, read_file
from exchange.worker import run_jobs
from tests.flows.doom import Crash, doomed, started_again, struck
from tests.flows.lab import OPERATOR, later, person, post
from tests.market import Exchange, buying, selling, usd

ANN = Actor(Role.BUYER, "ann@acme.example", "acme")


def long_file(leads: list[str]) -> bytes:
    nobody = [f"ld_none{number},language" for number in range(limits.RETURN_ROWS_AT_ONCE)]
    asked = [f"{lead},language" for lead in leads]
    return "\n".join(("lead_id,reason", asked[0], *nobody[:70], asked[1], *nobody[70:], asked[2])).encode()


async def bought(exchange: Exchange) -> list[str]:
    await exchange.add(*selling("cedar"), *buying("acme", price=usd("30")))
    return [str((await post(exchange, person(number)))["lead_id"]) for number in (1, 2, 3)]


async def again(exchange: Exchange, file: ReportFile) -> ReportFile:
    found = await exchange.market.db.read(read_file, ("acme",), file.id, ASKS)
    assert found is not None
    return found


async def died_often(exchange: Exchange, file: ReportFile) -> tuple[Exchange, int]:
    """The exchange that brought its job to an end, and how often it had died over it."""
    deaths = 0
    for at in (1, 2, 4, 6):
        later(exchange, 600)
        doom = doomed(exchange, at)
        with suppress(Crash):
            await run_jobs(doom.market)
        deaths += struck(doom)
        exchange = await started_again(exchange)
    later(exchange, 600)
    while await run_jobs(exchange.market):
        pass
    assert not (await again(exchange, file)).under_way
    return exchange, deaths


async def test_a_long_file_is_looked_at_and_asked_wherever_the_process_dies(exchange: Exchange) -> None:
    data = long_file(await bought(exchange))
    file = await bring_returns(exchange.market, ASKS, "long.csv", data, ANN)
    assert file.under_way and file.id == (await bring_returns(exchange.market, ASKS, "same.csv", data, ANN)).id
    exchange, deaths = await died_often(exchange, file)
    looked = await look_at_file(exchange.market, await again(exchange, file), ANN)

    assert {"would": 3, "wrong": 200} == looked.counts and not looked.whole and deaths > 2
    assert (3, "ld_none0", "wrong") == (looked.told[0].number, looked.told[0].name, looked.told[0].verdict)
    assert 0 == await exchange.count("return_requests")

    assert await do_file(exchange.market, looked.file, ANN) is None
    assert await do_file(exchange.market, await again(exchange, file), ANN) is None
    exchange, deaths = await died_often(exchange, file)
    done = await again(exchange, file)

    assert 3 == await exchange.count("return_requests") and deaths > 2
    assert (203, 200) == (sum(done.counts.values()), done.counts["wrong"]) and not done.under_way
    told = [line.action for line in await exchange.market.db.read(audit_of, OPERATOR, "buyer:acme")]
    assert ["recorded", "wanted", "uploaded"] == [
        action.rpartition(".")[2] for action in told if action.startswith("returns.asked_by_file")
    ]
    assert 3 == await exchange.count("return_requests WHERE reason = 'language'")


async def test_too_long_a_file_is_refused_whole(exchange: Exchange) -> None:
    rows = "\n".join(f"ld_{number},language" for number in range(limits.RETURN_ROWS + 1))
    with pytest.raises(BadReturns, match="20,001 rows"):
        await bring_returns(exchange.market, ASKS, "long.csv", f"lead_id,reason\n{rows}".encode(), ANN)
    with pytest.raises(BadReturns, match="larger than 8 MB"):
        await bring_returns(exchange.market, ASKS, "large.csv", b"x" * (limits.DISPOSITION_FILE_BYTES + 1), ANN)
