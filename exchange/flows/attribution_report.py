"""What media brought in a time, read from the journeys of leads and from the books."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import orjson

from exchange.flows.market import Market
from exchange.model.attribution import BY, CostRow, Touch
from exchange.stages.attribution.report import Journey, Report, report
from exchange.storage.attribution import booked_of, costs_of, currencies_seen, journeys_of
from exchange.storage.database import Row

JOURNEYS_MOST = 100_000
DAYS_MOST = 400


class BadPeriod(Exception):
    """What is wrong, as a sentence. `field` is where."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class Asked(NamedTuple):
    """Leads that came from one day to another (both included), in one currency, by one of `BY`."""

    first: date
    last: date
    currency: str
    by: str

    def given(self) -> dict[str, str]:
        days = {"from": self.first.isoformat(), "to": self.last.isoformat()}
        return {**days, "currency": self.currency, "by": self.by}


class Found(NamedTuple):
    """`cut` says that there were more leads than are counted at once: then these are the newest."""

    report: Report
    currencies: tuple[str, ...]
    cut: bool


def read_asked(market: Market, first: str, last: str, currency: str, by: str) -> Asked:
    """Empty texts mean the last 28 days, dollars, the campaign. Raises `BadPeriod`."""
    today = datetime.fromtimestamp(market.clock.now() // 1000, ZoneInfo(market.zone)).date()
    until = _day("to", last) if last else today
    since = _day("from", first) if first else until - timedelta(days=27)
    if not since <= until <= since + timedelta(days=DAYS_MOST - 1):
        raise BadPeriod("from", f"from must not lie after to, nor more than {DAYS_MOST} days before it.")
    if by and by not in BY:
        raise BadPeriod("by", f"by is one of {', '.join(BY)}.")
    if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise BadPeriod("currency", "currency has three letters, such as USD.")
    return Asked(since, until, currency.upper() or "USD", by or "campaign")


def _day(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadPeriod(field, f"{field} is a day such as 2026-11-20.") from None


async def read_report(market: Market, asked: Asked) -> Found:
    since, until = _midnight(market, asked.first), _midnight(market, asked.last + timedelta(days=1))
    rows = await market.db.read(journeys_of, since, until, asked.currency, JOURNEYS_MOST + 1)
    cut = len(rows) > JOURNEYS_MOST
    rows = rows[:JOURNEYS_MOST]
    booked = await market.db.read(booked_of, rows[-1]["arrived_at"] if cut else since, until, asked.currency)
    costs = await market.db.read(costs_of, asked.first.isoformat(), asked.last.isoformat(), asked.currency)
    currencies = tuple(await market.db.read(currencies_seen))
    made = await asyncio.to_thread(_made, rows, booked, costs, asked.by, market.zone)  # many leads take seconds
    return Found(made, currencies, cut)


def _made(rows: Sequence[Row], booked: Iterable[Row], costs: Sequence[CostRow], by: str, zone: str) -> Report:
    by_lead: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in booked:
        by_lead[row["lead_id"]].append((row["at"], row["units"]))
    journeys = [
        Journey(
            row["arrived_at"],
            tuple(Touch(*touch) for touch in orjson.loads(row["path"])),
            bool(row["sold"]),
            tuple(by_lead.get(row["lead_id"], ())),
        )
        for row in rows
    ]
    return report(journeys, costs, by, zone)


def _midnight(market: Market, day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(market.zone)).timestamp()) * 1000
