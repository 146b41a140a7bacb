"""Media by program: what a day cost, and the report of what leads brought."""

from __future__ import annotations

from exchange.flows.attribution_report import BadPeriod, read_asked, read_report
from exchange.flows.media_costs import BadCosts, set_cost
from exchange.model.lead import Problem
from exchange.model.money import Money
from exchange.model.reason import Reason
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told
from exchange.web.report_fields import report_fields


async def attribution(call: Call) -> Told:
    call.admit_by_header("operator")
    query = call.request.query
    try:
        asked = read_asked(call.market, *(query.get(name, "").strip() for name in ("from", "to", "currency", "by")))
    except BadPeriod as error:
        raise Stop(Reason.INVALID, 422, problems=(Problem(error.field, "type", str(error)),)) from None
    return Told({"status": "ok", **report_fields(asked, await read_report(call.market, asked))})


async def cost(call: Call) -> Told:
    """One day of one creative. The same again changes nothing."""
    caller = call.admit_live("operator")
    sent = sent_fields(await call.read_fields())
    try:
        row, new = await set_cost(call.market, sent, "USD", caller.actor)
    except BadCosts as error:
        problems = tuple(Problem(told.partition(" ")[0], "type", told) for told in error.problems)
        raise Stop(Reason.INVALID, 422, problems=problems) from None
    return Told(
        {
            "status": "kept" if new else "unchanged",
            "day": row.day,
            "source": row.source,
            "campaign": row.campaign,
            "creative": row.creative,
            "cost": Money(row.units, row.currency).text,
            "currency": row.currency,
            "clicks": row.clicks,
        }
    )
