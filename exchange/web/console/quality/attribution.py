"""What media brought: every model side by side, cost in and value out, by week of arrival and by week of booking."""

from __future__ import annotations

from types import MappingProxyType

from aiohttp import web
from markupsafe import Markup

from exchange.flows.attribution_report import Asked, BadPeriod, read_asked, read_report
from exchange.model.attribution import BY
from exchange.model.money import Money
from exchange.stages.attribution.models import MODELS
from exchange.stages.attribution.report import Line
from exchange.web.charts.bars import share
from exchange.web.csv_rows import csv_file
from exchange.web.keys import MARKET
from exchange.web.pages import Page
from exchange.web.render import address, notice, page
from exchange.web.render import as_json as json_response
from exchange.web.report_fields import conversions_text, report_fields

HOME = "/console/attribution"
_SHOWN = 200
_WORDS = MappingProxyType({
    "first": "First touch", "last": "Last touch", "linear": "Linear", "position": "Position-based",
    "decay": "Time decay", "markov": "Data-driven",
})  # fmt: skip


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", HOME, show),
        Page("GET", f"{HOME}.json", as_json),
        Page("GET", f"{HOME}.csv", as_csv),
    )


async def show(request: web.Request) -> web.StreamResponse:
    asked = _asked(request)
    if isinstance(asked, BadPeriod):
        return await notice(request, "Nothing can be shown like that", f"{asked}", http_status=422)
    found = await read_report(request.app[MARKET], asked)
    model = request.query.get("model", "linear")
    model = model if model in MODELS else "linear"
    given = {**asked.given(), "model": model}
    lines = sorted(found.report.lines, key=lambda line: (-line.by_model[model][1], -line.leads, line.name))
    most = max((abs(line.by_model[model][1]) for line in lines), default=0)
    return await page(
        request,
        "console/quality/attribution.html",
        title="Attribution",
        here="attribution",
        asked=asked,
        model=model,
        models=[(name, _WORDS[name]) for name in MODELS],
        by_words=BY,
        found=found,
        rows=[(line, _bar(line, model, most)) for line in lines[:_SHOWN]],
        more=max(len(lines) - _SHOWN, 0),
        money=lambda units: Money(units, asked.currency),
        given=given,
        json_address=address(f"{HOME}.json", **given),
        csv_address=address(f"{HOME}.csv", **given),
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    asked = _asked(request)
    if isinstance(asked, BadPeriod):
        return json_response({"status": "error", "field": asked.field, "message": str(asked)}, 422)
    return json_response(report_fields(asked, await read_report(request.app[MARKET], asked)))


async def as_csv(request: web.Request) -> web.StreamResponse:
    asked = _asked(request)
    if isinstance(asked, BadPeriod):
        return web.Response(status=422, text=f"{asked}\n")
    found = await read_report(request.app[MARKET], asked)
    head = [asked.by, "leads", "clicks", "cost", "currency"]
    for model in MODELS:
        head += [f"{model}_conversions", f"{model}_value"]
    lines: list[list[object]] = [list(head)]
    for line in found.report.lines:
        row: list[object] = [line.name, line.leads, line.clicks, Money(line.cost, asked.currency).text, asked.currency]
        for model in MODELS:
            conversions, units = line.by_model[model]
            row += [conversions_text(conversions), Money(units, asked.currency).text]
        lines.append(row)
    return csv_file("attribution", lines)


def _asked(request: web.Request) -> Asked | BadPeriod:
    query = request.query
    try:
        return read_asked(
            request.app[MARKET],
            query.get("from", "").strip(),
            query.get("to", "").strip(),
            query.get("currency", "").strip(),
            query.get("by", "").strip(),
        )
    except BadPeriod as error:
        return error


def _bar(line: Line, model: str, most: int) -> Markup:
    units = line.by_model[model][1]
    return share(max(units, 0), most, "c-one")
