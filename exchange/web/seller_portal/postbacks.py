"""A seller's own postbacks and webhooks, and what was told of its leads."""

from __future__ import annotations

from exchange.web.hooks import Place, hook_pages
from exchange.web.pages import Page


def pages() -> tuple[Page, ...]:
    return hook_pages(Place("/seller/postbacks", "seller_portal/postbacks.html", "postbacks", "Postbacks"))
