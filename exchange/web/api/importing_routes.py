"""The calls about files of leads."""

from __future__ import annotations

from exchange.web.api import importing
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route

_ONE = "/api/v1/imports/{import_id}"


def routes() -> tuple[Route, ...]:
    seller, report = KeyKind.SELLER, Rank.REPORT
    bring = "Brings a file of leads, and sells it row by row unless you say `start=no`"
    asked, told = (*ASKED, 404), (*TOLD, 409)
    options = tuple(Parameter(name, _OPTION) for name in importing.OPTIONS)
    return (
        Route(
            "POST",
            "/api/v1/imports",
            "import_file",
            bring,
            seller,
            report,
            importing.bring,
            "ImportBrought",
            (*told, 403),
            "ImportFile",
            query=options,
        ),
        Route(
            "GET",
            "/api/v1/imports",
            "imports",
            "The campaign's imports",
            seller,
            report,
            importing.many,
            "Imports",
            ASKED,
        ),
        Route("GET", _ONE, "import", "How far an import has come", seller, report, importing.one, "Import", asked),
        Route(
            "GET",
            f"{_ONE}/result",
            "import_result",
            "Its result so far: the file with what became of each row",
            seller,
            report,
            importing.result,
            "ImportResult",
            asked,
        ),
        Route(
            "POST",
            f"{_ONE}/check",
            "import_check",
            "A dry run of the whole file: what is wrong with its rows, and what it would earn",
            seller,
            report,
            importing.check,
            "Import",
            told,
        ),
        Route(
            "POST",
            f"{_ONE}/start",
            "import_start",
            "Starts it, or goes on with it",
            seller,
            report,
            importing.start,
            "Import",
            told,
        ),
        Route(
            "POST",
            f"{_ONE}/pause",
            "import_pause",
            "Stops it before its next row",
            seller,
            report,
            importing.pause,
            "Import",
            told,
        ),
        Route(
            "POST",
            f"{_ONE}/cancel",
            "import_cancel",
            "Ends it where it is",
            seller,
            report,
            importing.cancel,
            "Import",
            told,
        ),
    )


_OPTION = "As the field of the form, when the body is the file itself."
