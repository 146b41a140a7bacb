"""Lists of money documents: filters in the address, keyset paging, and each with how it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from exchange.flows.market import Market
from exchange.flows.payments import account_standings
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.model.statement import Statement, StatementKind
from exchange.stages.standing import Standing, State
from exchange.storage.statement_lists import EVERY_KIND, StatementFilter, invoiced_accounts, list_statements
from exchange.web.bills.files import standing_fields
from exchange.web.bills.told import TITLES
from exchange.web.render import address
from exchange.web.words import utc

PAGE = 50
KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "invoices": (StatementKind.INVOICE.value,),
        "credit_notes": (StatementKind.CREDIT_NOTE.value, StatementKind.CANCELLATION.value),
        "statements": (StatementKind.STATEMENT.value,),
    }
)
STATUSES: Mapping[str, tuple[State, ...]] = MappingProxyType(
    {
        "to_pay": (State.OPEN, State.PART_PAID, State.OVERDUE),
        "overdue": (State.OVERDUE,),
        "paid": (State.PAID,),
        "cancelled": (State.CANCELLED,),
    }
)
COLUMNS = (
    "number",
    "kind",
    "party",
    "issued_at",
    "due_at",
    "net",
    "tax",
    "total",
    "paid",
    "open",
    "status",
    "currency",
)
_FILTERS = ("kind", "status", "buyer")
_BEFORE = re.compile(r"(\d{1,15})_([A-Z]{2,3}-\d{4}-\d{1,12})")
_VALUE_CHARACTERS = 80


class Listed(NamedTuple):
    """A document of a list and how it stands."""

    statement: Statement
    standing: Standing

    @property
    def title(self) -> str:
        return TITLES[self.statement.kind]

    def fields(self) -> dict[str, Any]:
        totals, due_at = self.statement.totals, self.statement.due_at
        return {
            "number": self.statement.number,
            "kind": self.statement.kind.value,
            "party": self.statement.party.name,
            "issued_at": utc(self.statement.issued_at),
            "due_at": utc(due_at) if due_at is not None else None,
            "net": totals.net.text,
            "tax": totals.tax.text,
            "total": totals.total.text,
            "currency": self.statement.period.currency,
            "corrects": self.statement.corrects,
            **standing_fields(self.standing),
        }


@dataclass(frozen=True, slots=True)
class BillQuery:
    """What is asked for, at the list that stands at `path`. A value that no filter knows leaves it out."""

    path: str
    given: Mapping[str, str]
    before: tuple[int, str] | None = None

    def filter(self, limit: int) -> StatementFilter:
        kinds = KINDS.get(self.given.get("kind", ""), EVERY_KIND)
        return StatementFilter(kinds, self.given.get("buyer"), None, self.before, limit)

    def url(self, ending: str = "", **more: str | None) -> str:
        return address(self.path + ending, **{**self.given, **more})


def read_query(path: str, query: Mapping[str, str]) -> BillQuery:
    given = {name: query.get(name, "").strip()[:_VALUE_CHARACTERS] for name in _FILTERS}
    if given["kind"] not in KINDS:
        given["kind"] = ""
    if given["status"] not in STATUSES:
        given["status"] = ""
    found = _BEFORE.fullmatch(query.get("before", ""))
    before = (int(found[1]), found[2]) if found is not None else None
    return BillQuery(path, {name: value for name, value in given.items() if value}, before)


async def read_bills(market: Market, actor: Actor, query: BillQuery, limit: int) -> tuple[list[Listed], str | None]:
    """A page of the list, and where the next one begins.

    How a document stands follows from all payments of its account, so a filter by status looks at documents until the
    page is full.
    """
    wanted = STATUSES.get(query.given.get("status", ""))
    known: dict[tuple[str, str], dict[str, Standing]] = {}
    found: list[Listed] = []
    before = query.before
    while len(found) <= limit:
        rows = await market.db.read(
            list_statements, actor, BillQuery(query.path, query.given, before).filter(limit + 1)
        )
        for each in rows:
            standing = await _standing(market, actor, each, known)
            if wanted is None or standing.state in wanted:
                found.append(Listed(each, standing))
        if len(rows) <= limit:
            break
        before = (rows[-1].issued_at, rows[-1].number)
    more = found[limit - 1].statement if len(found) > limit else None
    return found[:limit], query.url(before=f"{more.issued_at}_{more.number}") if more is not None else None


async def _standing(
    market: Market, actor: Actor, statement: Statement, known: dict[tuple[str, str], dict[str, Standing]]
) -> Standing:
    account = (statement.period.account, statement.period.currency)
    if account not in known:
        known[account] = await account_standings(market, actor, *account)
    return known[account][statement.number]


class Owed(NamedTuple):
    """What buyers owe on invoices in one currency: in all, and what should have come by now; how many invoices."""

    open: Money
    overdue: Money
    invoices: int


async def owed(market: Market, actor: Actor) -> Sequence[Owed]:
    sums: dict[str, list[int]] = {}
    for account, currency in await market.db.read(invoiced_accounts, actor):
        counted = sums.setdefault(currency, [0, 0, 0])
        for each in (await account_standings(market, actor, account, currency)).values():
            counted[0] += each.open.units
            counted[1] += each.open.units if each.state is State.OVERDUE else 0
            counted[2] += 1 if each.open.units else 0
    return [
        Owed(Money(left, currency), Money(late, currency), count)
        for currency, (left, late, count) in sorted(sums.items())
    ]
