"""`exchange import`: a file of leads into a campaign, resumable at any row."""

from __future__ import annotations

import asyncio
import signal
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.commands.terminal import Exit, Stop, Terminal
from exchange.model.lead import Mode

if TYPE_CHECKING:
    from exchange.flows.import_results import ResultFile
    from exchange.flows.market import Market
    from exchange.model.batch import Batch, Columns
    from exchange.model.importing import ImportRow
    from exchange.model.party import Campaign


def import_file(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="CSV, XLSX, XLS or JSON lines.")] = None,
    campaign: Annotated[str, typer.Option(help="The campaign that the leads are sent through.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the rows; store nothing.")] = False,
    rate: Annotated[str, typer.Option(help="At most so many rows: 20/s, 600/min.")] = "",
    resume: Annotated[str, typer.Option(help="Go on with a stopped import.")] = "",
    mapping: Annotated[
        Path | None, typer.Option("--map", help="TOML: columns (theirs = ours), constants; goes before the guess.")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="As test leads, to simulated buyers only.")] = False,
    order: Annotated[str, typer.Option(help="file, best (earns most) or newest consent.")] = "",
    hours: Annotated[str, typer.Option(help="Only between: 09:00-17:30 America/Phoenix.")] = "",
    stop_percent: Annotated[int | None, typer.Option(min=1, max=100, help="Stop when more are refused.")] = None,
) -> None:
    """Sell a file of leads row by row. Columns are guessed by name, alias and content, or are as --map says."""
    from exchange.commands.opening import run

    how = How(rate, read_order(order), read_hours_of(hours), stop_percent)
    wanted = Asked(file, campaign, dry_run, mapping, Mode.TEST if test else Mode.LIVE, how)
    known = file is not None or campaign or dry_run or mapping is not None or test or order
    if resume and known:
        alone = "say it alone, or with --rate, --hours or --stop-percent."
        raise Stop(Exit.USAGE, f"--resume knows its file, campaign, mapping and order: {alone}")
    if not resume and (file is None or not campaign):
        raise Stop(Exit.USAGE, "Say a file and its --campaign, or --resume with an import's id.")
    per_second(rate)
    run(_import(context.obj, wanted, resume))


@dataclass(frozen=True, slots=True)
class How:
    """How fast its rows are sold, in which order, at which hours (None: not said), and what share refused stops it."""

    rate: str
    sort: str
    hours: str | None
    stop_percent: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's own arguments."""

    file: Path | None
    campaign: str
    dry_run: bool
    mapping: Path | None
    mode: Mode
    how: How


def read_order(order: str) -> str:
    from exchange.model.importing import FILE, SORTS

    if order and order not in SORTS:
        raise Stop(Exit.USAGE, f"{order} is no order: say {', '.join(SORTS[:-1])} or {SORTS[-1]}.")
    return order or FILE


def read_hours_of(hours: str) -> str | None:
    """`09:00-17:30`, with a zone or without, as it is kept; empty for `any`, None when nothing was said."""
    from exchange.model.hours import read_hours

    if not hours or hours == "any":
        return "" if hours else None
    found = read_hours(hours)
    if found is None:
        raise Stop(Exit.USAGE, f"{hours} are no hours: say 09:00-17:30, '09:00-17:30 America/Phoenix', or any.")
    return found.text


def per_second(rate: str) -> float:
    """`20/s`, `20`, `600/min`, `5000/h` as rows a second; 0 for as they come."""
    from exchange.flows.import_desk import parse_rate

    found = parse_rate(rate)
    if found is None:
        raise Stop(Exit.USAGE, f"{rate} is no rate: say 20/s or 600/min.")
    return found


async def _import(terminal: Terminal, asked: Asked, resume: str) -> None:
    from exchange.commands.import_check import check_rows
    from exchange.commands.import_file import looked_through, understood
    from exchange.commands.opening import opened_market, settings_of

    with tempfile.TemporaryDirectory(prefix="exchange-") as spool:
        async with opened_market(settings_of(terminal), writer=not asked.dry_run) as market:
            if resume:
                await _resume(terminal, market, resume, asked.how, Path(spool))
                return
            assert asked.file is not None
            campaign = _campaign(market, asked.campaign)
            batch = looked_through(market, asked.file, Path(spool))
            columns = understood(terminal, market, campaign, batch, read_mapping(asked.mapping))
            if asked.dry_run:
                await check_rows(terminal, market, campaign, asked.mode, batch, columns)
                return
            job = await _begin(terminal, market, campaign, asked.file.absolute(), batch, columns, asked)
            await _go(terminal, market, job, batch, columns)


