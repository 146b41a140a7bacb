"""The same leads as a file: CSV that no spreadsheet runs, plain XML, or the auto trade's ADF."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from buyers.email.adf import adf_of
from buyers.mapping.values import Facts
from buyers.rows import csv_of, records_of, xml_of
from exchange.model.wire import Attachment

Make = Callable[[Sequence[Facts]], bytes]
KINDS: Final[Mapping[str, tuple[str, Make]]] = MappingProxyType(
    {
        "csv": ("text/csv", lambda leads: csv_of(records_of(leads))),
        "xml": ("application/xml", lambda leads: xml_of(records_of(leads))),
        "adf": ("application/x-adf+xml", adf_of),
    }
)


def attached(kind: str, leads: Sequence[Facts]) -> tuple[Attachment, ...]:
    """The file, or none where `kind` is `none`."""
    if kind not in KINDS:
        return ()
    content_type, make = KINDS[kind]
    name = f"lead{'s' if len(leads) > 1 else ''}.{'csv' if kind == 'csv' else 'xml'}"
    return (Attachment(name, content_type, make(leads)),)
