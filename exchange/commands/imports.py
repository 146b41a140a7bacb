"""`exchange import`: a file of leads into a campaign, resumable at any row."""

from __future__ import annotations

import asyncio
import re
import signal
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.commands.terminal import Exit, Stop, Terminal
from exchange.model.lead import Kind, Mode

if TYPE_CHECKING:
    from exchange.commands.result_file import ResultFile
    from exchange.flows.market import Market
    from exchange.model.batch import Batch, Columns
    from exchange.model.party import Campaign
    from exchange.storage.imports import ImportRow

_RATE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(?:/(s|min|h))?")
_SECONDS: Mapping[str, int] = {"s": 1, "min": 60, "h": 3_600}


def import_file(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="CSV or JSON lines.")] = None,
    campaign: Annotated[str, typer.Option(help="The campaign that the leads are sent through.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only check the rows; store nothing.")] = False,
    rate: Annotated[str, typer.Option(help="At most so many rows: 20/s, 600/min.")] = "",
    resume: Annotated[str, typer.Option(help="Go on with a stopped import.")] = "",
    mapping: Annotated[Path | None, typer.Option("--map", help="TOML: [columns] theirs = ours, [constants].")] = None,
    test: Annotated[bool, typer.Option("--test", help="As test leads, to simulated buyers only.")] = False,
) -> None:
    """Sell a file of leads row by row. Columns are named as in the API, or as --map says."""
    from exchange.commands.opening import run

    wanted = Asked(file, campaign, dry_run, rate, mapping, Mode.TEST if test else Mode.LIVE)
    if resume and (file is not None or campaign or dry_run or mapping is not None or test):
        raise Stop(Exit.USAGE, "--resume knows its file, campaign and mapping: say it alone, or with --rate.")
    if not resume and (file is None or not campaign):
        raise Stop(Exit.USAGE, "Say a file and its --campaign, or --resume with an import's id.")
    per_second(rate)
    run(_import(context.obj, wanted, resume))


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's own arguments."""

    file: Path | None
    campaign: str
    dry_run: bool
    rate: str
    mapping: Path | None
    mode: Mode


def per_second(rate: str) -> float:
    """`20/s`, `20`, `600/min`, `5000/h` as rows a second; 0 for as they come."""
    if not rate:
        return 0.0
    found = _RATE.fullmatch(rate)
    if found is None or not float(found[1]):
        raise Stop(Exit.USAGE, f"{rate} is no rate: say 20/s or 600/min.")
    return float(found[1]) / _SECONDS[found[2] or "s"]


async def _import(terminal: Terminal, asked: Asked, resume: str) -> None:
    from exchange.commands.import_check import check_rows
    from exchange.commands.opening import opened_market, settings_of

    async with opened_market(settings_of(terminal), writer=not asked.dry_run) as market:
        if resume:
            await _resume(terminal, market, resume, asked.rate)
            return
        assert asked.file is not None
        campaign = _campaign(market, asked.campaign)
        batch, columns = _looked_through(asked.file), read_mapping(asked.mapping)
        _tell_columns(terminal, market, campaign, batch, columns)
        if asked.dry_run:
            await check_rows(terminal, market, campaign, asked.mode, batch, columns)
            return
        job = await _begin(terminal, market, campaign, batch, columns, asked)
        await _go(terminal, market, job, batch, columns)


def _campaign(market: Market, name: str) -> Campaign:
    found = market.deals.campaigns.get(name)
    if found is None:
        there = ", ".join(sorted(market.deals.campaigns)[:20]) or "none yet"
        raise Stop(Exit.FAILED, f"There is no campaign {name}. There are {there}.")
    return found


def _looked_through(file: Path) -> Batch:
    from exchange.intake.batch import BadFile, look_through

    try:
        return look_through(file.absolute())
    except BadFile as error:
        raise Stop(Exit.FAILED, str(error)) from error
    except OSError as error:
        raise Stop(Exit.UNREACHABLE, f"{file} cannot be read: {error.strerror}.") from error


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


def _tell_columns(terminal: Terminal, market: Market, campaign: Campaign, batch: Batch, columns: Columns) -> None:
    """How columns are understood. A target of the mapping that is no field, or no known column, is wrong usage."""
    names = market.deals.names[campaign.id]
    targets = {*columns.columns.values(), *columns.constants} - {""}
    if wrong := sorted(name for name in targets if names.canonical(name) is None):
        raise Stop(Exit.USAGE, f"{campaign.name} has no field {', '.join(wrong)}: mend the mapping.")
    if batch.kind == "json":
        return
    meant = {column: columns.columns.get(column, column) for column in batch.columns if column}
    known = {column: name for column, to in meant.items() if (name := names.canonical(to)) is not None}
    unknown = [column for column, to in meant.items() if to and column not in known]
    if not known:
        raise Stop(
            Exit.FAILED,
            f"No column of {batch.path.name} is a field of {campaign.name}. Is its first line a header? "
            "Name the columns with --map.",
        )
    renamed = [f"{column} is {name}" for column, name in known.items() if column != name]
    if renamed:
        terminal.remark(f"  Columns     {', '.join(renamed)}")
    if unknown:
        terminal.remark(f"  Not known   {', '.join(unknown)}: kept with the raw row, not sold")
    needed = names.required[Kind.DIRECT] - set(known.values()) - set(columns.constants)
    if missing := sorted(needed - _made_of(set(known.values()))):
        terminal.remark(f"  Missing     {', '.join(missing)}: rows without them are invalid")


