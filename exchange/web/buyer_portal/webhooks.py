"""How a buyer's own systems hear of its leads: addresses, a test, the log, and what failed sent again."""

from __future__ import annotations

from exchange.web.hooks import Place, hook_pages
from exchange.web.pages import Page


def pages() -> tuple[Page, ...]:
    return hook_pages(Place("/buyer/webhooks", "buyer_portal/webhooks.html", "webhooks", "Webhooks"))
