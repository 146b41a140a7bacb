"""The calls of buyers."""

from __future__ import annotations

from exchange import limits
from exchange.web.api import buying, fetching, report_files, reporting
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route, paging

_OPTION = "As the field of the form, when the body is the file itself."


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
            "POST",
            "/api/v1/dispositions/files",
            "disposition_file",
            "The same as a file of up to 50,000 rows; with `record=no` it only says what would become of each",
            buyer,
            report,
            report_files.bring_reports,
            "DispositionFileTold",
            TOLD,
            "DispositionFile",
            query=tuple(Parameter(name, _OPTION) for name in report_files.OPTIONS),
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
