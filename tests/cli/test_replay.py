"""`exchange replay`: how many there are is told first, none goes out twice, what cannot go is named."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from exchange.bootstrap import open_market
from exchange.clock import SimulatedClock
from exchange.commands.opening import settings_of
from exchange.commands.terminal import Terminal
from exchange.courier.scripted import ScriptedCourier
from exchange.flows.market import refresh
from exchange.flows.submit import submit
from exchange.intake.encode import encode
from exchange.model.lead import Kind
from exchange.model.party import Cap, Window
from exchange.worker import run_jobs
from tests.cli.home import NOW, Home
from tests.flows.lab import submission
from tests.market import REFUSED, Exchange, buying, consumer, selling, usd
from tests.scripted_buyers import Buyers


def fail(home: Home, leads: int, **changes: Any) -> None:
    """So many leads for acme, which is delivered to later and refuses them all."""
    place = home.folder / "config" / "connections" / "acme" / "connection.yaml"
    text = place.read_text("utf-8")
    place.write_text(f"{text}\nlater: true\n" if "later:" not in text else text, "utf-8")
    home.store(buying("acme", price=usd("20"), on_failure="unsold", **changes), selling("cedar"))
    asyncio.run(_fail(home.folder, leads))


async def _fail(folder: Path, leads: int) -> None:
    settings = settings_of(Terminal(data=folder))
    clock = SimulatedClock(NOW)
    async with open_market(
        settings, process=False, clock=clock, courier=lambda clock, _: ScriptedCourier(lambda _: REFUSED, clock)
    ) as market:
        exchange = Exchange(market, settings, clock, Buyers())
        for number in range(leads):
            await submit(submission(exchange, Kind.POST, consumer(number)), market, encode)
            clock.advance(1)
            while await run_jobs(market):
                clock.advance(1)
            await refresh(market)


def test_what_failed_is_counted_asked_about_and_sent_again_once(market_home: Home) -> None:
    fail(market_home, 3)

    unasked = market_home.run("replay", "--deliveries", "--buyer", "acme")
    done = market_home.run("replay", "--deliveries", "--buyer", "acme", "--rate", "100/s", "--yes", "--json")
    again = market_home.run("replay", "--deliveries", "--yes", "--json")

    assert (6, "Nothing was sent.") == (unasked.code, unasked.err.strip().split(" Say")[0])
    assert (0, 3, 3, {}) == (done.code, done.json["found"], len(done.json["queued"]), done.json["refused"])
    assert (0, 0) == (again.code, again.json["found"])
    assert ["waiting"] * 3 == [row["state"] for row in market_home.rows("SELECT state FROM deliveries")]
    lines = market_home.rows("SELECT actor FROM audit_lines WHERE action = 'delivery.resent'")
    assert 3 == len(lines) and "(command line)" in lines[0]["actor"]


def test_what_cannot_go_is_named_with_its_reason(market_home: Home) -> None:
    fail(market_home, 2, caps=(Cap(Window.DAY, "count", 1),))

    done = market_home.run("replay", "--deliveries", "--rate", "100/s", "--yes")

    assert (3, True, True) == (done.code, "1 of 2" in done.out, "A cap is taken." in done.out)


def test_what_is_asked_for_must_make_sense(market_home: Home) -> None:
    for arguments, told in (
        ((), "Say what to replay"),
        (("--deliveries", "--status", "gone"), "--status is one of failed, put_aside, nobody_knows"),
        (("--deliveries", "--since", "yesterday"), "--since must be a time such as"),
        (("--deliveries", "--rate", "fast"), "fast is no rate"),
        (("--deliveries", "--buyer", "nobody"), "There is no buyer nobody"),
    ):
        ran = market_home.run("replay", *arguments)
        assert (True, True) == (ran.code in (1, 2), told in ran.err), (arguments, ran.err)


def test_a_time_chooses(market_home: Home) -> None:
    fail(market_home, 2)
    day = market_home.run("replay", "--deliveries", "--since", "2026-11-22", "--yes", "--json")
    before = market_home.run("replay", "--deliveries", "--until", "2026-11-21T14:34:09Z", "--yes", "--json")

    assert (0, 1) == (day.json["found"], before.json["found"])
