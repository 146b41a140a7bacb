"""What the explorer is asked: wholly in the address, and the same for pages, files, mails and the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from urllib.parse import urlencode

from exchange.flows.market import Market
from exchange.model.analysis import FIELD, MEASURES, TIMES, Cell, Question, is_dimension
from exchange.web.figures.period import DAYS, Period, read_period
from exchange.web.words import Times

HOME = "/console/analytics"
DEFAULT = ("leads", "sold", "sold_rate", "revenue", "payout", "margin", "epl")
VIEWS = ("pivot", "rows")
ROWS = (50, 200, 1_000)
_VALUE_CHARACTERS = 200
_CELLS_MOST = 12
_CURRENCY = re.compile(r"[A-Z]{3}")
_STANDARD = {"period": "30d"}


class BadQuestion(Exception):
    """What is wrong with a question, as a sentence that names what to change."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`report` is empty, or the fixed report that it began as. `show` is the measure of chart and pivot; `sort` orders
    rows by a measure, else by their names where they are times.
    """

    report: str
    measures: tuple[str, ...]
    groups: tuple[str, ...]
    cells: tuple[Cell, ...]
    period: Period
    mode: str
    currency: str
    show: str
    view: str
    sort: str
    rows: int
    defaults: Mapping[str, str]

    @property
    def path(self) -> str:
        return f"{HOME}/{self.report}" if self.report else HOME

    @property
    def question(self) -> Question:
        return Question(
            self.measures, self.groups, self.cells, self.period.begin, self.period.until, self.mode, self.currency
        )

    @property
    def before(self) -> Question | None:
        """The same of what it is compared with."""
        period = self.period
        if period.old_begin >= period.old_until:
            return None
        return self.question._replace(begin=period.old_begin, until=period.old_until)

    @property
    def pivot(self) -> bool:
        return len(self.groups) == 2 and self.view == "pivot"

    @property
    def timed(self) -> bool:
        return bool(self.groups) and self.groups[0] in TIMES

    def params(self, *, exact: bool = False) -> dict[str, str]:
        """The address's values, but for those it has anyway. `exact` names the days instead of a period."""
        period = self.period
        days = dict(period.given)
        if exact:
            days = {"from": _day(period, period.begin), "to": _day(period, period.end - 1)}
        given = {
            "measures": ",".join(self.measures),
            "by": self.groups[0] if self.groups else "none",
            "then": self.groups[1] if len(self.groups) > 1 else "",
            **{cell.dimension: cell.value or "-" for cell in self.cells},
            **days,
            "compare": period.compare if self.before is not None else "",
            "show": self.show if self.show != self.measures[0] else "",
            "view": self.view if self.view != VIEWS[0] else "",
            "sort": self.sort,
            "rows": str(self.rows) if self.rows != ROWS[0] else "",
            "currency": self.currency,
        }
        usual = {"measures": ",".join(DEFAULT), "by": "day", **_STANDARD, **self.defaults}
        kept = {name: value for name, value in given.items() if value != usual.get(name, "") and name != "currency"}
        for name in ("then", *(each for each in self.defaults if is_dimension(each))):
            if usual.get(name) and not given.get(name):
                kept[name] = "none"  # a report's own, taken away
        if given["currency"] != usual.get("currency", ""):
            kept["currency"] = given["currency"]
        return kept | ({"mode": "test"} if self.mode == "test" else {})

    def url(self, twin: str = "", **changes: str | None) -> str:
        """The address with some values changed; None takes one away."""
        days = {"period", "from", "to"}
        given = {
            name: value for name, value in self.params().items() if not (days & changes.keys() and name in days)
        } | changes
        query = urlencode({name: value for name, value in given.items() if value})
        return f"{self.path}{twin}{'?' if query else ''}{query}"

    def as_own(self) -> Asked:
        """The same question without the fixed report that it began as."""
        return replace(self, report="", defaults=MappingProxyType({"currency": self.defaults["currency"]}))

    def without(self, cell: Cell) -> str:
        kept = replace(self, cells=tuple(each for each in self.cells if each != cell))
        return kept.url()

    def exact_url(self) -> str:
        """The same report for good, whatever day it is looked at."""
        query = urlencode(self.params(exact=True))
        return f"{self.path}{'?' if query else ''}{query}"


