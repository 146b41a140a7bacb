"""`kill -9` in the middle of a delivery run: nothing is sold twice, nothing is lost, no fax goes out twice."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from exchange.clock import SimulatedClock, SystemClock
from exchange.flows.recover import recover
from exchange.intake.encode import encode
from exchange.model.wire import EmailMessage
from tests.databases import open_here
from tests.flows.deliver_load import BUYERS
from tests.flows.lab import attempts
from tests.flows.promises import broken
from tests.flows.test_deliver import run_for
from tests.later_buyers import TAKEN, connect
from tests.market import open_exchange
from tests.processes import started

ROOT = Path(__file__).parents[2]
LEADS = 20
KILLED_AFTER = 15
LEASE_MS = 200_000


async def test_a_delivery_run_that_is_killed_is_taken_up_where_it_was(tmp_path: Path) -> None:
    await _killed(tmp_path)
    before = Counter(name for name, _ in _delivered(tmp_path))
    clock = SimulatedClock(SystemClock().now() + LEASE_MS)
    db = await open_here(tmp_path)
    async with open_exchange(tmp_path, clock=clock, db=db) as exchange:
        connect(exchange.market, **BUYERS)
        exchange.buyers.answers_posts("birch", TAKEN)
        exchange.buyers.answers_posts("cobalt", TAKEN)
        await recover(exchange.market, clock.now() + 1, encode)
        await run_for(exchange, 2, 0.025)

        assert [] == await broken(exchange.market)
        states = {name: Counter[str]() for name in BUYERS}
        for row in await attempts(exchange):
            states[row["buyer_id"]][row["state"]] += 1
        after = Counter(mail.address.partition("@")[2].partition(".")[0] for mail in exchange.buyers.mailed)
        mails = [*_delivered(tmp_path), *_sent(exchange.buyers.mailed)]

    await db.close()
    assert {"accepted": LEADS} == states["birch"]
    assert LEADS == states["cobalt"].total() == states["cobalt"]["pending"] + states["cobalt"]["unclear"]
    assert states["cobalt"]["unclear"] <= 1  # the one that was on its way
    assert KILLED_AFTER <= before.total() < 2 * LEADS
    assert LEADS == len({reference for name, reference in mails if name == "birch"})
    assert LEADS <= before["birch"] + after["birch"] <= LEADS + 1  # a mail may go out twice, under one Message-ID
    faxes = Counter(reference for name, reference in mails if name == "cobalt")
    assert {1} == set(faxes.values())


async def _killed(folder: Path) -> None:
    async with started(sys.executable, "-m", "tests.flows.deliver_load", folder, str(LEADS), cwd=ROOT) as load:
        assert load.stdout is not None
        lines = [await load.stdout.readline() for _ in range(KILLED_AFTER)]
        load.kill()
        await load.wait()
    assert all(lines), "it ended by itself"


def _delivered(folder: Path) -> list[tuple[str, str]]:
    lines = (folder / "delivered").read_text("utf-8").splitlines()
    return [(name, reference) for name, reference in (line.split() for line in lines)]


def _sent(mailed: list[EmailMessage]) -> list[tuple[str, str]]:
    return [
        (mail.address.partition("@")[2].partition(".")[0], mail.message_id.partition("@")[0][1:]) for mail in mailed
    ]
