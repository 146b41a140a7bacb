"""What the workers of one machine do in turn."""

from __future__ import annotations

from contextlib import closing

from exchange.clock import SimulatedClock
from exchange.flows.market import Live
from exchange.rates import Running, SharedRates
from tests.market import NOW, Exchange


class Watched(SimulatedClock):
    """The other worker has read its spreadsheet when somebody waited for the second time."""

    def __init__(self, other: Running) -> None:
        super().__init__(NOW)
        self._other = other
        self.waits = 0

    async def sleep(self, seconds: float) -> None:
        self.waits += 1
        if self.waits == 2:
            self._other.add(-1)


async def test_a_worker_waits_until_another_has_read_its_spreadsheet(exchange: Exchange) -> None:
    with closing(SharedRates(2)) as shared:
        shared.part(1)
        other = shared.running("spreadsheets")
        shared.part(0)
        live = Live(exchange.market.deals, exchange.market.tables, shared)
        other.add(1)
        clock = Watched(other)
        async with live.one_sheet(clock):
            read_at_once = other.count

    assert (2, 1) == (clock.waits, read_at_once)