def _day(period: Period, at: int) -> str:
    return period.first.isoformat() if at == period.begin else period.last.isoformat()


def currencies(market: Market, main: str) -> tuple[str, ...]:
    """Those that campaigns pay in, the exchange's own first."""
    found = sorted({each.currency for each in market.deals.campaigns.values()})
    return (main, *(each for each in found if each != main)) if main in found or not found else tuple(found)


def read_asked(
    market: Market,
    given: Iterable[tuple[str, str]],
    times: Times,
    mode: str,
    currency: str,
    report: str = "",
    defaults: Mapping[str, str] = MappingProxyType({}),
) -> Asked:
    """An address, or the flags of a command. `defaults` are those of a fixed report. Raises `BadQuestion`."""
    pairs = [(name, value.strip()[:_VALUE_CHARACTERS]) for name, value in given]
    measures = [part for name, value in pairs if name in ("measures", "measure") for part in value.split(",") if part]
    own = {"measures": ",".join(DEFAULT), "by": "day", **_STANDARD, **defaults, "currency": currency}
    query = dict(pairs)
    if {"from", "to"} & query.keys() and "period" not in query:
        own.pop("period")
    query = {**own, **{name: value for name, value in query.items() if value}}
    if measures:
        query["measures"] = ",".join(measures)
    if query.get("add") and query.get("is"):
        query[query["add"]] = query["is"]
    return Asked(
        report,
        chosen := _measures(query["measures"]),
        _groups(query.get("by", ""), query.get("then", "")),
        _cells(query),
        _period(query, times),
        mode,
        _currency(query["currency"]),
        query["show"] if query.get("show") in chosen else chosen[0],
        query["view"] if query.get("view") in VIEWS else VIEWS[0],
        query["sort"] if query.get("sort", "").removeprefix("-") in chosen else "",
        int(query["rows"]) if query.get("rows") in [str(each) for each in ROWS] else ROWS[0],
        MappingProxyType({**dict(defaults), "currency": currency}),
    )


def _measures(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    unknown = [name for name in names if name not in MEASURES]
    if unknown:
        raise BadQuestion(f"measures: there is no {', '.join(unknown)}. Choose of {', '.join(MEASURES)}.")
    return names or DEFAULT


def _groups(*names: str) -> tuple[str, ...]:
    groups = tuple(dict.fromkeys(name for name in names if name and name != "none"))
    unknown = [name for name in groups if not is_dimension(name)]
    if unknown:
        raise BadQuestion(
            f"by: there is no {', '.join(unknown)}. A field is named as {FIELD}homeowner; others are in the help."
        )
    return groups


def _cells(query: Mapping[str, str]) -> tuple[Cell, ...]:
    cells = [
        Cell(name, "" if value == "-" else value)
        for name, value in query.items()
        if is_dimension(name) and name not in TIMES and value != "none"
    ]
    return tuple(sorted(cells))[:_CELLS_MOST]


def _period(query: Mapping[str, str], times: Times) -> Period:
    if query.get("period", "custom") not in (*DAYS, "custom"):
        raise BadQuestion(f"period: there is no {query['period']}. Choose of {', '.join(DAYS)}, or say from and to.")
    compare = query.get("compare", "none")
    usual = {"yes": "", "": "none"}.get(compare, compare)
    asked = {name: query[name] for name in ("period", "from", "to") if query.get(name)}
    found = read_period({**asked, "compare": usual or "default"}, times)
    if found.begin > times.now:
        raise BadQuestion("from: the time is yet to come. Choose days up to today.")
    return found


def _currency(text: str) -> str:
    if not _CURRENCY.fullmatch(text.upper()):
        raise BadQuestion("currency: it has three letters, such as USD.")
    return text.upper()


def shifted(value: str, dimension: str, days: int, times: Times) -> str:
    """A time of what is compared with, as the same time of the period itself."""
    if dimension == "hour":
        local = times.local(int(value)) + timedelta(days=days)
        return str(int(local.timestamp() * 1_000))
    year, month, day = (int(part) for part in value.split("-"))
    return (times.local(0).date().replace(year, month, day) + timedelta(days=days)).isoformat()
