"""The table of calls: routing, the OpenAPI document and the table of docs/api.md come from it."""

from __future__ import annotations

from exchange.web.api import buying, leads, managing, selling
from exchange.web.api.route import KeyKind, Parameter, Rank, Route

_SENT = (400, 401, 403, 408, 409, 413, 415, 422, 429, 500, 503)
_TOLD = (400, 401, 404, 408, 413, 415, 422, 500, 503)
_ASKED = (401, 422, 500, 503)


def routes() -> tuple[Route, ...]:
    """Every call of the API, in the order of the documentation."""
    return (*_selling(), *_leads(), *_buying(), *_managing())


def _selling() -> tuple[Route, ...]:
    seller, post, ping = KeyKind.SELLER, Rank.POST, Rank.PING
    price = "A price for a partial enquiry; nothing personal is needed, and what is sent of it is dropped"
    sells = "Sells the whole lead, with the `ping_id` of a ping or without"
    looks = "What a post would meet: errors, warnings, how many contracts would be asked; no lead is stored"
    return (
        Route("POST", "/api/v1/ping", "ping", price, seller, ping, selling.ping, "Answer", _SENT, "Ping", by_get=True),
        Route(
            "POST",
            "/api/v1/post",
            "post",
            sells,
            seller,
            post,
            selling.post,
            "Answer",
            (*_SENT, 404),
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
            _SENT,
            "Post",
            by_get=True,
        ),
        Route(
            "POST", "/api/v1/validate", "validate", looks, seller, ping, selling.validate, "Preflight", _SENT, "Post"
        ),
    )


def _page() -> tuple[Parameter, ...]:
    return (
        Parameter("since", "The `next` of the page before, or a time; 0 is the beginning."),
        Parameter("limit", "How many at most, 1 to 1000; 200 unless said."),
    )


def _leads() -> tuple[Route, ...]:
    seller, report = KeyKind.SELLER, Rank.REPORT
    one = "One lead: its status, price, return and timeline"
    many = "What changed since a cursor, or with `seller_lead_id` one lead by your own id"
    own = Parameter("seller_lead_id", "Your own id: the answer is that one lead.")
    return (
        Route("GET", "/api/v1/leads/{lead_id}", "lead", one, seller, report, leads.lead, "Lead", (*_ASKED, 404)),
        Route(
            "GET",
            "/api/v1/leads",
            "leads",
            many,
            seller,
            report,
            leads.leads,
            "LeadsOrLead",
            (*_ASKED, 404),
            query=(*_page(), own),
        ),
    )


def _buying() -> tuple[Route, ...]:
    buyer, report = KeyKind.BUYER, Rank.REPORT
    told = "A buyer says what became of a lead it bought"
    bought = "What a buyer bought, since a cursor"
    return (
        Route(
            "POST",
            "/api/v1/dispositions",
            "disposition",
            told,
            buyer,
            report,
            buying.disposition,
            "Recorded",
            _TOLD,
            "Disposition",
        ),
        Route("GET", "/api/v1/sales", "sales", bought, buyer, report, buying.sales, "Sales", _ASKED, query=_page()),
    )


def _managing() -> tuple[Route, ...]:
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
            _ASKED,
            query=(*_page(), state),
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
            (*_TOLD, 409),
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
            (*_TOLD, 409),
            "TopUp",
        ),
    )
