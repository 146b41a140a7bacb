"""The calls of buyers."""

from __future__ import annotations

from exchange import limits
from exchange.web.api import buying, fetching, reporting
from exchange.web.api.route import ASKED, TOLD, KeyKind, Rank, Route, paging


def routes() -> tuple[Route, ...]:
    buyer, report = KeyKind.BUYER, Rank.REPORT
    told = "A buyer says what became of a lead it bought"
    bought = "What a buyer bought, since a cursor"
    return (
        Route(
            "POST",
            "/api/v1/dispositions",
            "disposition",
            told,
            buyer,
            report,
            reporting.disposition,
            "Recorded",
            TOLD,
            "Disposition",
        ),
        Route(
            "POST",
            "/api/v1/buyer/leads/{lead_id}/disposition",
            "lead_disposition",
            f"{told}; the lead is named in the address",
            buyer,
            report,
            reporting.of_lead,
            "Recorded",
            TOLD,
            "Disposition",
        ),
        Route(
            "POST",
            "/api/v1/dispositions/many",
            "dispositions",
            f"The same of up to {limits.DISPOSITIONS_AT_ONCE} leads in one call, each with a word or all with one",
            buyer,
            report,
            reporting.many,
            "RecordedMany",
            TOLD,
            "Dispositions",
        ),
        Route(
            "GET",
            "/api/v1/sales",
            "sales",
            bought,
            buyer,
            report,
            buying.sales,
            "Sales",
            ASKED,
            query=paging(),
        ),
        Route(
            "GET",
            "/api/v1/buyer/leads",
            "fetch_leads",
            "Leads that a buyer fetches, with all values; each page confirms the one before",
            buyer,
            report,
            fetching.leads,
            "FetchedLeads",
            ASKED,
            query=paging(),
        ),
    )
