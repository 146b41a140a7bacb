"""The calls of buyers."""

from __future__ import annotations

from exchange import limits
from exchange.web.api import buying, fetching, report_files, reporting
from exchange.web.api.call import Work
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route, paging

_DISPOSITIONS = "/api/v1/dispositions"
_TOLD = "A buyer says what became of a lead it bought"
_MANY = f"The same of up to {limits.DISPOSITIONS_AT_ONCE} leads in one call, each with a word or all with one"
_FILE = (
    f"The same as a file of up to {limits.DISPOSITION_ROWS:,} rows; with `record=no` it only says what would be; a "
    "long one is recorded by a job (202, `queued`)"
)
_FILE_TOLD = "A file that came before: what became of its rows, or how far recording them has come"
_OPTION = "As the field of the form, when the body is the file itself."
_FETCHED = "Leads that a buyer fetches, with all values; each page confirms the one before"


def routes() -> tuple[Route, ...]:
    options = tuple(Parameter(name, _OPTION) for name in report_files.OPTIONS)
    of_lead = "/api/v1/buyer/leads/{lead_id}/disposition"
    return (
        _tells(_DISPOSITIONS, "disposition", _TOLD, reporting.disposition, "Recorded", "Disposition"),
        _tells(
            of_lead,
            "lead_disposition",
            f"{_TOLD}; the lead is named in the address",
            reporting.of_lead,
            "Recorded",
            "Disposition",
        ),
        _tells(f"{_DISPOSITIONS}/many", "dispositions", _MANY, reporting.many, "RecordedMany", "Dispositions"),
        _tells(
            f"{_DISPOSITIONS}/files",
            "disposition_file",
            _FILE,
            report_files.bring_reports,
            "DispositionFileTold",
            "DispositionFile",
            options,
        ),
        Route(
            "GET",
            f"{_DISPOSITIONS}/files/{{file_id}}",
            "disposition_file_told",
            _FILE_TOLD,
            KeyKind.BUYER,
            Rank.REPORT,
            report_files.one_file,
            "DispositionFileTold",
            (*ASKED, 404),
        ),
        _asks("/api/v1/sales", "sales", "What a buyer bought, since a cursor", buying.sales, "Sales"),
        _asks("/api/v1/buyer/leads", "fetch_leads", _FETCHED, fetching.leads, "FetchedLeads"),
    )


def _tells(
    path: str, name: str, summary: str, do: Work, gives: str, takes: str, query: tuple[Parameter, ...] = ()
) -> Route:
    return Route("POST", path, name, summary, KeyKind.BUYER, Rank.REPORT, do, gives, TOLD, takes, query=query)


def _asks(path: str, name: str, summary: str, do: Work, gives: str) -> Route:
    return Route("GET", path, name, summary, KeyKind.BUYER, Rank.REPORT, do, gives, ASKED, query=paging())
