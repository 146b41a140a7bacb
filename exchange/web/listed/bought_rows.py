"""Bought leads as their buyer's lists show them: a page of them, and all of them as JSON, CSV or a spreadsheet."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.storage.bought import BoughtFilter, bought
from exchange.storage.database import Row
from exchange.vault import VaultError
from exchange.web.words import utc

SHEET_ROWS_MOST = 50_000
COLUMNS = (
    "lead_id",
    "reference",
    "your_reference",
    "bought_at",
    "contract",
    "vertical",
    "price",
    "currency",
    "disposition",
    "disposition_value",
    "disposition_at",
    "return",
    "delivery",
)
"""What every file has before the fields of the leads themselves."""
_CELL_CHARACTERS = 32_767


@dataclass(frozen=True, slots=True)
class BoughtLine:
    """One bought lead. `values` are its fields as text, None when they were erased. `value` is of the disposition;
    `kinds` are the words there are for it.
    """

    sale_id: str
    lead_id: str
    attempt_id: str
    buyer_reference: str | None
    accepted_at: int
    contract: str
    vertical: str
    price: Money
    values: Mapping[str, str] | None
    disposition: str | None
    value: Money | None
    disposition_at: int | None
    return_state: str | None
    delivery_state: str | None
    kinds: tuple[str, ...]

    @property
    def name(self) -> str:
        values = self.values or {}
        return " ".join(values[name] for name in ("first_name", "last_name") if values.get(name)) or values.get(
            "company", ""
        )

    @property
    def phone(self) -> str:
        return (self.values or {}).get("phone", "")

    @property
    def email(self) -> str:
        return (self.values or {}).get("email", "")

    @property
    def place(self) -> str:
        values = self.values or {}
        return ", ".join(values[name] for name in ("city", "state") if values.get(name))

    @property
    def delivery(self) -> str:
        """What became of its delivery; a post that was answered on the spot was delivered by that."""
        return self.delivery_state or "delivered"

    def fields(self) -> dict[str, str | None]:
        return {
            "lead_id": self.lead_id,
            "reference": self.attempt_id,
            "your_reference": self.buyer_reference,
            "bought_at": utc(self.accepted_at),
            "contract": self.contract,
            "vertical": self.vertical,
            "price": self.price.text,
            "currency": self.price.currency,
            "disposition": self.disposition,
            "disposition_value": self.value.text if self.value is not None else None,
            "disposition_at": utc(self.disposition_at) if self.disposition_at is not None else None,
            "return": self.return_state,
            "delivery": self.delivery,
        }


async def read_bought(market: Market, actor: Actor, wanted: BoughtFilter) -> list[BoughtLine]:
    """One page of what a buyer bought, opened."""
    rows = await market.db.read(bought, actor, wanted)
    return await asyncio.to_thread(lambda: [line_of(market, row) for row in rows])


def line_of(market: Market, row: Row) -> BoughtLine:
    contract = market.deals.contracts.get(row["contract_id"])
    vertical = market.verticals.get(row["vertical"])
    currency = row["currency"]
    return BoughtLine(
        row["sale_id"],
        row["lead_id"],
        row["attempt_id"],
        row["buyer_reference"],
        row["accepted_at"],
        contract.name if contract is not None else row["contract_id"],
        row["vertical"],
        Money(row["price_units"], currency),
        _values(market, row),
        row["disposition"],
        Money(row["value_units"], currency) if row["value_units"] is not None else None,
        row["disposition_at"],
        row["return_state"],
        row["delivery_state"],
        tuple(vertical.dispositions) if vertical is not None else (),
    )


def _values(market: Market, row: Row) -> dict[str, str] | None:
    """Every field as it was understood."""
    if row["sealed"] is None or row["wrapped"] is None:
        return None
    try:
        key = market.vault.data_key(bytes(row["wrapped"]))
        sealed = orjson.loads(market.vault.open(key, f"lead:{row['lead_id']}", bytes(row["sealed"])))
    except VaultError:
        return None
    facts: dict[str, str] = orjson.loads(row["facts"])
    return facts | {name: clean for name, (_, clean, _) in sealed["values"].items()}


def sheet_of(lines: list[BoughtLine]) -> bytes:
    """A spreadsheet in which every cell is text, so that none is run."""
    import xlsxwriter  # large, and few ask for this

    names = list(dict.fromkeys(name for line in lines for name in line.values or {}))
    out = io.BytesIO()
    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, {"in_memory": True, **plain}) as book:
        sheet = book.add_worksheet("Leads")
        sheet.freeze_panes(1, 0)
        for column, name in enumerate([*COLUMNS, *names]):
            sheet.write_string(0, column, name[:_CELL_CHARACTERS])
        for number, line in enumerate(lines, start=1):
            told = {**(line.values or {}), **line.fields()}
            for column, name in enumerate([*COLUMNS, *names]):
                sheet.write_string(number, column, (told.get(name) or "")[:_CELL_CHARACTERS])
    return out.getvalue()
