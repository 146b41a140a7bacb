"""A process that dies at a chosen point: before or after any durable write, before or after any word with a buyer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Concatenate, ParamSpec, TypeVar

from exchange.courier.courier import Call, Courier, Result
from exchange.flows.market import Live, refresh
from exchange.storage.database import Db, Tx
from exchange.storage.holds import CapUse
from tests.market import Exchange

P = ParamSpec("P")
T = TypeVar("T")


class Crash(BaseException):
    """The process is gone: nothing of it runs any further."""


class Doom:
    """Strikes at the `at`-th point that is passed (the first is 1), and at every one after it."""

    def __init__(self, at: int) -> None:
        self._left = at

    def point(self) -> None:
        self._left -= 1
        if self.struck:
            raise Crash

    @property
    def struck(self) -> bool:
        return self._left <= 0


class DoomedDb:
    """A database that loses its process before or after a commit."""

    def __init__(self, db: Db, doom: Doom) -> None:
        self._db, self._doom = db, doom

    @property
    def struck(self) -> bool:
        """Whether the process is gone."""
        return self._doom.struck

    async def write(self, unit: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        self._doom.point()
        result = await self._db.write(unit, *args, **kwargs)
        self._doom.point()
        return result

    write_first = write

    async def read(self, query: Callable[Concatenate[Tx, P], Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._db.read(query, *args, **kwargs)

    async def close(self) -> None:
        await self._db.close()


class DoomedCourier:
    """A courier that loses its process before anything was sent, or after the buyers answered."""

    def __init__(self, courier: Courier, doom: Doom) -> None:
        self._courier, self._doom = courier, doom

    async def converse(self, call: Call, deadline: float) -> Result:
        return (await self.fan_out((call,), deadline))[0]

    async def fan_out(
        self, calls: Sequence[Call], deadline: float, on_result: Callable[[int, Result], bool] | None = None
    ) -> list[Result]:
        self._doom.point()
        results = await self._courier.fan_out(calls, deadline, on_result)
        self._doom.point()
        return results

    async def close(self) -> None:
        await self._courier.close()


def doomed(exchange: Exchange, at: int) -> Exchange:
    """The exchange in a process that dies at a point."""
    doom, market = Doom(at), exchange.market
    live = Live(market.deals, market.tables)
    live.take_up(CapUse({}, {}), market.live.available)
    wrapped = replace(market, db=DoomedDb(market.db, doom), courier=DoomedCourier(market.courier, doom), live=live)
    return replace(exchange, market=wrapped)


def struck(exchange: Exchange) -> bool:
    """Whether the process of a doomed exchange is gone."""
    db = exchange.market.db
    return isinstance(db, DoomedDb) and db.struck


async def started_again(exchange: Exchange) -> Exchange:
    """The exchange in a new process: it remembers what the database does."""
    again = replace(exchange, market=replace(exchange.market, live=Live(exchange.market.deals, exchange.market.tables)))
    await refresh(again.market)
    return again
