"""The calls about deliveries that operators and buyers share."""

from __future__ import annotations

from exchange.web.api import deliveries
from exchange.web.api.route import TOLD, KeyKind, Rank, Route


def routes() -> tuple[Route, ...]:
    return (
        Route(
            "POST",
            "/api/v1/deliveries/{delivery_id}/resend",
            "resend",
            "Sends a delivery again, once, under the same reference",
            KeyKind.OPERATOR,
            Rank.REPORT,
            deliveries.send_again,
            "Resent",
            (*TOLD, 409),
            also=KeyKind.BUYER,
        ),
    )
