"""The calls that send leads."""

from __future__ import annotations

from exchange.web.api import selling
from exchange.web.api.route import SENT, KeyKind, Rank, Route


def routes() -> tuple[Route, ...]:
    seller, post, ping = KeyKind.SELLER, Rank.POST, Rank.PING
    price = "A price for a partial enquiry; nothing personal is needed, and what is sent of it is dropped"
    sells = "Sells the whole lead, with the `ping_id` of a ping or without"
    looks = "What a post would meet: errors, warnings, how many contracts would be asked; no lead is stored"
    return (
        Route("POST", "/api/v1/ping", "ping", price, seller, ping, selling.ping, "Answer", SENT, "Ping", by_get=True),
        Route(
            "POST",
            "/api/v1/post",
            "post",
            sells,
            seller,
            post,
            selling.post,
            "Answer",
            (*SENT, 404),
            "Post",
            by_get=True,
        ),
        Route(
            "POST",
            "/api/v1/pingpost",
            "pingpost",
            "Both in one call",
            seller,
            post,
            selling.pingpost,
            "Answer",
            SENT,
            "Post",
            by_get=True,
        ),
        Route("POST", "/api/v1/validate", "validate", looks, seller, ping, selling.validate, "Preflight", SENT, "Post"),
    )
