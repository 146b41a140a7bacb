"""`exchange serve`: the exchange itself, in one process or in several."""

from __future__ import annotations

import asyncio
import errno
import logging
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exchange import limits
from exchange.commands.cores import cores
from exchange.commands.place import forget, free_port, note
from exchange.commands.terminal import Exit, Stop, Terminal

if TYPE_CHECKING:
    from exchange.clock import Clock
    from exchange.commands.worker_life import Part
    from exchange.flows.market import Market
    from exchange.settings import Settings
    from exchange.storage.database import Db
    from exchange.web.app import Handed

PROCESSES_MOST = limits.WORKERS


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; the settings' when left out.")] = "",
    port: Annotated[int, typer.Option(min=-1, max=65_535, help="Port; the settings' when left out.")] = -1,
    workers: Annotated[int, typer.Option(min=0, max=PROCESSES_MOST, help="Processes; 0: the settings'.")] = 0,
) -> None:
    """Serve the API and the console until told to stop. What is at work then ends first."""
    from exchange.commands.opening import settings_of

    terminal: Terminal = context.obj
    settings = _with(settings_of(terminal), host, port)
    require_place(settings)
    count = workers or count_of(settings)
    part: Part | None = None
    try:
        if count > 1:
            from exchange.commands.workers import supervise

            with listening_problems():
                part = supervise(terminal, settings, count)
            if part is None:
                return
        run_serving(_one(terminal, settings, part))
    finally:
        forget(settings)


def count_of(settings: Settings) -> int:
    """How many processes the settings mean. `auto`: one for each processor, as long as one more is of use.

    On PostgreSQL each opens connections, of which the server has so many for all machines: there it must be said.
    """
    from exchange.commands.opening import is_file

    if isinstance(settings.workers, int):
        return settings.workers
    return min(cores(), limits.WORKERS_OF_USE) if is_file(settings) else 1


def _with(settings: Settings, host: str, port: int) -> Settings:
    """As the flags have it. Port 0 is any that is free, so that links have it too."""
    changed: dict[str, object] = {"host": host} if host else {}
    if (settings.port if port < 0 else port) == 0:
        with listening_problems():
            port = free_port(host or settings.host)
    if port >= 0:
        changed["port"] = port
        if settings.public_url == f"http://127.0.0.1:{settings.port}":
            changed["public_url"] = f"http://127.0.0.1:{port}"
    return settings.model_copy(update=changed)


def run_serving(work: Coroutine[Any, Any, None]) -> None:
    """Run on the quickest loop there is, with the log on stderr. Says what is in the way of listening."""
    from exchange.log import start_logging
    from exchange.web.app import loop_factory

    log = start_logging(level=logging.WARNING if sys.stderr.isatty() else logging.INFO)
    try:
        with listening_problems(), asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(work)
    finally:
        log.close()


@contextmanager
def listening_problems() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise listening_problem(error, "With port in exchange.toml printed links have it too.") from error


def listening_problem(error: OSError, *more: str, port: int | None = None) -> Stop:
    if error.errno == errno.EADDRINUSE:
        which = "The port" if port is None else f"Port {port}"
        return Stop(Exit.REFUSED, f"{which} is taken by another program. Choose one with --port.", more)
    if error.errno == errno.EACCES:
        return Stop(Exit.REFUSED, "Listening there is not allowed. Choose a port above 1023 with --port.")
    return Stop(Exit.UNREACHABLE, f"{error.strerror or error}.")


async def _one(terminal: Terminal, settings: Settings, part: Part | None) -> None:
    """One process that serves: all of the exchange, or its part among several."""
    from exchange.bootstrap import besides, listeners, open_market
    from exchange.clock import SystemClock
    from exchange.commands.opening import clock_of, reached
    from exchange.web.app import build_app
    from exchange.web.app import serve as listen

    began = SystemClock().monotonic()
    clock = clock_of(settings)
    handed = handed_to(part)
    rates = part.rates if part is not None else None
    if part is not None:
        part.rates.part(part.number)
    async with AsyncExitStack() as opened:
        opened.enter_context(reached())
        db = await opened.enter_async_context(shared_file(settings, part, clock))
        market = await opened.enter_async_context(open_market(settings, clock=clock, db=db, rates=rates))
        warnings = [] if part is not None and not part.first else await take_up(market, settings)
        beside = besides(for_all=part is None or part.number == 0)
        app = build_app(market, settings, beside=beside, listeners=listeners(settings))

        def started(_: str) -> None:
            if handed is not None:
                handed.hand.ready(warnings)
            else:
                tell(terminal, settings, 1, warnings, market.clock.monotonic() - began)

        await listen(app, settings, handed=handed, started=started)


