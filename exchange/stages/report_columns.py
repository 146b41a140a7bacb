"""What the columns of a file of reports are, and what a row of it says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple

from exchange.fields.instant import read_instant
from exchange.model.lead import Problem
from exchange.stages.file_columns import guess_columns

LEAD, REFERENCE, PHONE, EMAIL = "lead", "reference", "phone", "email"
WORD, VALUE, AT, NOTE = "disposition", "value", "at", "note"

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        LEAD: "our id of the lead, delivery or sale",
        REFERENCE: "your own reference",
        PHONE: "phone, or its hash",
        EMAIL: "email, or its hash",
        WORD: "what became of it",
        VALUE: "what it was worth",
        AT: "when",
        NOTE: "note",
    }
)
"""What a column may be, in words."""
NAMING = (LEAD, REFERENCE, PHONE, EMAIL)
"""What names a lead, surest first."""

_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        LEAD: ("leadid", "lead", "deliveryid", "saleid", "exchangeid", "exchangeleadid", "id"),
        REFERENCE: ("reference", "yourreference", "buyerreference", "ref", "externalid", "crmid", "refid", "clientid"),
        PHONE: (
            "phone",
            "phonenumber",
            "mobile",
            "cell",
            "telephone",
            "primaryphone",
            "phonehash",
            "phonemd5",
            "phonesha1",
            "phonesha256",
            "hashedphone",
        ),
        EMAIL: ("email", "emailaddress", "mail", "emailhash", "emailmd5", "emailsha1", "emailsha256", "hashedemail"),
        WORD: ("disposition", "status", "outcome", "result", "stage", "leadstatus", "dispositionstatus", "estado"),
        VALUE: ("value", "amount", "revenue", "salevalue", "saleamount", "premium", "dealvalue", "price", "total"),
        AT: (
            "at",
            "date",
            "time",
            "datetime",
            "when",
            "updatedat",
            "updated",
            "changedat",
            "dispositiondate",
            "statusdate",
            "closedat",
            "closedate",
            "timestamp",
        ),
        NOTE: ("note", "notes", "comment", "comments", "remarks"),
    }
)
_DAYS = ("%Y-%m-%d", "%m/%d/%Y", "%m/%d/%y", "%d.%m.%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")


class Row(NamedTuple):
    """What a row says. `names` are what may name its lead, surest first."""

    number: int
    names: tuple[str, ...]
    word: str
    value: str | None
    at: int | None
    note: str
    problem: Problem | None = None


def guess_meanings(columns: Sequence[str]) -> dict[str, str]:
    """What each column is by its name."""
    return guess_columns(columns, _NAMES)


def missing(columns: Mapping[str, str]) -> str | None:
    """What a file cannot do without, as a sentence."""
    meant = set(columns.values())
    if WORD not in meant:
        return "Say which column tells what became of the lead."
    if not meant.intersection(NAMING):
        return "Say which column names the lead: an id, your reference, a phone or an email."
    return None


def read_row(number: int, cells: Mapping[str, str], columns: Mapping[str, str]) -> Row:
    """A row of the file, its cells by the names of their columns."""
    said = {meaning: cells.get(column, "").strip() for column, meaning in columns.items()}
    names = tuple(said[naming] for naming in NAMING if said.get(naming))
    problem = None if names else Problem("lead", "missing", "The row names no lead")
    at = None
    if said.get(AT):
        at = read_when(said[AT])
        if at is None:
            problem = Problem("at", "type", "The time is none that is read; write 2026-11-20 14:14", said[AT])
    return Row(number, names, said.get(WORD, ""), said.get(VALUE) or None, at, said.get(NOTE, ""), problem)


def read_when(text: str) -> int | None:
    """A moment, or a day as it is written in the United States or with dots. Without a zone it is UTC."""
    at = read_instant(text)
    if at is not None:
        return at
    for day in _DAYS:
        for time in _TIMES:
            try:
                found = datetime.strptime(text.upper(), day + time).replace(tzinfo=UTC)
            except ValueError:
                continue
            return int(found.timestamp()) * 1000 if 1970 <= found.year < 2200 else None
    return None
