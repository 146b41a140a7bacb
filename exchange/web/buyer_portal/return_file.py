"""A buyer asks its money back for many leads by one file."""

from __future__ import annotations

from exchange.storage.disposition_files import ASKS
from exchange.web import return_files
from exchange.web.buyer_portal.returns import HOME
from exchange.web.pages import Page

_PLACE = return_files.Place(f"{HOME}/file", "buyer_portal/return_file.html", "Ask by a file", ASKS)


def pages() -> tuple[Page, ...]:
    return return_files.pages(_PLACE)


def uploads() -> tuple[Page, ...]:
    return return_files.uploads(_PLACE)
