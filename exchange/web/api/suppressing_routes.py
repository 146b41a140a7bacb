"""The calls about suppression lists and consent taken back."""

from __future__ import annotations

from functools import partial

from exchange.web.api import suppressing
from exchange.web.api.call import Work
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route
from exchange.web.list_fields import OPTIONS

_LISTS, _REVOKED = "/api/v1/suppression", "/api/v1/revocations"
_OPTION = "As the field of the form, when the body is the file itself."
_SEEN = "Suppression lists: all for an operator, a buyer's own"
_BRING = "Brings a file to a suppression list, which is made if there is none"
_ONE = "One phone or email comes to a list, or goes, at once"
_MANY = "Revocations, newest first: a buyer's are those it must heed"


def routes() -> tuple[Route, ...]:
    lists, anybody = partial(_route, KeyKind.BUYER, KeyKind.OPERATOR), partial(_route, KeyKind.ANY, None)
    options = tuple(Parameter(name, _OPTION) for name in OPTIONS)
    load, entries = f"{_LISTS}/loads/{{load_id}}", f"{_LISTS}/{{list_id}}/entries"
    gone, heard = f"{_LISTS}/{{list_id}}/remove", f"{_REVOKED}/{{notice_id}}/acknowledge"
    back, many = suppressing.take_back, suppressing.taken_back
    return (
        lists("GET", _LISTS, "suppression_lists", _SEEN, suppressing.listing, "SuppressionLists"),
        lists(
            "POST",
            _LISTS,
            "suppression_file",
            _BRING,
            suppressing.bring,
            "SuppressionLoad",
            "SuppressionFile",
            query=options,
        ),
        lists(
            "GET",
            load,
            "suppression_load",
            "How far a file of a list has come",
            suppressing.one_load,
            "SuppressionLoad",
        ),
        lists("POST", entries, "suppression_entry", _ONE, suppressing.entry, "SuppressionChanged", "SuppressionEntry"),
        lists("POST", gone, "suppression_remove", "Takes a list away", suppressing.remove, "SuppressionRemoved"),
        anybody(
            "POST", _REVOKED, "revoke_consent", "A consumer took the consent back", back, "Revocation", "RevokeConsent"
        ),
        anybody("GET", _REVOKED, "revocations", _MANY, many, "Revocations"),
        lists(
            "POST",
            heard,
            "acknowledge_revocation",
            "A buyer heard of a revocation",
            suppressing.heard,
            "RevocationHeard",
        ),
    )


def _route(
    key: KeyKind,
    also: KeyKind | None,
    method: str,
    path: str,
    name: str,
    summary: str,
    do: Work,
    gives: str,
    takes: str = "",
    query: tuple[Parameter, ...] = (),
) -> Route:
    refusals = TOLD if method == "POST" else (*ASKED, 404)
    return Route(
        method, path, name, summary, key, Rank.REPORT, do, gives, refusals, takes=takes, query=query, also=also
    )
