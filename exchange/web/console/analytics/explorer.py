"""The explorer and the fixed reports: any measure by any group, as a chart, a table and files."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from exchange.flows.market import Market
from exchange.flows.report_mail import LIST
from exchange.model.analysis import DIMENSIONS, FIELD, MEASURES, TIMES, Cell
from exchange.model.rights import Right, may
from exchange.stages.tracking import DEVICES
from exchange.storage.analysis import first_lead
from exchange.web.analytics.answer import Answer, answer, pivot, quick_answer
from exchange.web.analytics.asked import HOME, ROWS, Asked, BadQuestion, currencies, read_asked
from exchange.web.analytics.drawn import drawn
from exchange.web.analytics.reports import REPORTS, Fixed
from exchange.web.analytics.special import special
from exchange.web.analytics.twins import as_fields, as_rows
from exchange.web.analytics.values import dimension_name, value_name
from exchange.web.auth import actor_of
from exchange.web.console.analytics._keeping import kept_reports, mail, pin
from exchange.web.csv_rows import csv_answer
from exchange.web.figures.period import DAYS, comparisons
from exchange.web.keys import MARKET, SETTINGS
from exchange.web.listed.leads import buyers, campaigns, contracts, sellers, verticals
from exchange.web.pages import Page
from exchange.web.render import as_json as json_response
from exchange.web.render import mode_of, notice, page, times_of

_STANDARD = ("vertical", "seller", "campaign", "sub_id1", "buyer", "contract")
_REPORT = HOME + "/{report:" + "|".join(each.name for each in REPORTS.values() if not each.path) + "}"


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("GET", f"{HOME}.csv", as_csv),
        Page("POST", f"{HOME}/mail", mail),
        Page("POST", f"{HOME}/pin", pin),
        Page("GET", _REPORT, show),
        Page("GET", _REPORT + ".json", as_json),
        Page("GET", _REPORT + ".csv", as_csv),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, actor, times = request.app[MARKET], actor_of(request), times_of(request)
    if await market.db.read(first_lead) is None:
        return await page(
            request, "console/analytics/_nothing.html", title="Analytics", here=LIST, report=_fixed(request),
            reports=list(REPORTS.values()),
        )  # fmt: skip
    try:
        asked = asked_of(request)
    except BadQuestion as wrong:
        return await notice(request, "This cannot be counted", str(wrong), http_status=422)
    made = await quick_answer(market, actor, asked, times, request.app[SETTINGS].currency)
    picture = drawn(made)
    return await page(
        request,
        "console/analytics/explorer.html",
        title=_fixed(request).title if asked.report else "Analytics",
        here=LIST,
        made=made,
        asked=asked,
        report=_fixed(request),
        reports=list(REPORTS.values()),
        drawn=picture,
        pivot=pivot(made) if asked.pivot and made.keys else None,
        special=await special(market, actor, made) if asked.report and made.keys else None,
        chips=_chips(market, made),
        choices=_choices(market, asked, request.app[SETTINGS].currency),
        saved=await kept_reports(request),
        may_mail_others=may(actor, Right.SETTINGS),
        keep=home_query(asked),
        totals=list(zip(made.measures, made.total(), strict=True)),
        group_names=[dimension_name(name) for name in asked.groups],
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    try:
        return json_response(as_fields(await _whole(request)))
    except BadQuestion as wrong:
        return json_response({"error": str(wrong)}, 422)


async def as_csv(request: web.Request) -> web.StreamResponse:
    try:
        made = await _whole(request)
    except BadQuestion as wrong:
        return await notice(request, "This cannot be counted", str(wrong), http_status=422)
    return csv_answer(made.asked.report or LIST, as_rows(made))


async def _whole(request: web.Request) -> Answer:
    """Counted to its end: a file has all of it."""
    market, times = request.app[MARKET], times_of(request)
    return await answer(market, actor_of(request), asked_of(request), times, request.app[SETTINGS].currency)


def _fixed(request: web.Request) -> Fixed:
    return REPORTS.get(request.match_info.get("report", ""), Fixed("", "Explorer", "Any measure by any group."))


def asked_of(request: web.Request) -> Asked:
    """What an address asks. Raises `BadQuestion`."""
    fixed = _fixed(request)
    return read_asked(
        request.app[MARKET],
        request.query.items(),
        times_of(request),
        mode_of(request),
        request.app[SETTINGS].currency,
        fixed.name,
        fixed.defaults,
    )


def home_query(asked: Asked) -> str:
    """The same question, as the explorer's own address says it."""
    return asked.as_own().url().partition("?")[2]


def _chips(market: Market, made: Answer) -> list[tuple[str, str, str]]:
    """Filters in words: name, value, and the address without."""
    return [
        (dimension_name(cell.dimension), value_name(market, made.times, *cell), made.asked.without(cell))
        for cell in made.asked.cells
    ]


def _choices(market: Market, asked: Asked, main: str) -> dict[str, Any]:
    """What the form offers."""
    fields = {
        f"{FIELD}{field.name}": field.label
        for vertical in market.verticals.values()
        for field in vertical.fields
        if not field.personal
    }
    groups = [(name, title) for name, title in DIMENSIONS.items() if name not in TIMES]
    named = {
        "vertical": verticals(market),
        "seller": sellers(market),
        "campaign": campaigns(market),
        "buyer": buyers(market),
        "contract": contracts(market),
        "device": [(each, each) for each in DEVICES],
    }
    given = {cell.dimension: cell.value or "-" for cell in asked.cells}
    return {
        "measures": list(MEASURES.values()),
        "times": [(name, DIMENSIONS[name]) for name in TIMES],
        "groups": groups,
        "fields": sorted(fields.items(), key=lambda pair: pair[1].lower()),
        "standard": [(name, DIMENSIONS[name], named.get(name), given.get(name, "")) for name in _STANDARD],
        "others": [Cell(name, value) for name, value in given.items() if name not in _STANDARD],
        "more": [(name, title) for name, title in groups if name not in _STANDARD],
        "period": list(DAYS.items()),
        "compare": list(comparisons(asked.period.name, asked.period.days).items()),
        "rows": ROWS,
        "currencies": currencies(market, main),
    }
