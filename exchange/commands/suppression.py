"""`exchange suppression`: lists of people who must not be sold; files brought to them, and where somebody stands."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.flows.list_desk import Wish
    from exchange.flows.market import Market
    from exchange.model.suppression import ListRow

_CHUNK_BYTES = 256 * 1024
_NAME = Annotated[str, typer.Argument(help="The list's name.")]
_KIND = Annotated[str, typer.Option(help="What it holds: phone, email or person.")]
_VERTICAL = Annotated[str, typer.Option(help="A vertical, whose list it is.")]
_BUYER = Annotated[str, typer.Option(help="A buyer, whose own list it is.")]


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    ours = "exchange suppression"
    return (
        ("list", list_all, f"{ours} list", f"{ours} list --json"),
        (
            "add",
            add,
            f"{ours} add customers customers.csv --buyer acme --kind email",
            f"{ours} add national dnc.txt --purpose dnc_national --dated 2026-11-20 --mode replace",
        ),
        ("check", check, f"{ours} check 6025550142", f"{ours} check - --json < one-address.txt"),
        (
            "remove",
            remove,
            f"{ours} remove customers --buyer acme --kind email",
            f"{ours} remove partners gone.csv",
        ),
        (
            "drop",
            drop,
            f"{ours} drop 20261112_4821_Email.csv --dry-run",
            f"{ours} drop 20261112_4821_Email.csv --yes",
        ),
    )


def list_all(context: typer.Context) -> None:
    """Every list: whose it is, what being on it means, rows, and how old its data are."""
    from exchange.commands.opening import run

    run(_list(context.obj))


async def _list(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, settings_of, zone_of
    from exchange.storage.suppression import all_lists

    settings = settings_of(terminal)
    zone = ZoneInfo(zone_of(terminal, settings.zone))
    async with opened_market(settings) as market:
        rows = await market.db.read(all_lists)
        late = {each.row.id: len(each.late) for each in market.lists}
        unreadable = {each.row.id for each in market.lists if each.unreadable}
    shown = [
        (
            row.name,
            row.where,
            row.purpose.value + (f" {row.us_state}" if row.us_state else ""),
            f"{row.hash or 'no'} {row.kind}s",
            f"{row.rows:,} rows" + (f" and {late[row.id]:,} changes" if late.get(row.id) else ""),
            f"of {datetime.fromtimestamp(row.dated_at / 1000, zone):%d %b %Y}",
            "cannot be read" if row.id in unreadable else "",
        )
        for row in rows
    ]
    fields = [{**list_fields(row), "readable": row.id not in unreadable} for row in rows]
    terminal.result(fields, columns(shown) or ["  There is no list."])
    if unreadable:
        raise Stop(Exit.CHECK_FAILED)


def list_fields(row: ListRow) -> dict[str, object]:
    return {
        "list_id": row.id,
        "name": row.name,
        "scope": row.scope.value,
        "party": row.party,
        "purpose": row.purpose.value,
        "state": row.us_state,
        "kind": row.kind,
        "hash": row.hash,
        "rows": row.rows,
        "dated_at": row.dated_at,
        "changed_at": row.changed_at,
        "changed_by": row.changed_by,
    }


def add(
    context: typer.Context,
    name: _NAME,
    file: Annotated[Path, typer.Argument(help="One value a line, or CSV; plain or hashed.")],
    kind: _KIND = "phone",
    vertical: _VERTICAL = "",
    buyer: _BUYER = "",
    purpose: Annotated[
        str, typer.Option(help="suppression, dnc_national, dnc_state, dnc_internal, litigator or drop.")
    ] = "suppression",
    state: Annotated[str, typer.Option(help="The state of a dnc_state list.")] = "",
    mode: Annotated[str, typer.Option(help="add, replace, or changes (each row says A or D).")] = "add",
    hash_name: Annotated[str, typer.Option("--hash", help="plain, md5, sha1 or sha256; the file tells.")] = "",
    column: Annotated[str, typer.Option(help="The column's name or number; it is guessed.")] = "",
    dated: Annotated[str, typer.Option(help="The day the data are of, as 2026-11-20.")] = "",
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Go on without rows that cannot be used.")] = False,
) -> None:
    """Bring a file to a list, which is made if there is none. Its values are hashed on the way in; in force at once."""
    from exchange.commands.opening import run

    wish = _wish(name, kind, vertical, buyer, purpose, state)
    options = {"mode": mode, "hash": hash_name, "column": column, "leave_out_wrong": leave_out, "dated": dated}
    run(_bring(context.obj, wish, file, options))


def _wish(name: str, kind: str, vertical: str, buyer: str, purpose: str = "suppression", state: str = "") -> Wish:
    from exchange.flows.list_desk import Wish
    from exchange.model.suppression import Purpose, Scope

    if vertical and buyer:
        raise Stop(Exit.USAGE, "A list is a vertical's or a buyer's, not both.")
    try:
        meant = Purpose(purpose)
    except ValueError:
        raise Stop(Exit.USAGE, f"--purpose is one of {', '.join(each.value for each in Purpose)}.") from None
    scope = Scope.VERTICAL if vertical else Scope.BUYER if buyer else Scope.EXCHANGE
    return Wish(name, kind, scope, vertical or buyer, meant, state.upper())


async def _bring(terminal: Terminal, wish: Wish, file: Path, given: dict[str, Any]) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.commands.progress import finished, progress
    from exchange.flows.list_desk import BadWish, bring, make_list
    from exchange.flows.list_load import Options, Refused
    from exchange.stages.suppression.forms import HASHES
    from exchange.stages.suppression.rows import Mode

    if given["mode"] not in [each.value for each in Mode]:
        raise Stop(Exit.USAGE, f"--mode is one of {', '.join(each.value for each in Mode)}.")
    if given["hash"] and given["hash"] not in HASHES:
        raise Stop(Exit.USAGE, f"--hash is one of {', '.join(HASHES)}.")
    options = Options(
        Mode(given["mode"]), given["hash"], given["column"], given["leave_out_wrong"], _day(given["dated"])
    )
    if not file.is_file():
        raise Stop(Exit.UNREACHABLE, f"There is no file {file}.")
    async with opened_market(settings_of(terminal)) as market:
        try:
            row = await make_list(market, wish, operator())
            with progress(terminal, "Read", None, market.clock) as bar:
                done = await bring(
                    market,
                    row,
                    file.name,
                    options,
                    _chunks(file),
                    operator(),
                    on_rows=lambda rows: bar.at(rows, "rows"),
                )
        except BadWish as error:
            raise Stop(Exit.USAGE, f"{error.field}: {error}") from error
        except Refused as error:
            raise Stop(Exit.FAILED, str(error), error.problems) from error
        except OSError as error:
            raise Stop(Exit.UNREACHABLE, f"{file} cannot be read: {error.strerror}.") from error
    finished(terminal, "Read", f"{done.rows:,} rows of {file.name}")
    terminal.remark(*(f"  left out, {problem}" for problem in done.problems))
    fields = {**list_fields(done.row), "rows_read": done.rows, "left_out": done.left_out, "problems": done.problems}
    terminal.result(
        fields, [f"  {done.row.name} ({done.row.where}) holds {done.row.rows:,} {done.row.hash} {row.kind}s."]
    )
    if done.left_out:
        raise Stop(Exit.SOME_FAILED)


def _day(text: str) -> int:
    if not text:
        return 0
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Stop(Exit.USAGE, f"--dated is a day such as 2026-11-20, not {text[:20]}.") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk


def check(
    context: typer.Context,
    value: Annotated[str, typer.Argument(help="A phone, an email address or a hash of one; - reads it from stdin.")],
) -> None:
    """On which lists a phone or an email stands. Exit 4 when it is on any, and 0 when it is on none."""
    from exchange.commands.opening import run

    run(_check(context.obj, sys.stdin.readline().strip() if value == "-" else value))


async def _check(terminal: Terminal, value: str) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.list_desk import ask

    async with opened_market(settings_of(terminal)) as market:
        found = ask(market, value)
    if found is None:
        raise Stop(Exit.USAGE, "That is no phone, no email address and no hash of one.")
    lines = columns([(row.name, row.where, row.purpose.title) for row in found.hits])
    lines += [f"  {row.name} ({row.where}) cannot be read" for row in found.unreadable]
    fields = {
        "lists": [list_fields(row) for row in found.hits],
        "unreadable": [list_fields(row) for row in found.unreadable],
        "asked": found.asked,
    }
    terminal.result(fields, lines or [f"  On none of {found.asked} lists."])
    if found.hits or found.unreadable:
        raise Stop(Exit.CHECK_FAILED)


def remove(
    context: typer.Context,
    name: _NAME,
    file: Annotated[Path | None, typer.Argument(help="Its rows go; without a file the list itself goes.")] = None,
    kind: _KIND = "phone",
    vertical: _VERTICAL = "",
    buyer: _BUYER = "",
) -> None:
    """Take rows from a list, or the whole list away. What is taken away is not asked any more, at once."""
    from exchange.commands.opening import run

    run(_remove(context.obj, _wish(name, kind, vertical, buyer), file))


async def _remove(terminal: Terminal, wish: Wish, file: Path | None) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.list_desk import remove as remove_list

    async with opened_market(settings_of(terminal)) as market:
        row = _found(market, wish)
        if file is None:
            terminal.confirm(f"Remove {row.name} with {row.rows:,} rows?", f"{row.name} stays as it is.")
            await remove_list(market, row, operator())
            terminal.result({**list_fields(row), "removed": True}, [f"  {row.name} is asked no more."])
            return
    meant = wish.__class__(row.name, row.kind, row.scope, row.party, row.purpose, row.us_state)
    dated = f"{datetime.fromtimestamp(row.dated_at / 1000, UTC):%Y-%m-%d}"
    options = {"mode": "remove", "hash": "", "column": "", "leave_out_wrong": False, "dated": dated}
    await _bring(terminal, meant, file, options)


def _found(market: Market, wish: Wish) -> ListRow:
    for each in market.lists:
        row = each.row
        if (row.name, row.kind, row.scope, row.party) == (wish.name, wish.kind, wish.scope, wish.party):
            return row
    names = sorted(f"{each.row.name}: {each.row.kind}s, {each.row.where}" for each in market.lists)
    raise Stop(Exit.FAILED, f"There is no list {wish.name} of {wish.kind}s.", names)


def drop(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file of DROP, such as 20261112_4821_Email.csv.")],
    out: Annotated[Path | None, typer.Option(help="Where the answers go; unless said, beside the file.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be erased, and erase nothing.")] = False,
) -> None:
    """Process a deletion list of California: erase whom it means, keep them out, and write the answers to send back."""
    from exchange.commands.opening import run

    run(_drop(context.obj, file, out, dry_run))


async def _drop(terminal: Terminal, file: Path, out: Path | None, dry: bool) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.flows.drop import BadDrop, run_drop
    from exchange.flows.list_load import Refused

    if not file.is_file():
        raise Stop(Exit.UNREACHABLE, f"There is no file {file}.")
    if not dry:
        terminal.confirm("Erase the leads of everybody on it?", "Nothing was erased.")
    async with opened_market(settings_of(terminal)) as market:
        try:
            report = await run_drop(market, file, operator(), dry=dry)
        except (BadDrop, Refused) as error:
            raise Stop(Exit.FAILED, str(error)) from error
    target = out or file.with_name(f"{file.stem}_response.csv")
    if report.answers and not dry:
        target.write_text(report.answers, "utf-8")
    fields = {
        "list": report.list_type,
        "rows": report.rows,
        "erased": report.erased,
        "under_way": report.under_way,
        "answers": dict(report.counts),
        "file": str(target) if report.answers and not dry else None,
    }
    told = ", ".join(f"{count:,} {_ANSWERS[code]}" for code, count in sorted(report.counts.items())) or "no answers"
    terminal.result(fields, [f"  {report.rows:,} rows: {told}; {report.erased:,} leads erased."])
    if report.under_way:
        terminal.remark(f"  {report.under_way:,} leads are being sold just now. Run it again.")
        raise Stop(Exit.SOME_FAILED)


_ANSWERS = {"3": "deleted", "4": "opted out", "5": "not found"}
