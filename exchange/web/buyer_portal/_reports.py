"""A buyer's files of dispositions."""

from __future__ import annotations

from exchange.web.pages import Page
from exchange.web.report_files import Place
from exchange.web.report_files import pages as file_pages
from exchange.web.report_files import uploads as file_uploads

_PLACE = Place("/buyer/dispositions", "dispositions", "Dispositions")


def pages() -> tuple[Page, ...]:
    return file_pages(_PLACE)


def uploads() -> tuple[Page, ...]:
    return file_uploads(_PLACE)
