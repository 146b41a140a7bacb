"""What the columns of another side's book are, and what a row of it says. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from exchange.model.money import BadMoney, Money
from exchange.stages.file_columns import guess_columns
from exchange.stages.report_columns import EMAIL, LEAD, PHONE, REFERENCE, read_when

PRICE, AT = "price", "at"
MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        LEAD: "our id of the lead, delivery or sale",
        REFERENCE: "their own reference",
        PHONE: "phone, or its hash",
        EMAIL: "email, or its hash",
        PRICE: "what it cost or earned",
        AT: "when",
    }
)
"""What a column may be, in words."""


def _hashed(name: str) -> tuple[str, ...]:
    """What columns of hashes are called."""
    kinds = ("hash", "md5", "sha1", "sha256")
    return (*(f"{name}{kind}" for kind in kinds), *(f"{kind}{name}" for kind in kinds), f"hashed{name}")


_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        LEAD: ("leadid", "lead", "deliveryid", "saleid", "exchangeid", "exchangeleadid", "ourid", "id"),
        REFERENCE: (
            "reference",
            "yourreference",
            "buyerreference",
            "sellerleadid",
            "ref",
            "externalid",
            "crmid",
            "refid",
            "clientid",
        ),
        PHONE: ("phone", "phonenumber", "mobile", "cell", "telephone", "primaryphone", *_hashed("phone")),
        EMAIL: ("email", "emailaddress", "mail", *_hashed("email")),
        PRICE: ("price", "amount", "cost", "payout", "leadprice", "total", "value", "charge", "earned", "revenue"),
        AT: ("at", "date", "time", "datetime", "when", "soldat", "receivedat", "created", "createdat", "timestamp"),
    }
)
_AMOUNT = re.compile(r"(?P<minus>-?)(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?P<part>\.[0-9]{1,4})?")
_HOURLESS = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}")
_TEXT_MOST = 120


class BookRow(NamedTuple):
    """What a row says; `problem` is a sentence about what cannot be read of it."""

    number: int
    id: str
    reference: str
    phone: str
    email: str
    at: int | None
    whole_day: bool
    units: int | None
    problem: str = ""


def guess_meanings(columns: Sequence[str]) -> dict[str, str]:
    """What each column is by its name."""
    return guess_columns(columns, _NAMES)


def lacking(columns: Mapping[str, str]) -> str | None:
    """What a book cannot do without, as a sentence."""
    meant = set(columns.values())
    if meant.intersection((LEAD, REFERENCE, PHONE, EMAIL)) or {PRICE, AT} <= meant:
        return None
    return "Say which column names the lead (an id, a reference, a phone or an email), or give a price and a time."


def read_book_row(number: int, cells: Mapping[str, str], columns: Mapping[str, str], currency: str) -> BookRow:
    """A row of the book, its cells by the names of their columns. Amounts are in `currency`."""
    said = {meaning: cells.get(column, "").strip() for column, meaning in columns.items()}
    units, at, problem = None, None, ""
    if said.get(PRICE):
        units = read_units(said[PRICE], currency)
        problem = "" if units is not None else "its price is no amount; write 36.50"
    if said.get(AT):
        at = read_when(said[AT])
        problem = problem or ("" if at is not None else "its time is none that is read; write 2026-11-20 14:14")
    lead, reference, phone, email = (said.get(name, "")[:_TEXT_MOST] for name in (LEAD, REFERENCE, PHONE, EMAIL))
    if not (lead or reference or phone or email) and (units is None or at is None):
        problem = problem or "it names no lead"
    return BookRow(
        number, lead, reference, phone, email, at, _HOURLESS.fullmatch(said.get(AT, "")) is not None, units, problem
    )


def read_units(text: str, currency: str) -> int | None:
    """An amount as people write it: `$1,250.00`, `-36.50`, `(36.50)`. None when it is none, or not exact."""
    bare = text.strip().removesuffix(currency).removeprefix(currency).strip()
    back = bare.startswith("(") and bare.endswith(")")
    bare = bare.strip("()").replace("$", "").replace("€", "").replace("£", "").strip()
    found = _AMOUNT.fullmatch(bare)
    if found is None or (back and found["minus"]):
        return None
    try:
        units = Money.parse(found["digits"].replace(",", "") + (found["part"] or ""), currency).units
    except BadMoney:
        return None
    return -units if back or found["minus"] else units
