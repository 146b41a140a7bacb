"""`kill -9` while mail goes out: each lead is sold once, each sale has its mail, and a mail that came twice is one."""

from __future__ import annotations

import sys
from pathlib import Path

from exchange.clock import SimulatedClock, SystemClock
from exchange.flows.recover import recover
from exchange.intake.encode import encode
from exchange.model.party import Geo
from tests.channels.mail_load import STATES
from tests.channels.mailed import mailing, states, takes_mail, work_for
from tests.flows.promises import broken
from tests.mail_server import MailServer, mail_server
from tests.processes import started

ROOT = Path(__file__).parents[2]
MAILS = 8  # taken before each kill
AFTER_S = 900  # by then no lease of a killed process holds


async def test_what_was_sold_is_mailed_and_what_was_mailed_is_sold_once(tmp_path: Path) -> None:
    async with mail_server() as server:
        async with mailing(tmp_path, clock=SystemClock()) as exchange:
            for run, place in enumerate(STATES):
                here = Geo(states=(place["state"],))
                await takes_mail(exchange, server, f"buyer{run}", deposit="100000", geo=here)
        told: list[str] = []
        for run in range(len(STATES)):
            told += await _killed(tmp_path, server, run)
        later = SimulatedClock(SystemClock().now() + AFTER_S * 1000)
        async with mailing(tmp_path, clock=later) as exchange:
            await recover(exchange.market, later.now(), encode)
            await work_for(exchange, 60, 1)

            assert [] == await broken(exchange.market)
            sold = {row["reference"]: row["lead_id"] for row in await exchange.rows("SELECT * FROM attempts")}
            mailed = {mail.message_id.strip("<>").partition("@")[0] for mail in server.taken}
            assert {("delivered", "accepted")} == set(await states(exchange))
            assert mailed == set(sold) and len(set(sold.values())) == len(sold) == await exchange.count("sales")
            assert set(told) <= set(sold.values()) and len(STATES) * MAILS <= len(sold)


async def _killed(folder: Path, server: MailServer, run: int) -> list[str]:
    """The leads that were answered by a process that was killed while its mail went out."""
    already = len(server.taken)
    async with started(sys.executable, "-m", "tests.channels.mail_load", folder, str(run), cwd=ROOT) as load:
        assert load.stdout is not None
        await server.has(already + MAILS)
        load.kill()
        lines = [line async for line in load.stdout if line.endswith(b"\n")]
    answered = [line.decode().split() for line in lines]
    assert {"queued"} == {status for _, status in answered}
    return [lead_id for lead_id, _ in answered]