def handed_to(part: Part | None) -> Handed | None:
    from exchange.intake.handed import Hand
    from exchange.web.app import Handed

    return Handed(Hand(part.end), part.address) if part is not None else None


@asynccontextmanager
async def shared_file(settings: Settings, part: Part | None, clock: Clock) -> AsyncIterator[Db | None]:
    """The SQLite file through the writer of all workers. The first lets it rehearse. None: there is none to share."""
    from exchange.commands.opening import database_file
    from exchange.storage.migrate import migrate
    from exchange.storage.rehearsal import rehearse
    from exchange.storage.sqlite import open_shared

    if part is None or part.door is None:
        yield None
        return
    db = await open_shared(database_file(settings), part.door)
    try:
        if part.first:
            await migrate(db, clock.now())
            await rehearse(db, 1, clock.now())
        yield db
    finally:
        await db.close()


def require_place(settings: Settings) -> None:
    """A first start makes database and key, but never a folder: a wrong path is told."""
    from exchange.commands.opening import database_file, is_file

    if is_file(settings) and not database_file(settings).absolute().parent.is_dir():
        raise Stop(Exit.UNREACHABLE, f"There is no folder {database_file(settings).absolute().parent}.")


async def take_up(market: Market, settings: Settings) -> list[str]:
    """End what a stopped process left under way. Returns what the operator is to be warned of after that."""
    from exchange.flows.recover import recover
    from exchange.intake.encode import encode
    from exchange.worker import free_jobs

    alone, before = await recover_before(market, settings)
    await recover(market, before, encode)
    if alone:
        await free_jobs(market)
    return await _warnings(market, settings)


async def recover_before(market: Market, settings: Settings) -> tuple[bool, int]:
    """Whether nobody else is at work, and the instant before which work that was begun belongs to nobody any more.

    A SQLite file has one exchange, so that is all of it, unless an import runs beside. On PostgreSQL other nodes may
    be at work: there only what is older than any request can be.
    """
    from exchange.commands.opening import is_file
    from exchange.storage.imports import import_under_way
    from exchange.worker import STALE_MS

    now = market.clock.now()
    alone = is_file(settings) and not await market.db.read(import_under_way, now - STALE_MS)
    return alone, now + 1 if alone else now - STALE_MS


async def _warnings(market: Market, settings: Settings) -> list[str]:
    from exchange.commands.opening import is_file
    from exchange.flows.backups import last_backup
    from exchange.model.actor import SYSTEM
    from exchange.storage.by_hand import list_users
    from exchange.storage.unclear import UnclearFilter, list_unclear

    found = []
    if is_file(settings) and await last_backup(market.db) is None:
        found.append("no backup yet (exchange backup)")
    people = await market.db.read(list_users, "operator")
    if people and not any(row["seen_at"] for row in people):
        found.append(f"nobody has signed in yet (exchange user login-link {people[0]['email']})")
    if not market.deals.campaigns:
        found.append("no campaign yet: nobody can post")
    if waiting := len(await market.db.read(list_unclear, SYSTEM, UnclearFilter())):
        found.append(f"{waiting} deliveries wait for somebody's word (exchange settle)")
    if settings.host not in ("127.0.0.1", "::1", "localhost") and settings.public_url.startswith("http://"):
        found.append("public_url has no TLS: put a proxy with it before the exchange")
    return found


def tell(terminal: Terminal, settings: Settings, workers: int, warnings: list[str], seconds: float) -> None:
    """The lines a started exchange prints. Other commands find it from now on."""
    from exchange import __version__
    from exchange.commands.opening import is_file

    note(settings)
    url = settings.public_url
    engine = "SQLite WAL" if is_file(settings) else "PostgreSQL"
    lines = [
        f"  {settings.name}, exchange {__version__}, {engine}, {workers} worker{'' if workers == 1 else 's'}",
        f"  Console      {url}/console",
        f"  Posting      {url}/api/v1      Docs  {url}/api/openapi.json",
    ]
    if warnings:
        lines.append(f"  Warnings     {len(warnings)}: {'; '.join(warnings)}")
    lines.append(f"  Ready in {seconds:.1f} s")
    terminal.result(
        {
            "name": settings.name,
            "version": __version__,
            "engine": engine,
            "workers": workers,
            "console": f"{url}/console",
            "posting": f"{url}/api/v1",
            "warnings": warnings,
            "ready": True,
        },
        lines,
    )
