"""A page as a row of a table: the modules of pages tell their own, and whoever adds them decides who may look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from aiohttp import web
from aiohttp.typedefs import Handler

from exchange.model.rights import Right


class Page(NamedTuple):
    """`method` is GET or POST; `path` a pattern of the router. `right` is for a page of the console that needs another
    one than its module's others.
    """

    method: str
    path: str
    show: Handler
    right: Right | None = None


def add_table(app: web.Application, pages: Iterable[Page], guard: Callable[[Handler], Handler] | None = None) -> None:
    """Add the pages, each behind the guard if there is one."""
    for page in pages:
        add_page(app, page, page.show if guard is None else guard(page.show))


def add_page(app: web.Application, page: Page, show: Handler) -> None:
    add = app.router.add_get if page.method == "GET" else app.router.add_post
    add(page.path, show)


def see_other(location: str) -> web.Response:
    """Another page is the answer: fetched anew, so that a reload sends no form twice."""
    return web.Response(status=303, headers={"Location": location, "Cache-Control": "no-store"})
