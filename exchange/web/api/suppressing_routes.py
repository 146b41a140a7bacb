"""The calls about suppression lists and consent taken back."""

from __future__ import annotations

from exchange.web.api import suppressing
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route
from exchange.web.list_fields import OPTIONS

_LISTS = "/api/v1/suppression"
_OPTION = "As the field of the form, when the body is the file itself."


def routes() -> tuple[Route, ...]:
    any_key, buyer, report = KeyKind.ANY, KeyKind.BUYER, Rank.REPORT
    options = tuple(Parameter(name, _OPTION) for name in OPTIONS)
    told, asked = TOLD, (*ASKED, 404)
    return (
        Route(
            "GET",
            _LISTS,
            "suppression_lists",
            "Suppression lists: all for an operator, a buyer's own",
            buyer,
            report,
            suppressing.listing,
            "SuppressionLists",
            ASKED,
            also=KeyKind.OPERATOR,
        ),
        Route(
            "POST",
            _LISTS,
            "suppression_file",
            "Brings a file to a suppression list, which is made if there is none",
            buyer,
            report,
            suppressing.bring,
            "SuppressionLoad",
            told,
            "SuppressionFile",
            query=options,
            also=KeyKind.OPERATOR,
        ),
        Route(
            "GET",
            f"{_LISTS}/loads/{{load_id}}",
            "suppression_load",
            "How far a file of a list has come",
            buyer,
            report,
            suppressing.one_load,
            "SuppressionLoad",
            asked,
            also=KeyKind.OPERATOR,
        ),
        Route(
            "POST",
            f"{_LISTS}/{{list_id}}/entries",
            "suppression_entry",
            "One phone or email comes to a list, or goes, at once",
            buyer,
            report,
            suppressing.entry,
            "SuppressionChanged",
            told,
            "SuppressionEntry",
            also=KeyKind.OPERATOR,
        ),
        Route(
            "POST",
            f"{_LISTS}/{{list_id}}/remove",
            "suppression_remove",
            "Takes a list away",
            buyer,
            report,
            suppressing.remove,
            "SuppressionRemoved",
            told,
            also=KeyKind.OPERATOR,
        ),
        Route(
            "POST",
            "/api/v1/revocations",
            "revoke_consent",
            "A consumer took the consent back",
            any_key,
            report,
            suppressing.take_back,
            "Revocation",
            told,
            "RevokeConsent",
        ),
        Route(
            "GET",
            "/api/v1/revocations",
            "revocations",
            "Revocations, newest first: a buyer's are those it must heed",
            any_key,
            report,
            suppressing.taken_back,
            "Revocations",
            ASKED,
        ),
        Route(
            "POST",
            "/api/v1/revocations/{notice_id}/acknowledge",
            "acknowledge_revocation",
            "A buyer heard of a revocation",
            buyer,
            report,
            suppressing.heard,
            "RevocationHeard",
            told,
            also=KeyKind.OPERATOR,
        ),
    )
