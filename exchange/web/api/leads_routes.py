"""The calls that tell sellers of their leads."""

from __future__ import annotations

from exchange.web.api import leads
from exchange.web.api.route import ASKED, KeyKind, Parameter, Rank, Route, paging


def routes() -> tuple[Route, ...]:
    seller, report = KeyKind.SELLER, Rank.REPORT
    one = "One lead: its status, price, return and timeline"
    many = "What changed since a cursor, or with `seller_lead_id` one lead by your own id"
    own = Parameter("seller_lead_id", "Your own id: the answer is that one lead.")
    return (
        Route("GET", "/api/v1/leads/{lead_id}", "lead", one, seller, report, leads.lead, "Lead", (*ASKED, 404)),
        Route(
            "GET",
            "/api/v1/leads",
            "leads",
            many,
            seller,
            report,
            leads.leads,
            "LeadsOrLead",
            (*ASKED, 404),
            query=(*paging(), own),
        ),
    )
