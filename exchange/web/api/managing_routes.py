"""The calls of operators."""

from __future__ import annotations

from exchange.web.api import managing
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route, paging


def routes() -> tuple[Route, ...]:
    operator, report = KeyKind.OPERATOR, Rank.REPORT
    state = Parameter("state", "`unclear` or `pending`; both unless said.")
    return (
        Route(
            "GET",
            "/api/v1/deliveries",
            "deliveries",
            "Deliveries whose outcome is not known",
            operator,
            report,
            managing.deliveries,
            "Deliveries",
            ASKED,
            query=(*paging(), state),
        ),
        Route(
            "POST",
            "/api/v1/deliveries/{delivery_id}/settle",
            "settle",
            "Says what a delivery without a clear answer was",
            operator,
            report,
            managing.settle_delivery,
            "Settled",
            (*TOLD, 409),
            "Settlement",
        ),
        Route(
            "POST",
            "/api/v1/buyers/{buyer_id}/top-up",
            "top_up",
            "Books what a buyer paid",
            operator,
            report,
            managing.top_up_buyer,
            "ToppedUp",
            (*TOLD, 409),
            "TopUp",
        ),
    )