def _made_of(known: set[str]) -> set[str]:
    """What the line works out by itself: names out of a full name, the state out of the ZIP."""
    made = {"first_name", "last_name"} if "full_name" in known else set()
    return made | ({"state"} if "zip" in known else set())


async def _begin(
    terminal: Terminal,
    market: Market,
    campaign: Campaign,
    batch: Batch,
    columns: Columns,
    asked: Asked,
) -> ImportRow:
    import json

    from exchange.commands.opening import operator
    from exchange.flows.imports import begin
    from exchange.storage.imports import imports_of_file

    earlier = await market.db.read(imports_of_file, batch.sha256, campaign.id, asked.mode.value)
    if earlier:
        last = earlier[0]
        done = last.state == "done"
        state = (
            "done" if done else f"stopped before row {last.next_row:,}; go on with exchange import --resume {last.id}"
        )
        told = f"{batch.path.name} was imported into {campaign.id} before: {last.id}, {state}."
        terminal.remark(f"  {told}")
        terminal.confirm("Import it once more, from its first row?", told)
    mapping = json.dumps({"columns": dict(columns.columns), "constants": dict(columns.constants)})
    return await begin(market, campaign.id, asked.mode, str(batch.path), batch.sha256, mapping, asked.rate, operator())


async def _resume(terminal: Terminal, market: Market, import_id: str, rate: str) -> None:
    import json
    from dataclasses import replace

    from exchange.model.batch import Columns
    from exchange.storage.imports import find_import

    job = await market.db.read(find_import, import_id)
    if job is None:
        raise Stop(Exit.FAILED, f"There is no import {import_id}.")
    if job.state == "done":
        raise Stop(Exit.REFUSED, f"{import_id} is done: {job.next_row - 1:,} rows.")
    _campaign(market, job.campaign_id)
    batch = _looked_through(Path(job.file_name))
    if batch.sha256 != job.file_hash:
        raise Stop(Exit.REFUSED, f"{job.file_name} is not the file it was when {import_id} began.")
    if rate:
        job = replace(job, per_second=rate)
    await _go(terminal, market, job, batch, Columns(**json.loads(job.mapping)))


async def _go(terminal: Terminal, market: Market, job: ImportRow, batch: Batch, columns: Columns) -> None:
    """Sell what is left of the file, holding the import for this process alone."""
    from exchange.commands.result_file import InUse, ResultFile, result_path

    path = result_path(batch.path, job.id, batch.kind)
    try:
        results = ResultFile(path, batch, job.result_bytes)
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
    from exchange.flows.imports import finish_interrupted, run_import
    from exchange.storage.database import StorageError

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        loop.add_signal_handler(number, stop.set)
    terminal.remark(f"  Import      {job.id}, {batch.rows - job.next_row + 1:,} of {batch.rows:,} rows to go")
    began, first = market.clock.monotonic(), job.next_row
    try:
        await finish_interrupted(market, job)
        with progress(terminal, "Importing", batch.rows, market.clock) as bar:

            def on_row(number: int, counts: Mapping[str, int]) -> None:
                bar.at(number, _note(number - first + 1, batch.rows - number, market.clock.monotonic() - began, counts))

            return await run_import(
                market,
                job,
                market.doors.records(batch, columns, job.next_row - 1),
                results,
                per_second=per_second(job.per_second),
                stop=stop,
                on_row=on_row,
            )
    except StorageError as error:
        raise Stop(Exit.UNREACHABLE, f"{sentence_of(error)} Go on with exchange import --resume {job.id}") from error
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
        "done": job.next_row - 1,
        "counts": dict(job.counts),
        "result": str(path),
    }
    if job.state == "paused":
        again = f"exchange import --resume {job.id}"
        document |= {"resume": again, "error": "interrupted", "exit": int(Exit.INTERRUPTED)}
        terminal.result(document, [f"  Paused at row {job.next_row - 1:,}. Resume: {again}"])
        raise Stop(Exit.INTERRUPTED)
    terminal.result(document, [f"  Imported    {batch.rows:,} rows   {counted(job.counts)}", f"  Result      {path}"])
    if any(job.counts.get(status, 0) for status in FAILED):
        raise Stop(Exit.SOME_FAILED)
