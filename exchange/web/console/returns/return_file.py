"""An operator decides many returns by one file: the list of the queue, brought back with a decision in each row."""

from __future__ import annotations

from exchange.storage.disposition_files import DECISIONS
from exchange.web import return_files
from exchange.web.listed.returns import PATH
from exchange.web.pages import Page

_PLACE = return_files.Place(f"{PATH}/file", "console/returns/return_file.html", "Decide by a file", DECISIONS)


def pages() -> tuple[Page, ...]:
    return return_files.pages(_PLACE)


def uploads() -> tuple[Page, ...]:
    return return_files.uploads(_PLACE)
