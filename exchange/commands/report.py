"""`exchange report`: fixed and saved reports on the command line, as a table, CSV or JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Annotated
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.web.analytics.asked import Asked


class Format(Enum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    return (
        ("list", reports, "exchange report list", "exchange report list --json"),
        (
            "show",
            show,
            "exchange report show sellers --period 7d",
            "exchange report show explorer --by state --measures leads,sold_rate --where seller=acme",
        ),
    )


def reports(context: typer.Context) -> None:
    """The fixed reports, and those that somebody of the exchange saved."""
    from exchange.commands.opening import run

    run(_list(context.obj))


async def _list(terminal: Terminal) -> None:
    from exchange.commands.opening import opened_market, settings_of
    from exchange.flows.report_mail import LIST
    from exchange.storage.report_mails import reports_by_name
    from exchange.web.analytics.reports import REPORTS

    async with opened_market(settings_of(terminal)) as market:
        saved = await market.db.read(reports_by_name, LIST)
    fixed = [each for each in REPORTS.values() if not each.path]
    document = [{"name": each.name, "title": each.title, "kind": "fixed", "about": each.about} for each in fixed]
    document += [
        {"name": row["id"], "title": row["name"], "kind": "saved", "about": f"by {row['email']}"} for row in saved
    ]
    wide = max(len(each["name"]) for each in document)
    terminal.result(document, [f"  {each['name']:{wide}}  {each['title']}: {each['about']}" for each in document])


def show(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="explorer, a fixed report, or a saved one by its name or id.")
    ] = "explorer",
    measures: Annotated[str, typer.Option(help="Which figures, such as leads,sold_rate.")] = "",
    by: Annotated[str, typer.Option(help="First group, such as seller; none for the sums alone.")] = "",
    then: Annotated[str, typer.Option(help="Second group, such as state.")] = "",
    where: Annotated[list[str] | None, typer.Option(help="A filter, such as seller=acme; again for more.")] = None,
    period: Annotated[str, typer.Option(help="today, yesterday, 7d or 30d.")] = "",
    since: Annotated[str, typer.Option("--from", help="First day, such as 2026-11-01.")] = "",
    until: Annotated[str, typer.Option("--to", help="Last day.")] = "",
    compare: Annotated[str, typer.Option(help="day, week or before.")] = "",
    sort: Annotated[str, typer.Option(help="A measure; -revenue for the largest first.")] = "",
    test: Annotated[bool, typer.Option("--test", help="Test leads instead of live ones.")] = False,
    format: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.TABLE,
) -> None:
    """Print a report, or write it to stdout as CSV or JSON. Nothing personal is in it."""
    from exchange.commands.opening import run

    flags = {
        "measures": measures, "by": by, "then": then, "period": period, "from": since, "to": until,
        "compare": compare, "sort": sort,
    }  # fmt: skip
    given = [pair for pair in flags.items() if pair[1]]
    for each in where or ():
        dimension, equals, value = each.partition("=")
        if not equals:
            raise Stop(Exit.USAGE, f"--where is a name and a value, such as seller=acme, not {each}.")
        given.append((dimension.strip(), value.strip() or "-"))
    run(_show(context.obj, name, given, "test" if test else "live", format))


async def _show(terminal: Terminal, name: str, given: list[tuple[str, str]], mode: str, format: Format) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of
    from exchange.web.analytics.answer import answer
    from exchange.web.analytics.asked import BadQuestion
    from exchange.web.analytics.mail import csv_of, table
    from exchange.web.analytics.twins import as_fields
    from exchange.web.words import Times

    settings = settings_of(terminal)
    async with opened_market(settings) as market:
        times = Times(ZoneInfo(market.zone), market.clock.now())
        try:
            asked = await _asked(market, name, given, times, mode, settings.currency)
        except BadQuestion as wrong:
            raise Stop(Exit.USAGE, str(wrong)) from wrong
        made = await answer(market, operator(), asked, times, settings.currency)
    if terminal.json or format is Format.JSON:
        terminal.result(as_fields(made), ()) if terminal.json else sys.stdout.write(_json(as_fields(made)))
    elif format is Format.CSV:
        sys.stdout.write(csv_of(made).decode())
    else:
        terminal.result({}, table(made, len(made.keys)))
    terminal.remark(f"  {len(made.keys):,} row{'' if len(made.keys) == 1 else 's'}, leads received {asked.period.told}")


def _json(document: object) -> str:
    import json

    return json.dumps(document, ensure_ascii=False) + "\n"


async def _asked(
    market: Market, name: str, given: list[tuple[str, str]], times: object, mode: str, currency: str
) -> Asked:
    from exchange.flows.report_mail import LIST
    from exchange.storage.report_mails import reports_by_name
    from exchange.web.analytics.asked import read_asked
    from exchange.web.analytics.reports import REPORTS
    from exchange.web.words import Times

    assert isinstance(times, Times)
    fixed = REPORTS.get(name)
    if fixed is not None and fixed.path:
        raise Stop(Exit.USAGE, f"{fixed.title} has a page and an address of its own: {fixed.path}.json.")
    if fixed is not None:
        return read_asked(market, given, times, mode, currency, fixed.name, fixed.defaults)
    if name == "explorer":
        return read_asked(market, given, times, mode, currency)
    rows = [row for row in await market.db.read(reports_by_name, LIST) if name in (row["id"], row["name"])]
    if len(rows) > 1:
        raise Stop(Exit.USAGE, f"{len(rows)} reports are called {name}: say its id, as `exchange report list` has it.")
    if not rows:
        raise Stop(Exit.USAGE, f"There is no report {name}. `exchange report list` names them.")
    return read_asked(market, [*parse_qsl(rows[0]["query"]), *given], times, mode, currency)
