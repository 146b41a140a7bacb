"""`exchange export leads`: leads as a file, masked unless somebody says why not. Every export is in the audit log."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from exchange.commands.terminal import Exit, Stop, Terminal

if TYPE_CHECKING:
    from exchange.flows.market import Market
    from exchange.storage.lead_filters import LeadFilter


_ALSO = {"received": "received_at", "price": "revenue"}
"""What some columns are called on screen."""


class Format(Enum):
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


def commands() -> tuple[tuple[str, Callable[..., None], str, str], ...]:
    """Name, function and two examples of each."""
    ours = "exchange export leads"
    return (
        (
            "leads",
            leads,
            f"{ours} --from 2026-11-01 --to 2026-11-20 --columns received_at,seller,status,revenue > november.csv",
            f'{ours} --seller acme --format jsonl --reveal --reason "asked for by their lawyer"',
        ),
    )


def leads(
    context: typer.Context,
    since: Annotated[str, typer.Option("--from", help="First day, such as 2026-11-01, in the exchange's zone.")] = "",
    until: Annotated[str, typer.Option("--to", help="Last day.")] = "",
    seller: Annotated[str, typer.Option(help="Only of this seller, by its id.")] = "",
    buyer: Annotated[str, typer.Option(help="Only sold to this buyer, by its id.")] = "",
    status: Annotated[str, typer.Option(help="Only sold, unsold, rejected, held, unclear …")] = "",
    test: Annotated[bool, typer.Option("--test", help="Test leads instead of live ones.")] = False,
    format: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.CSV,
    columns: Annotated[str, typer.Option(help="Which columns, in their order.")] = "",
    reveal: Annotated[bool, typer.Option("--reveal", help="With personal values, for --reason.")] = False,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit log with your name.")] = "",
) -> None:
    """Write leads to stdout, newest first. What is personal is masked; --reveal shows it, and is logged."""
    from exchange.commands.opening import run

    if reveal and not reason.strip():
        raise Stop(Exit.USAGE, 'Say why with --reason "…": it is kept in the audit log.')
    asked = {"seller": seller, "buyer": buyer, "status": status, "from": since, "to": until}
    given = {name: value for name, value in asked.items() if value}
    run(_leads(context.obj, given, "test" if test else "live", format, columns, reason if reveal else None))


async def _leads(
    terminal: Terminal, given: Mapping[str, str], mode: str, format: Format, columns: str, why: str | None
) -> None:
    from exchange.commands.opening import opened_market, operator, settings_of, zone_of
    from exchange.flows.exports import note_export, personal_values
    from exchange.flows.reveal import MayNotReveal
    from exchange.web.listed.lead_rows import every_line

    zone = ZoneInfo(zone_of(terminal, settings_of(terminal).zone))
    wanted, actor, rows = _filter(given, mode, zone), operator(), 0
    async with opened_market(settings_of(terminal)) as market:
        chosen = _columns(market, columns, personal=why is not None)
        facts = {**given, "mode": mode, "columns": chosen, "revealed": why is not None}
        try:
            await note_export(market, facts, why, actor)
        except MayNotReveal as refused:
            raise Stop(Exit.USAGE, str(refused)) from refused
        write = Writer(Format.JSON if terminal.json else format, chosen)
        async for lines in every_line(market, actor, wanted):
            told: list[dict[str, object]] = [line.fields() for line in lines]
            if why is not None:
                opened = await personal_values(market, actor, [line.id for line in lines])
                told = [opened.get(line.id, {}) | fields for line, fields in zip(lines, told, strict=True)]
            write.rows(told)
            rows += len(lines)
        write.end()
    shown = "personal data revealed, and logged" if why is not None else "personal data masked"
    terminal.remark(f"  {rows:,} row{'' if rows == 1 else 's'}, {shown}")


def _filter(given: Mapping[str, str], mode: str, zone: ZoneInfo) -> LeadFilter:
    from exchange.storage.lead_filters import LeadFilter
    from exchange.web.listed.states import STATUSES

    status = given.get("status")
    if status is not None and status not in STATUSES:
        raise Stop(Exit.USAGE, f"--status is one of {', '.join(STATUSES)}.")
    after = _midnight("--to", given["to"], zone, days=1) if "to" in given else None
    return LeadFilter(
        mode=mode,
        states=STATUSES[status] if status is not None else (),
        seller_id=given.get("seller"),
        buyer_id=given.get("buyer"),
        since=_midnight("--from", given["from"], zone) if "from" in given else None,
        until=after,
    )


def _midnight(flag: str, text: str, zone: ZoneInfo, days: int = 0) -> int:
    """When a day of the exchange begins, so many days later."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Stop(Exit.USAGE, f"{flag} is a day such as 2026-11-01, not {text}.") from None
    return int(datetime.combine(day + timedelta(days=days), time(), zone).timestamp() * 1000)


def _columns(market: Market, asked: str, *, personal: bool) -> tuple[str, ...]:
    """Those asked for, or all of them: with --reveal the personal fields of every vertical too."""
    from exchange.web.listed.lead_rows import COLUMNS

    fields = {
        field.name: None
        for vertical in market.verticals.values()
        for field in vertical.fields
        if field.personal and field.name not in COLUMNS
    }
    known = (*COLUMNS, *(fields if personal else ()))
    named = [name.strip() for name in asked.split(",") if name.strip()]
    chosen = tuple(_ALSO.get(name, name) for name in named) or known
    unknown = [name for name in chosen if name not in known]
    if unknown:
        hidden = [name for name in unknown if name in fields]
        told = f"{', '.join(hidden)} is personal: say --reveal with a --reason." if hidden else ""
        raise Stop(Exit.USAGE, told or f"No column is called {', '.join(unknown)}: there are {', '.join(known)}.")
    return chosen


class Writer:
    """Rows on stdout as they come: CSV, one JSON list, or a JSON document a line."""

    def __init__(self, format: Format, columns: Sequence[str]) -> None:
        self._format, self._columns = format, columns
        self._between = "[\n"
        if format is Format.CSV:
            self._csv([list(columns)])

    def rows(self, rows: Sequence[Mapping[str, object]]) -> None:
        if self._format is Format.CSV:
            self._csv([[row.get(name) for name in self._columns] for row in rows])
            return
        for row in rows:
            text = json.dumps({name: row.get(name) for name in self._columns}, ensure_ascii=False)
            if self._format is Format.JSON:
                sys.stdout.write(self._between + text)
                self._between = ",\n"
            else:
                sys.stdout.write(f"{text}\n")

    def end(self) -> None:
        if self._format is Format.JSON:
            sys.stdout.write("[]\n" if self._between.startswith("[") else "\n]\n")

    @staticmethod
    def _csv(lines: list[list[object]]) -> None:
        from exchange.web.csv_rows import csv_rows

        sys.stdout.write(csv_rows(lines).decode())
