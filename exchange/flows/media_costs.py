"""What media cost: a file of days, or one day by a call. The last word on a day counts; a file counts once."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from hashlib import sha256

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.attribution import CostRow
from exchange.model.money import BadMoney, Money
from exchange.storage.attribution import keep_costs

FILE_BYTES = 4 * 1024 * 1024
ROWS_MOST = 50_000
TOLD_MOST = 20
NAME_CHARACTERS = 120
COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("day", ("day", "date")),
    ("source", ("source", "platform", "channel", "utm_source")),
    ("campaign", ("campaign", "campaign_name", "utm_campaign")),
    ("creative", ("creative", "ad", "ad_name", "utm_content")),
    ("cost", ("cost", "spend", "amount", "amount_spent")),
    ("currency", ("currency", "currency_code")),
    ("clicks", ("clicks", "link_clicks")),
)
_NEEDED = ("day", "source", "cost")
_CURRENCY = re.compile(r"[A-Z]{3}")


class BadCosts(Exception):
    """What is wrong, line by line. Nothing was written."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


def read_costs(content: bytes, currency: str) -> list[CostRow]:
    """The rows of a CSV, those of one day and creative together. `currency` is where a row names none.

    Raises `BadCosts` with the first problems, each with its line.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadCosts(["The file is not UTF-8 text."]) from None
    rows = csv.reader(io.StringIO(text), delimiter=";" if text.partition("\n")[0].count(";") > 2 else ",")
    problems: list[str] = []
    found: dict[tuple[str, str, str, str, str], tuple[int, int]] = {}
    try:
        for number, fields in _fields(rows):
            try:
                row = cost_of(fields, currency)
            except BadCosts as error:
                problems += [f"Line {number}: {problem}" for problem in error.problems]
                continue
            units, clicks = found.get(row[:5], (0, 0))
            found[row[:5]] = (units + row.units, clicks + row.clicks)
    except csv.Error as error:
        raise BadCosts([f"Line {rows.line_num}: {error}."]) from None
    if len(found) > ROWS_MOST:
        raise BadCosts([f"A file has at most {ROWS_MOST:,} days of creatives."])
    if problems:
        raise BadCosts(problems[:TOLD_MOST])
    return [CostRow(*key, *told) for key, told in found.items()]


def _fields(rows: Iterator[list[str]]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row by our names of the columns, with the number of its line."""
    header = [name.strip().lower().replace(" ", "_") for name in next(rows, [])]
    places = {ours: header.index(name) for ours, names in COLUMNS for name in names[::-1] if name in header}
    missing = [name for name in _NEEDED if name not in places]
    if missing:
        raise BadCosts([f"The first line must name the columns {', '.join(missing)}."])
    for number, row in enumerate(rows, start=2):
        if any(cell.strip() for cell in row):
            yield number, {name: row[place].strip() for name, place in places.items() if place < len(row)}


def cost_of(fields: Mapping[str, str], currency: str) -> CostRow:
    """One row. Raises `BadCosts` with all that is wrong."""
    problems = []
    day = fields.get("day", "")
    try:
        day = date.fromisoformat(day).isoformat()
    except ValueError:
        problems.append(f"day must be a date such as 2026-11-20. Got {day[:40]!r}.")
    names = {name: " ".join(fields.get(name, "").split()) for name in ("source", "campaign", "creative")}
    for name, value in names.items():
        if len(value) > NAME_CHARACTERS or (name == "source" and not value):
            problems.append(f"{name} must have at most {NAME_CHARACTERS} characters, and a source is needed.")
    money = (fields.get("currency") or currency).upper()
    amount = None
    try:
        if not _CURRENCY.fullmatch(money):
            raise BadMoney(money)
        amount = Money.parse(fields.get("cost", "").replace("$", "").replace(",", ""), money)
    except BadMoney:
        got = fields.get("cost", "")[:40]
        problems.append(f"cost must be a decimal amount such as 120.50, in a currency such as USD. Got {got!r}.")
    clicks = fields.get("clicks", "") or "0"
    if not (clicks.isascii() and clicks.isdigit() and len(clicks) < 12):
        problems.append(f"clicks must be a whole number. Got {clicks[:40]!r}.")
    if amount is not None and amount.units < 0:
        problems.append("cost must not be negative.")
    if problems or amount is None:
        raise BadCosts(problems)
    return CostRow(day, names["source"].lower(), names["campaign"], names["creative"], money, amount.units, int(clicks))


async def bring_costs(market: Market, content: bytes, name: str, currency: str, actor: Actor) -> int | None:
    """Take a file of costs. Returns how many days changed, None when the very same file came before."""
    rows, digest = read_costs(content, currency), sha256(content).digest()
    now = market.clock.now()
    after = {"file": name[:NAME_CHARACTERS], "rows": str(len(rows))}
    line = audit_line(market.ids, now, actor, "media_costs.file", f"file:{digest.hex()[:16]}", after=after)
    return await market.db.write(keep_costs, rows, now, line, (digest, name[:NAME_CHARACTERS]))


async def set_cost(market: Market, fields: Mapping[str, str], currency: str, actor: Actor) -> tuple[CostRow, bool]:
    """What one day of one creative cost, and whether that is news. Raises `BadCosts`."""
    row = cost_of(fields, currency)
    now = market.clock.now()
    after = {"cost": Money(row.units, row.currency).text, "currency": row.currency}
    line = audit_line(market.ids, now, actor, "media_costs.set", f"cost:{row.day}:{row.source}", after=after)
    return row, bool(await market.db.write(keep_costs, [row], now, line))
