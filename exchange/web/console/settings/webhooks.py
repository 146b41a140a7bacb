"""Every address that is told of events, whosever it is, and the log of all of them."""

from __future__ import annotations

from exchange.web.hooks import Place, hook_pages
from exchange.web.pages import Page


def pages() -> tuple[Page, ...]:
    return hook_pages(Place("/console/webhooks", "console/settings/webhooks.html", "webhooks", "Webhooks"))
