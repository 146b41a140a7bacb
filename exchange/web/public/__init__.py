"""Pages without sign-in: what their address holds is what lets somebody in."""

from __future__ import annotations

from aiohttp import web

from exchange.web import brand, callbacks, csv_table, fax_page, hooks_in, payments, told_in, tracking, wsdl
from exchange.web.pages import add_table
from exchange.web.public import errors, form, links, offer, posting, setup
from exchange.web.public._addresses import ADDRESSES, Addresses

_PER_SECOND, _BURST = 4.0, 60
"""Behind one address may be a household or an office; each answer that is given asks once."""


def add_public(app: web.Application) -> None:
    app[ADDRESSES] = Addresses(_PER_SECOND, _BURST)
    app[tracking.TRACKED] = Addresses(tracking.PER_SECOND, tracking.BURST)
    app[csv_table.TABLES] = csv_table.Tables()
    app[told_in.BUCKETS] = {}
    machines = (brand, callbacks, csv_table, fax_page, hooks_in, payments, told_in, tracking, wsdl)
    for each in (*machines, errors, form, links, offer, posting, setup):
        add_table(app, each.pages())
