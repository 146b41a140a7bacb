"""The calls about returns."""

from __future__ import annotations

from functools import partial

from exchange import limits
from exchange.web.api import returning, returns_many
from exchange.web.api.call import Work
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route, paging

HOME = "/api/v1/returns"
_ONE = HOME + "/{return_id}"


def routes() -> tuple[Route, ...]:
    state = Parameter("state", "Of these states only, with commas between.")
    get, post = partial(_route, "GET", ASKED), partial(_route, "POST", (*TOLD, 409))
    buyer, seller, operator, everybody = KeyKind.BUYER, KeyKind.SELLER, KeyKind.OPERATOR, KeyKind.ANY
    return (
        post("/api/v1/buyer/leads/{lead_id}/return", "ask_return", buyer, "A buyer asks its money back for a lead",
             returning.ask, "Return", takes="ReturnAsked"),
        post(HOME + "/many", "ask_returns", buyer,
             f"The same for up to {limits.RETURN_ROWS:,} leads: a CSV with lead_id, reason, note and your_return_id. "
             f"Of more than {limits.RETURN_ROWS_AT_ONCE} a job asks, and 202 names the file",
             returns_many.ask_many, "ReturnRows",
             query=(Parameter("preview", "`yes`: only what each row would do."),)),
        Route("GET", HOME + "/many/{file_id}", "returns_file",
              "How far a file of returns is, and what became of its rows or would", buyer, Rank.REPORT,
              returns_many.one_file, "ReturnRows", (*ASKED, 404)),
        get(HOME, "returns", everybody, "Returns asked for: a buyer's own, or those of a seller's leads",
            returning.listed, "Returns", query=(*paging(), state)),
        get(HOME + "/allowance", "return_allowance", buyer, "How much a buyer may give back, and did",
            returning.allowance, "Allowances"),
        get(_ONE, "return", everybody, "One return, with what was found for and against it", returning.one, "Return"),
        post(_ONE + "/answer", "answer_return", buyer, "A buyer answers a question about its request",
             returning.answer_question, "Return", takes="ReturnAnswer"),
        post(_ONE + "/reply", "reply_return", seller, "A seller says what it knows of a lead that is asked back",
             returning.reply_to_it, "Return", takes="ReturnReply"),
        post(_ONE + "/decide", "decide_return", operator, "Decides a return", returning.decide, "Return",
             takes="ReturnDecision"),
    )  # fmt: skip


def _route(
    method: str,
    refusals: tuple[int, ...],
    path: str,
    name: str,
    key: KeyKind,
    summary: str,
    do: Work,
    gives: str,
    *,
    takes: str = "",
    query: tuple[Parameter, ...] = (),
) -> Route:
    return Route(method, path, name, summary, key, Rank.REPORT, do, gives, refusals, takes=takes, query=query)
