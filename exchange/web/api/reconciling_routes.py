"""The calls that lay somebody's book beside ours."""

from __future__ import annotations

from exchange.web.api import reconciling
from exchange.web.api.call import Work
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route

HOME = "/api/v1/reconciliations"
_ONE = HOME + "/{file_id}"


def routes() -> tuple[Route, ...]:
    limit = Parameter("limit", "How many at most, 1 to 1000; 200 unless said.")
    before = Parameter("before", "The `next` of the page before; the newest first.")
    options = tuple(
        Parameter(each, "As in the form, where the body is the file itself.") for each in reconciling.OPTIONS
    )
    of_lines = (
        Parameter("kind", "Of this kind only."),
        Parameter("waiting", "`yes`: those that are not decided."),
        Parameter("after", "The `next` of the page before."),
        limit,
    )
    return (
        _asks(HOME, "reconciliations", "Books that were laid beside ours", reconciling.listed, "Reconciliations",
              (before, limit)),
        _does(HOME, "bring_book", "Takes a buyer's or a seller's book and lays it beside ours; nothing is booked",
              reconciling.bring, "Reconciliation", "BookFile", options),
        _asks(_ONE, "reconciliation", "One of them: how much agrees, how much differs", reconciling.one,
              "Reconciliation"),
        _asks(f"{_ONE}/differences", "differences", "What differs, with what was decided", reconciling.lines,
              "Differences", of_lines),
        _does(f"{_ONE}/compare", "compare_book", "Compares again, with other columns or days", reconciling.compare,
              "Reconciliation", "BookColumns"),
        _does(f"{_ONE}/decide", "decide_difference", "Says whose word counts, for one difference or all of a kind",
              reconciling.decide, "DifferencesDecided", "DifferenceWord"),
    )  # fmt: skip


def _asks(path: str, name: str, summary: str, do: Work, gives: str, query: tuple[Parameter, ...] = ()) -> Route:
    return Route("GET", path, name, summary, KeyKind.OPERATOR, Rank.REPORT, do, gives, (*ASKED, 404), query=query)


def _does(
    path: str, name: str, summary: str, do: Work, gives: str, takes: str, query: tuple[Parameter, ...] = ()
) -> Route:
    return Route(
        "POST", path, name, summary, KeyKind.OPERATOR, Rank.REPORT, do, gives, (*TOLD, 409), takes, query=query
    )
