"""The table of calls: routing, the OpenAPI document and the table of docs/api.md come from it."""

from __future__ import annotations

from exchange.web.api import (
    billing_routes,
    buying_routes,
    deliveries_routes,
    following_routes,
    importing_routes,
    leads_routes,
    managing_routes,
    media_routes,
    payout_routes,
    quality_routes,
    reconciling_routes,
    returning_routes,
    screening_routes,
    selling_routes,
    simulating_routes,
    store_routes,
    suppressing_routes,
    webhook_routes,
)
from exchange.web.api.route import Route


def routes() -> tuple[Route, ...]:
    """Every call of the API, in the order of the documentation."""
    return tuple(
        route
        for each in (
            selling_routes,
            importing_routes,
            leads_routes,
            buying_routes,
            following_routes,
            billing_routes,
            managing_routes,
            media_routes,
            deliveries_routes,
            reconciling_routes,
            payout_routes,
            quality_routes,
            returning_routes,
            screening_routes,
            simulating_routes,
            store_routes,
            suppressing_routes,
            webhook_routes,
        )
        for route in each.routes()
    )
