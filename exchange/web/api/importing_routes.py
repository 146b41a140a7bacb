"""The calls about files of leads."""

from __future__ import annotations

from dataclasses import replace

from exchange.web.api import importing
from exchange.web.api.call import Work
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route

_ONE = "/api/v1/imports/{import_id}"
_OPTION = "As the field of the form, when the body is the file itself."
_BRING = "Brings a file of leads, and sells it row by row unless you say `start=no`"
_CHECK = "A dry run of the whole file: what is wrong with its rows, and what it would earn"
_RESULT = "Its result so far: the file with what became of each row"
_TOLD = (*TOLD, 409)
_ASKED = (*ASKED, 404)


def routes() -> tuple[Route, ...]:
    brought = (*_TOLD, 403)
    options = tuple(Parameter(name, _OPTION) for name in importing.OPTIONS)
    return (
        replace(
            _post("", "import_file", _BRING, importing.bring),
            gives="ImportBrought",
            refusals=brought,
            takes="ImportFile",
            query=options,
        ),
        _get("/api/v1/imports", "imports", "The campaign's imports", importing.many, "Imports", ASKED),
        _get(_ONE, "import", "How far an import has come", importing.one, "Import", _ASKED),
        _get(f"{_ONE}/result", "import_result", _RESULT, importing.result, "ImportResult", _ASKED),
        _post("check", "import_check", _CHECK, importing.check),
        _post("start", "import_start", "Starts it, or goes on with it", importing.start),
        _post("pause", "import_pause", "Stops it before its next row", importing.pause),
        _post("cancel", "import_cancel", "Ends it where it is", importing.cancel),
    )


def _get(path: str, name: str, summary: str, do: Work, gives: str, refusals: tuple[int, ...]) -> Route:
    return Route("GET", path, name, summary, KeyKind.SELLER, Rank.REPORT, do, gives, refusals)


def _post(word: str, name: str, summary: str, do: Work) -> Route:
    """What is done to one import; without a word, to all of them."""
    path = f"{_ONE}/{word}" if word else "/api/v1/imports"
    return Route("POST", path, name, summary, KeyKind.SELLER, Rank.REPORT, do, "Import", _TOLD)
