"""A saved report as a mail: its largest rows as text, all of them as CSV, and a link to exactly this report."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from exchange.flows.market import Market
from exchange.flows.report_mail import Written
from exchange.storage.users import UserRow
from exchange.web.analytics.answer import Answer, answer
from exchange.web.analytics.asked import HOME, BadQuestion, read_asked
from exchange.web.analytics.twins import as_rows
from exchange.web.analytics.values import dimension_name
from exchange.web.csv_rows import csv_rows
from exchange.web.words import Times

ROWS = 20


def writer(currency: str) -> Callable[[Market, UserRow, str, str], Awaitable[Written]]:
    """Writes reports for mails; `currency` is the exchange's own."""

    async def write(market: Market, user: UserRow, name: str, query: str) -> Written:
        times = Times(ZoneInfo(market.zone), market.clock.now())
        try:
            asked = read_asked(market, parse_qsl(query), times, "live", currency)
        except BadQuestion as wrong:
            told = f"{name} cannot be counted any more. {wrong}\n{market.public_url}{HOME}?{query}\n"
            return Written(told, b"")
        made = await answer(market, user.actor, asked, times, currency)
        return Written(_text(made, name), csv_of(made))

    return write


def _text(made: Answer, name: str) -> str:
    period = made.asked.period
    told = f"{name}: leads received {period.told}"
    told += f", against {period.compared}" if made.old is not None else ""
    lines = [f"{told}.\n", *table(made, ROWS)]
    if len(made.keys) > ROWS:
        lines.append(f"{ROWS} of {len(made.keys):,} rows; the attached CSV has all of them.")
    lines.append(f"\nThis report, as it is now: {made.market.public_url}{made.asked.exact_url()}")
    lines.append(f"How often it comes: {made.market.public_url}{HOME}\n")
    return "\n".join(lines)


def table(made: Answer, most: int) -> list[str]:
    """The rows as text: a line of heads, one for each row, and the sum."""
    heads = [*(dimension_name(each) for each in made.asked.groups), *(each.title for each in made.measures)]
    rows = [[*made.names(key), *(made.figure(each, key).told for each in made.measures)] for key in made.keys[:most]]
    words = len(made.asked.groups)
    total = [*("In all" if not place else "" for place in range(words)), *(cell.figure.told for cell in made.total())]
    whole = [heads, *rows, total] if words else [heads, total]
    widths = [max(len(row[place]) for row in whole) for place in range(len(heads))]
    return [
        "  ".join(
            text.ljust(width) if place < words else text.rjust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in whole
    ]


def csv_of(made: Answer) -> bytes:
    rows = as_rows(made)
    names = list(rows[0])
    return csv_rows([list(names), *([row.get(name) for name in names] for row in rows)])
