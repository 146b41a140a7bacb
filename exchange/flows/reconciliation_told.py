"""Books beside ours in words: whose they are, what differs, what was decided, the same wherever it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from exchange.flows.market import Market
from exchange.flows.reconciliations import UNREADABLE, CannotReconcile
from exchange.model.money import Money
from exchange.model.reconciling import DifferenceKind
from exchange.stages.respond import rfc3339
from exchange.storage.database import Row
from exchange.storage.reconciliations import BookFile

KINDS = (UNREADABLE, *(each.value for each in DifferenceKind))
LINE = (
    "number",
    "kind",
    "lead_id",
    "sale_id",
    "delivery_id",
    "row",
    "row_name",
    "other_row",
    "ours",
    "theirs",
    "more",
    "ours_at",
    "theirs_at",
    "decision",
    "note",
    "booking",
    "decided_at",
    "decided_by",
)
"""What is told of a difference, in the order of its columns."""


def file_fields(file: BookFile, waiting: int | None = None) -> dict[str, Any]:
    """Amounts are decimal text. `waiting` differences are not decided."""
    fields: dict[str, Any] = {
        "reconciliation_id": file.id,
        "party": file.party,
        "currency": file.currency,
        "name": file.name,
        "since": _moment(file.since_at),
        "until": _moment(file.until_at),
        "agreed": file.agreed,
        "differences": file.lines,
        "ours": Money(file.ours_units, file.currency).text,
        "theirs": Money(file.theirs_units, file.currency).text,
        "made_at": rfc3339(file.made_at),
        "made_by": file.made_by,
        "compared_at": _moment(file.compared_at),
    }
    return fields if waiting is None else {**fields, "waiting": waiting}


def line_fields(row: Row, currency: str) -> dict[str, Any]:
    """A difference. `more` is by how much their book says more: what taking their word books."""
    values = (
        row["number"],
        row["kind"],
        row["lead_id"],
        row["sale_id"],
        row["attempt_id"],
        row["row_number"],
        row["row_name"],
        row["other_row"],
        _amount(row["ours_units"], currency),
        _amount(row["theirs_units"], currency),
        _amount(row["more_units"], currency),
        _moment(row["ours_at"]),
        _moment(row["theirs_at"]),
        row["decision"],
        row["note"],
        row["reference"],
        _moment(row["decided_at"]),
        row["decided_by"],
    )
    return dict(zip(LINE, values, strict=True))


def currency_of(market: Market, party: str, said: str = "") -> str:
    """The currency that was said, else the one a party's sales are booked in, its first where it has several.

    Raises `CannotReconcile`.
    """
    if said := said.strip().upper():
        if not (len(said) == 3 and said.isascii() and said.isalpha()):
            raise CannotReconcile("The currency is a code of three letters, such as EUR.")
        return said
    role, _, name = party.partition(":")
    if role == "buyer" and name in market.deals.buyers:
        return market.deals.buyers[name].limit.currency
    own = sorted(each.currency for each in market.deals.campaigns.values() if each.seller_id == name)
    return own[0] if own else "USD"


def span_of(market: Market, said: Mapping[str, str]) -> tuple[int, int] | None:
    """The days from `since` to `until`, both whole ones of the exchange's zone, in epoch ms. None: neither is said.

    Raises `CannotReconcile`.
    """
    first, last = said.get("since", "").strip(), said.get("until", "").strip()
    if not first and not last:
        return None
    zone = ZoneInfo(market.zone)
    try:
        began, ended = (datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=zone) for day in (first, last))
        after = ended + timedelta(days=1)
    except (ValueError, OverflowError):
        raise CannotReconcile("Write both days, as 2026-11-01.") from None
    if ended < began:
        raise CannotReconcile("The last day lies before the first.")
    return int(began.timestamp()) * 1000, int(after.timestamp()) * 1000


def _amount(units: int | None, currency: str) -> str | None:
    return Money(units, currency).text if units is not None else None


def _moment(at: int | None) -> str | None:
    return rfc3339(at) if at is not None else None
