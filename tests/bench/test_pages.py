"""The measurement of pages says what failed, and tells what is over its budget from what had to wait."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web

from bench.pages_took import Meter, Told, Took, report
from exchange.log import logger


@asynccontextmanager
async def metered(*pages: tuple[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]) -> AsyncIterator[Meter]:
    app = web.Application()
    app.add_routes([web.get(path, handler) for path, handler in pages])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        with Told() as told:
            async with ClientSession() as session:
                yield Meter(session, "http://{}:{}".format(*runner.addresses[0][:2]), told, times=2)
    finally:
        await runner.cleanup()


async def test_a_page_that_fails_is_told_with_its_error_and_counts_as_over_its_budget() -> None:
    async def whole(_: web.Request) -> web.StreamResponse:
        return web.Response(text="as it should be")

    async def broken(_: web.Request) -> web.StreamResponse:
        try:
            raise KeyError("a value of somebody")
        except KeyError as error:
            logger("exchange.web").error("A request failed", exc_info=error)
            return web.Response(status=500)

    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    async with metered(("/whole", whole), ("/broken", broken), ("/cut", cut)) as meter:
        took = [await meter.page(path) for path in ("/whole", "/broken", "/cut")]

    assert [("", 200), ("failed", 500), ("failed", 599)] == [(each.mark, each.status) for each in took]
    assert took[1].failed.startswith("answered 500; KeyError at ")
    assert took[2].failed.startswith("answered 599; ServerDisconnectedError")
    assert not report(took) and not report(took[1:]) and report(took[:1])


def test_over_is_what_needs_too_much_processor_time_and_late_what_had_to_wait() -> None:
    spent = [Took("/a", 200, wall, wall, used, 1, 300) for wall, used in ((290, 280), (900, 280), (900, 310))]
    assert ["", "late", "over"] == [each.mark for each in spent]