def _campaign(market: Market, name: str) -> Campaign:
    found = market.deals.campaigns.get(name)
    if found is None:
        there = ", ".join(sorted(market.deals.campaigns)[:20]) or "none yet"
        raise Stop(Exit.FAILED, f"There is no campaign {name}. There are {there}.")
    return found


def read_mapping(file: Path | None) -> Columns:
    """A mapping file. Unknown tables and values that are no text are refused."""
    from exchange.model.batch import Columns

    if file is None:
        return Columns()
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise Stop(Exit.UNREACHABLE, f"{file} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Stop(Exit.USAGE, f"{file}: {error}.") from error
    tables = {name: found.pop(name, {}) for name in ("columns", "constants")}
    wrong = list(found)
    wrong += [
        f"{table}.{name}"
        for table, values in tables.items()
        for name, value in (values.items() if isinstance(values, dict) else [("", values)])
        if not isinstance(value, str)
    ]
    if wrong:
        raise Stop(Exit.USAGE, f"{file}: {', '.join(wrong)}: write [columns] and [constants] with texts.")
    return Columns(tables["columns"], tables["constants"])


async def _begin(
    terminal: Terminal,
    market: Market,
    campaign: Campaign,
    file: Path,
    batch: Batch,
    columns: Columns,
    asked: Asked,
) -> ImportRow:
    from exchange.commands.opening import operator
    from exchange.flows.import_desk import SameFile, as_text
    from exchange.flows.imports import begin
    from exchange.storage.imports import imports_of_file

    earlier = await market.db.read(imports_of_file, batch.sha256, campaign.id, asked.mode.value)
    if earlier:
        last = earlier[0]
        done = last.state == "done"
        again = terminal.command(f"import --resume {last.id}")
        state = "done" if done else f"stopped before row {last.next_row:,}; go on with {again}"
        told = f"{file.name} was imported into {campaign.id} before: {last.id}, {state}."
        terminal.remark(f"  {told}")
        terminal.confirm("Import it once more, from its first row?", told)
    how = asked.how
    facts = (campaign.id, asked.mode, str(file), batch.sha256, as_text(columns), how.rate, operator())
    try:
        return await begin(
            market,
            *facts,
            again=bool(earlier),
            sort=how.sort,
            hours=how.hours or "",
            stop_percent=how.stop_percent,
        )
    except SameFile as same:
        raise Stop(Exit.REFUSED, f"{file.name} was begun a moment ago, as {same.earlier.id}.") from None


async def _resume(terminal: Terminal, market: Market, import_id: str, how: How, spool: Path) -> None:
    from exchange.commands.import_file import looked_through
    from exchange.flows.import_desk import columns_of
    from exchange.flows.imports import take_up
    from exchange.storage.imports import find_import

    job = await market.db.read(find_import, import_id)
    if job is None:
        raise Stop(Exit.FAILED, f"There is no import {import_id}.")
    if job.held:
        raise Stop(Exit.REFUSED, f"{import_id} is worked by the server: go on with it in the console or by the API.")
    if job.state == "done":
        raise Stop(Exit.REFUSED, f"{import_id} is done: {job.done_rows:,} rows.")
    _campaign(market, job.campaign_id)
    batch = looked_through(market, Path(job.file_name), spool)
    if batch.sha256 != job.file_hash:
        raise Stop(Exit.REFUSED, f"{job.file_name} is not the file it was when {import_id} began.")
    if not await take_up(market, import_id, how.rate or None, how.hours, how.stop_percent):
        raise Stop(Exit.REFUSED, f"{import_id} was {job.state}.")
    taken_up = await market.db.read(find_import, import_id)
    await _go(terminal, market, taken_up or job, batch, columns_of(job))


async def _go(terminal: Terminal, market: Market, job: ImportRow, batch: Batch, columns: Columns) -> None:
    """Sell what is left of the file, holding the import for this process alone."""
    from exchange.commands.result_file import PlainFile, result_path
    from exchange.flows.import_results import ResultFile
    from exchange.flows.sealed_file import InUse

    path = result_path(Path(job.file_name), job.id, batch.layout)
    try:
        results = ResultFile(PlainFile(path, job.result_bytes), batch.layout, begun=job.result_bytes > 0)
    except InUse:
        raise Stop(Exit.REFUSED, f"Another process works on {job.id}.") from None
    except FileNotFoundError:
        raise Stop(Exit.REFUSED, f"{path}, with the results so far, is gone. Put it back to go on.") from None
    except OSError as error:
        raise Stop(Exit.UNREACHABLE, f"{path} cannot be written: {error.strerror}.") from error
    try:
        done = await _sell(terminal, market, job, batch, columns, results)
    finally:
        results.close()
    _tell_end(terminal, done, batch, path)


async def _sell(
    terminal: Terminal, market: Market, job: ImportRow, batch: Batch, columns: Columns, results: ResultFile
) -> ImportRow:
    from exchange.commands.opening import sentence_of
    from exchange.commands.progress import progress
    from exchange.flows.import_stretches import Stretches
    from exchange.flows.imports import stopped
    from exchange.stages.respond import rfc3339
    from exchange.storage.database import StorageError

    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    terminal.remark(f"  Import      {job.id}, {batch.rows - job.next_row + 1:,} of {batch.rows:,} rows to go")
    began, first = market.clock.monotonic(), job.next_row
    try:
        with progress(terminal, "Importing", batch.rows, market.clock) as bar:

            def on_row(number: int, counts: Mapping[str, int]) -> None:
                bar.at(number, _note(number - first + 1, batch.rows - number, market.clock.monotonic() - began, counts))

            stretches = Stretches(
                market,
                lambda skipped: market.doors.records(batch.file, batch.layout, columns, skipped),
                results,
                on_row,
                lambda read: bar.at(read, "read, to put them in order"),
                lambda until: terminal.remark(f"  Waiting     for its hours, {job.hours}: until {rfc3339(until)}"),
            )
            for number in before:
                loop.add_signal_handler(number, stretches.pause)
            done = await stretches.sell(job)
            return await stopped(market, done, stretches.halt)
    except StorageError as error:
        again = terminal.command(f"import --resume {job.id}")
        raise Stop(Exit.UNREACHABLE, f"{sentence_of(error)} Go on with {again}") from error
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


def _note(done: int, left: int, seconds: float, counts: Mapping[str, int]) -> str:
    """`20/s   10 min left   sold 4,911  unsold 6,530  rejected 603`"""
    speed = done / seconds if seconds > 0 else 0.0
    wait = left / speed if speed else 0.0
    shown = f"{wait / 60:.0f} min left" if wait >= 90 else f"{wait:.0f} s left"
    return f"{speed:,.0f}/s   {shown}   {counted(counts)}"


def counted(counts: Mapping[str, int]) -> str:
    """What sellers call accepted is sold to operators."""
    words = {"accepted": "sold"}
    order = ("accepted", "unsold", "duplicate", "rejected", "invalid", "queued", "error")
    known = [name for name in order if name in counts] + sorted(set(counts) - set(order))
    return "  ".join(f"{words.get(name, name)} {counts[name]:,}" for name in known) or "sold 0"


def _tell_end(terminal: Terminal, job: ImportRow, batch: Batch, path: Path) -> None:
    from exchange.flows.imports import FAILED

    document = {
        "import": job.id,
        "state": job.state,
        "rows": batch.rows,
        "done": job.done_rows,
        "counts": dict(job.counts),
        "result": str(path),
    }
    if job.state == "cancelled":
        terminal.result(document, [f"  Cancelled at row {job.done_rows:,}. What was sold stays sold."])
        raise Stop(Exit.SOME_FAILED)
    if job.state == "paused":
        again = terminal.command(f"import --resume {job.id}")
        code, why = (Exit.INTERRUPTED, "interrupted") if job.problem is None else (Exit.SOME_FAILED, job.problem)
        document |= {"resume": again, "error": why, "exit": int(code)}
        told = [] if job.problem is None else [f"  Stopped     {job.problem}"]
        terminal.result(document, [*told, f"  Paused at row {job.done_rows:,}. Resume: {again}"])
        raise Stop(code)
    terminal.result(document, [f"  Imported    {batch.rows:,} rows   {counted(job.counts)}", f"  Result      {path}"])
    if any(job.counts.get(status, 0) for status in FAILED):
        raise Stop(Exit.SOME_FAILED)
