"""`exchange demo`: a live market on this machine, with made-up sellers and buyers; or a file of leads replayed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal

if TYPE_CHECKING:
    from exchange.demo.run import Running, Wanted
    from exchange.demo.stream import StreamSummary
    from exchange.demo.traffic import Traffic

LEADS_PER_MINUTE = 11.0
LEADS = 300
LEADS_MOST = 20_000
LOOPBACK = ("127.0.0.1", "::1", "localhost")
CURL = (
    ("sub_id1", "try"),
    ("zip", "85016"),
    ("state", "AZ"),
    ("monthly_bill", "101-150"),
    ("homeowner", "yes"),
    ("ip_address", "198.51.100.77"),
)


def demo(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on.")] = 8080,
    seed: Annotated[int, typer.Option(help="The same seed makes the same past.")] = 7,
    frozen: Annotated[bool, typer.Option("--frozen", help="Clock stopped, no traffic, fixed test keys.")] = False,
    rate: Annotated[float, typer.Option(min=0.0, help="Leads a minute.")] = LEADS_PER_MINUTE,
    leads: Annotated[int, typer.Option(min=1, max=LEADS_MOST, help="About how many leads its past has.")] = LEADS,
    reset: Annotated[bool, typer.Option("--reset", help="Delete the demo's data first.")] = False,
    public: Annotated[bool, typer.Option("--public", help="Allow a --host that others can reach.")] = False,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the console.")] = False,
    stream: Annotated[Path | None, typer.Option(help="Replay a JSON-lines file of leads instead.")] = None,
    leave: Annotated[bool, typer.Option("--exit", help="End when the stream has.")] = False,
) -> None:
    """Run a whole market that needs no network. Its data is in --data (~/.local/share/exchange/demo)."""
    from exchange.commands.opening import sentence_of
    from exchange.commands.place import free_port
    from exchange.commands.serve import listening_problem, listening_problems
    from exchange.demo.folder import LOG, NotADemo
    from exchange.demo.run import Wanted
    from exchange.demo.stream import BadStream
    from exchange.log import start_logging
    from exchange.storage.database import StorageError
    from exchange.storage.file_lock import FileInUse
    from exchange.storage.migrate import SchemaMismatch
    from exchange.web.app import loop_factory

    terminal: Terminal = context.obj
    if host not in LOOPBACK and not public:
        raise Stop(
            Exit.REFUSED,
            f"Others could reach the demo at {host}, and its keys and users are in print. Say --public to allow it.",
        )
    if stream is not None and not stream.is_file():
        raise Stop(Exit.UNREACHABLE, f"There is no file {stream}.")
    kind = "demo-stream" if stream is not None else "demo-frozen" if frozen else "demo"
    folder = terminal.data or default_folder(kind)
    if port == 0:
        with listening_problems():
            port = free_port(host)
    wanted = Wanted(folder.absolute(), host, port, seed, frozen, public, reset, stream, leads)
    try:
        wanted.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        view = View(terminal, rate, browser=not no_browser, leave=leave or not sys.stdout.isatty())
        with (wanted.folder / LOG).open("a", encoding="utf-8") as file:
            log = start_logging(file)
            try:
                with asyncio.Runner(loop_factory=loop_factory()) as runner:
                    runner.run(_demo(wanted, view))
            finally:
                log.close()
    except NotADemo as error:
        raise Stop(Exit.REFUSED, f"{error}. Say --data with another folder.") from error
    except SchemaMismatch as error:
        raise Stop(Exit.UNREACHABLE, f"{error} Or begin again: exchange demo --reset.") from error
    except FileInUse as error:
        raise Stop(Exit.REFUSED, "This demo runs already. Say --data and --port for a second one.") from error
    except BadStream as error:
        raise Stop(Exit.FAILED, f"The stream cannot be replayed: {error}.") from error
    except StorageError as error:
        raise Stop(Exit.UNREACHABLE, sentence_of(error)) from error
    except OSError as error:
        raise listening_problem(error, port=port) from error


def default_folder(name: str) -> Path:
    home = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return home / "exchange" / name


@dataclass(frozen=True, slots=True)
class View:
    """How the person who started it wants to see it."""

    terminal: Terminal
    per_minute: float
    browser: bool
    leave: bool


async def _demo(wanted: Wanted, view: View) -> None:
    from exchange.bootstrap import besides, listeners
    from exchange.clock import SystemClock
    from exchange.commands.progress import finished, progress
    from exchange.demo.run import HISTORY_DAYS, opened_demo
    from exchange.demo.tries import Tries
    from exchange.web.app import build_app, serve

    began = SystemClock().monotonic()
    made = 0
    label = f"Seeding {HISTORY_DAYS} days of history"
    async with AsyncExitStack() as open_now:
        with progress(view.terminal, label, wanted.history_leads, SystemClock()) as bar:

            def on_lead(count: int) -> None:
                nonlocal made
                made = count
                bar.at(min(count, wanted.history_leads), "leads")

            running = await open_now.enter_async_context(opened_demo(wanted, on_lead))
        if made:
            finished(view.terminal, label, f"{made:,} leads   {SystemClock().monotonic() - began:.1f} s")
        take = listeners(running.settings)
        tries = Tries(running.market, wanted.folder) if wanted.stream is None else None
        app = build_app(running.market, running.settings, beside=besides(), listeners=take, to_try=tries)
        stop, up = asyncio.Event(), asyncio.Event()
        addresses: list[str] = []

        def started(address: str) -> None:
            addresses.append(address)
            up.set()

        serving = asyncio.create_task(serve(app, running.settings, started=started, stop=stop))
        listening = asyncio.create_task(up.wait())
        await asyncio.wait([serving, listening], return_when=asyncio.FIRST_COMPLETED)
        listening.cancel()
        try:
            if addresses:
                await _show(running, view, addresses[0], stop)
        finally:
            stop.set()
            await serving


async def _show(running: Running, view: View, address: str, stop: asyncio.Event) -> None:
    """What happens while the demo serves. Ends by itself or is cut off when it stops."""
    from exchange.commands.demo_words import banner, links_of
    from exchange.demo.run import traffic

    links = await links_of(running)
    view.terminal.result(*banner(running, links, view.per_minute))
    opens = view.browser and sys.stdout.isatty() and _has_desktop()
    if opens:
        _open(links[0][1])
    base = address.replace("0.0.0.0", "127.0.0.1")
    if not running.wanted.frozen:
        running.begin()
    if running.wanted.stream is not None:
        await _until(stop, _replay(running, view, base, stop))
        return
    sellers = traffic(running, base, view.per_minute or 1.0, lambda event: None)
    goes = not running.wanted.frozen and view.per_minute > 0
    work = [_lines(running, view), *([sellers.run(), _acts(running, base)] if goes else [])]
    await _until(stop, *work, keys=_actions(view, sellers if goes else None, links[0][1], stop))


async def _acts(running: Running, base: str) -> None:
    """What goes on beside the leads, as long as the demo runs."""
    from aiohttp import ClientSession

    from exchange.demo.acts import Scene, acts, play_all

    async with ClientSession() as session:
        await play_all(Scene(running, base, session), acts())


async def _until(
    stop: asyncio.Event, *work: Coroutine[Any, Any, None], keys: dict[str, Callable[[], None]] | None = None
) -> None:
    """All of the work until it ends or the demo stops. What fails in it ends the demo with its error."""
    from exchange.commands.keys_pressed import keys_pressed

    tasks = [asyncio.create_task(each) for each in work]
    for task in tasks:
        task.add_done_callback(lambda ended: stop.set() if not ended.cancelled() and ended.exception() else None)
    with keys_pressed(keys or {"q": stop.set}):
        await stop.wait()
    for task in tasks:
        task.cancel()
    for error in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(error, Exception):
            raise error


async def _lines(running: Running, view: View) -> None:
    """One line per lead, as they are answered."""
    from exchange.commands.lead_lines import document, line, wanted
    from exchange.commands.opening import zone_of
    from exchange.flows.watch import watch

    zone = ZoneInfo(zone_of(view.terminal, running.settings.zone))
    async for lead in watch(running.market):
        if wanted(lead, "", ""):
            view.terminal.result(document(lead), [line(view.terminal, lead, zone)])


def _actions(view: View, sellers: Traffic | None, console: str, stop: asyncio.Event) -> dict[str, Callable[[], None]]:
    def pause() -> None:
        if sellers is not None:
            (sellers.resume if sellers.paused else sellers.pause)()
            view.terminal.remark(f"  traffic {'paused' if sellers.paused else 'goes on'}")

    return {"q": stop.set, "p": pause, "o": lambda: _open(console)}


async def _replay(running: Running, view: View, address: str, stop: asyncio.Event) -> None:
    """The whole file on its own clock, then a summary."""
    from aiohttp import ClientSession

    from exchange.clock import SetClock, SystemClock
    from exchange.commands.demo_words import links_of, summary_of
    from exchange.commands.progress import progress
    from exchange.demo.run import access
    from exchange.demo.stream import Replay, StreamEvent

    stream = running.wanted.stream
    assert stream is not None and isinstance(running.clock, SetClock)
    with stream.open("rb") as lines:
        total = sum(1 for each in lines if each.strip())
    clock = SystemClock()
    began = clock.monotonic()
    async with ClientSession() as session:
        replay = Replay(address, access(running), running.clock, session)
        with progress(view.terminal, "Replaying", total, clock) as bar:

            def on_event(event: StreamEvent) -> None:
                bar.at(replay.summary.rows, _counts(replay.summary))

            await replay.run(stream, on_event)
    view.terminal.result(*summary_of(replay.summary, clock.monotonic() - began))
    for who, link in (await links_of(running))[:1]:  # the stream's clock has run past the first ones
        view.terminal.remark(f"  {who:<20} {link}")
    if view.leave:
        stop.set()
    else:
        view.terminal.remark("  The console stays open. Press q to quit.")


def _counts(summary: StreamSummary) -> str:
    sold, unsold = summary.statuses["accepted"], summary.statuses["unsold"]
    return f"sold {sold:,}  unsold {unsold:,}  rejected {summary.rows - sold - unsold:,}"


def _has_desktop() -> bool:
    """Whether a browser would open where the person sits."""
    if os.environ.get("SSH_CONNECTION"):
        return False
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(link: str) -> None:
    import webbrowser

    webbrowser.open(link)
