"""`exchange reconcile`: a buyer's or a seller's book beside ours, what differs, and whose word counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exchange.commands.terminal import Exit, Stop, Terminal, columns

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.storage.reconciliations import BookFile

_ID = Annotated[str, typer.Argument(help="The reconciliation's id.")]
LISTED = 200


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    ours = "exchange reconcile"
    return (
        (
            "bring",
            bring,
            f"{ours} bring november.csv buyer:northsun",
            f"{ours} bring november.csv seller:acme --since 2026-11-01 --until 2026-11-30 --column 'Cost=price'",
        ),
        ("list", list_all, f"{ours} list", f"{ours} list --json"),
        ("show", show, f"{ours} show rcn_01KAG4", f"{ours} show rcn_01KAG4 --kind price --waiting"),
        (
            "decide",
            decide,
            f'{ours} decide rcn_01KAG4 theirs 3 --note "their invoice"',
            f'{ours} decide rcn_01KAG4 ours --kind day --note "they book by week" --yes',
        ),
    )


def bring(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV, TSV, XLSX, XLS or JSON lines.", exists=True, dir_okay=False)],
    party: Annotated[str, typer.Argument(help="Whose book it is: buyer:ID or seller:ID.")],
    currency: Annotated[str, typer.Option(help="Of its amounts; the party's first unless said.")] = "",
    since: Annotated[str, typer.Option(help="The first day that is compared, as 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(help="The last day, included.")] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(help="NAME=what it is: lead, reference, phone, email, price, at; nothing leaves it out."),
    ] = None,
) -> None:
    """Lay a book beside ours and tell what differs. Nothing is booked."""
    from exchange.commands.opening import run

    said = dict(part.rpartition("=")[::2] for part in column or ())
    if "" in said:
        raise Stop(Exit.USAGE, "--column is NAME=what it is, such as 'Cost=price'.")

    async def work(terminal: Terminal, market: Market) -> None:
        from exchange.commands.opening import operator
        from exchange.flows import reconciliations as flow
        from exchange.flows.reconciliation_told import currency_of, span_of
        from exchange.intake.batch import BadFile

        span = span_of(market, {"since": since, "until": until})
        wanted = currency_of(market, party, currency)
        try:
            file_id = await flow.bring_book(market, party, wanted, file.name, file.read_bytes(), operator())
        except BadFile as error:
            raise Stop(Exit.FAILED, str(error)) from error
        look = await flow.look_at_book(market, file_id)
        assert look is not None
        if unknown := [name for name in said if name not in look.samples]:
            raise Stop(Exit.USAGE, f"{file.name} has no column {unknown[0]}.")
        await flow.compare_book(market, file_id, {**look.file.columns, **said}, span)
        await _show(terminal, market, await _file(market, file_id), "", waiting=False)

    run(_with_market(context.obj, work))


def list_all(context: typer.Context) -> None:
    """Books that were laid beside ours, the newest first."""
    from exchange.commands.opening import run

    async def work(terminal: Terminal, market: Market) -> None:
        from exchange.flows.reconciliation_told import file_fields
        from exchange.storage.book_views import BookFilter, list_books
        from exchange.storage.spans import Span

        found = await market.db.read(list_books, BookFilter(span=Span(limit=LISTED)))
        told = [file_fields(*each) for each in found]
        rows: list[tuple[str, ...]] = [("Id", "Whose", "File", "Agree", "Differ", "Waiting", "Ours", "Theirs")]
        names = ("reconciliation_id", "party", "name", "agreed", "differences", "waiting", "ours", "theirs")
        rows += [tuple(str(each[name]) for name in names) for each in told]
        terminal.result(told, columns(rows) if told else ["  No book yet."])

    run(_with_market(context.obj, work))


def show(
    context: typer.Context,
    reconciliation: _ID,
    kind: Annotated[str, typer.Option(help="Of this kind only, such as price or only_ours.")] = "",
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what is not decided.")] = False,
) -> None:
    """What differs between a book and ours."""
    from exchange.commands.opening import run

    async def work(terminal: Terminal, market: Market) -> None:
        await _show(terminal, market, await _file(market, reconciliation), _kind(kind), waiting=waiting)

    run(_with_market(context.obj, work))


def decide(
    context: typer.Context,
    reconciliation: _ID,
    word: Annotated[str, typer.Argument(help="Whose counts: ours or theirs.")],
    numbers: Annotated[list[int] | None, typer.Argument(help="Of differences; or --kind.")] = None,
    note: Annotated[str, typer.Option(help="Why; it stays with the decision.")] = "",
    kind: Annotated[str, typer.Option(help="All of a kind that wait.")] = "",
) -> None:
    """Say whose word counts. Theirs books what theirs says more; decided twice, it is booked once."""
    from exchange.commands.opening import run

    if bool(numbers) is bool(kind):
        raise Stop(Exit.USAGE, "Say the numbers of differences, or --kind for all of a kind that wait.")

    async def work(terminal: Terminal, market: Market) -> None:
        from exchange.commands.opening import operator
        from exchange.flows.reconciliation_decisions import THEIRS, Word, decide_differences
        from exchange.model.money import Money
        from exchange.stages.reasons import show_money
        from exchange.storage.reconciliations import lines_of

        file = await _file(market, reconciliation)
        open_lines = await market.db.read(lines_of, file.id, _kind(kind), open_only=True)
        chosen = [row for row in open_lines if not numbers or row["number"] in numbers]
        if word == THEIRS:
            more = show_money(Money(sum(row["more_units"] for row in chosen), file.currency))
            terminal.confirm(
                f"Take their word for {len(chosen)} of {file.party}? Theirs says {more} more.", "Nothing was decided."
            )
        said = Word(word, note, operator())
        done, failed, left = 0, [], [row["number"] for row in chosen]
        while left:
            told = await decide_differences(market, file.id, left, said)
            done, left = done + told.done, left[len(left) - told.left :]
            failed += [{"number": number, "why": why} for number, why in told.failed]
        terminal.result({"decided": done, "failed": failed}, [f"  {done} decided."])
        terminal.remark(*(f"  {each['number']}: {each['why']}" for each in failed))
        if failed:
            raise Stop(Exit.SOME_FAILED)

    run(_with_market(context.obj, work))


async def _with_market(terminal: Terminal, work: Callable[[Terminal, Market], Awaitable[None]]) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.small_files import CannotRead

    async with opened_market(settings_of(terminal)) as market:
        try:
            await work(terminal, market)
        except CannotRead as error:
            raise Stop(Exit.REFUSED, str(error)) from error


def _kind(text: str) -> str:
    from exchange.flows.reconciliation_told import KINDS

    if text and text not in KINDS:
        raise Stop(Exit.USAGE, f"--kind is one of {', '.join(KINDS)}.")
    return text


async def _file(market: Market, file_id: str) -> BookFile:
    from exchange.storage.reconciliations import book_head

    found = await market.db.read(book_head, file_id)
    if found is None:
        raise Stop(Exit.FAILED, f"There is no reconciliation {file_id}. exchange reconcile list shows them.")
    return found


async def _show(terminal: Terminal, market: Market, file: BookFile, kind: str, *, waiting: bool) -> None:
    from exchange.flows.reconciliation_told import file_fields, line_fields
    from exchange.storage.reconciliations import lines_of

    found = await market.db.read(lines_of, file.id, kind, open_only=waiting)
    told = [line_fields(row, file.currency) for row in found]
    head = file_fields(file)
    rows: list[tuple[str, ...]] = [("No.", "Kind", "Row", "Lead", "They call it", "Ours", "Theirs", "More", "Decided")]
    names = ("number", "kind", "row", "lead_id", "row_name", "ours", "theirs", "more", "decision")
    rows += [tuple(str(each[name] if each[name] is not None else "-") for name in names) for each in told]
    summary = (
        f"  {file.id} of {file.party}: {file.agreed:,} agree, {file.lines:,} differ. "
        f"Ours sums to {head['ours']} {file.currency}, theirs to {head['theirs']}."
    )
    terminal.result({**head, "lines": told}, [summary, *(columns(rows) if told else [])])
