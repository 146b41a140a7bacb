"""The same leads as a file: CSV that no spreadsheet runs, plain XML, or the auto trade's ADF."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import xmltodict

from buyers.email.adf import adf_of
from buyers.email.page import moment
from buyers.email.templates import tidy
from buyers.mapping.values import Facts
from exchange.model.wire import Attachment

_RUNS: Final = frozenset("=+-@\t\r＝＋－＠")  # the wide ones too, which some spreadsheets read as the others
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


def record_of(facts: Facts) -> dict[str, str]:
    """One lead, flat, by our names."""
    lead = facts.lead
    assert lead is not None
    price = facts.award.bid.price if facts.award is not None else None
    return {
        "reference": facts.terms.reference,
        "received_at": moment(lead.received_at),
        "price": price.text if price is not None else "",
        **{name: tidy(value.clean) for name, value in lead.values.items()},
        "trustedform_url": tidy(lead.consent.trustedform_url or ""),
        "jornaya_leadid": tidy(lead.consent.jornaya_leadid or ""),
    }


def cell(value: str) -> str:
    """Text that a spreadsheet would run gets an apostrophe before it; a number, a phone's too, is none."""
    runs = value.lstrip("\"' ")[:1] in _RUNS and bool(value)
    return f"'{value}" if runs and not _NUMBER.fullmatch(value) else value


def csv_of(leads: Sequence[Facts]) -> bytes:
    """With a byte order mark, by which spreadsheets know UTF-8."""
    records = [record_of(facts) for facts in leads]
    names = list(dict.fromkeys(name for record in records for name in record))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([cell(record.get(name, "")) for name in names] for record in records)
    return out.getvalue().encode("utf-8-sig")


def xml_of(leads: Sequence[Facts]) -> bytes:
    records = [{name: value for name, value in record_of(facts).items() if value} for facts in leads]
    text = xmltodict.unparse({"leads": {"lead": records}}, pretty=True, indent="  ")
    return text.encode()


Make = Callable[[Sequence[Facts]], bytes]
KINDS: Final[Mapping[str, tuple[str, Make]]] = MappingProxyType(
    {
        "csv": ("text/csv", csv_of),
        "xml": ("application/xml", xml_of),
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
