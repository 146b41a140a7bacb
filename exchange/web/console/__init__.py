"""Pages for the people who run the exchange."""

from __future__ import annotations

from aiohttp import web


def add_console(app: web.Application) -> None:
    """Add the console's pages to an application."""
