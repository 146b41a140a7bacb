"""What the demo's buyers say in its past of leads they bought: each report is of the time when it happened."""

from __future__ import annotations

from pathlib import Path

from exchange.demo.outcomes import Outcomes
from tests.flows.lab import later, person, post
from tests.market import buying, open_exchange, selling, usd

WEEK_S = 7 * 86_400


async def test_buyers_of_the_past_report_whom_they_reached_and_what_came_of_it(tmp_path: Path) -> None:
    async with open_exchange(tmp_path) as exchange:
        await exchange.add(*selling("evergreen"), *buying("acme", price=usd("30")))
        past = Outcomes(exchange.market)
        for number in range(1, 25):
            await post(exchange, person(number), seller="evergreen")
            later(exchange, 600)
        await past.look()  # the day is not half over: nothing is told yet
        assert 0 == await exchange.count("dispositions")
        later(exchange, WEEK_S)
        await past.look()
        later(exchange, WEEK_S)
        await past.look(last=True)

        told = await exchange.rows(
            """SELECT d.kind, d.channel, d.value_units, d.at - s.accepted_at AS after FROM dispositions d
               JOIN sales s ON s.id = d.sale_id ORDER BY d.at"""
        )
        first = [row for row in told if row["kind"] in ("contacted", "no_answer")]
        won = [row for row in told if row["kind"] == "sold"]
        assert 24 == len(first)
        assert {"api"} == {row["channel"] for row in told}
        assert won and all(row["value_units"] > 0 for row in won)
        assert max(row["after"] for row in first) < 86_400_000 < min(row["after"] for row in won)
