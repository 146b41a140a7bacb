"""The list of money documents: its columns, its filters, and how each document stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from exchange.flows.market import Market
from exchange.flows.payments import account_standings
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.model.statement import Statement, StatementKind
from exchange.stages.standing import Standing, State
from exchange.storage.spans import TOP, Span
from exchange.storage.statement_lists import (
    EVERY_KIND,
    StatementFilter,
    count_statements,
    invoiced_accounts,
    list_statements,
)
from exchange.web.bills.files import standing_fields
from exchange.web.bills.told import TITLES
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.held import held
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/console/invoices"
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
Within = tuple[int | None, int | None]
"""First and last instant, epoch ms, the last excluded."""
ALWAYS: Within = (None, None)


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


Given = Mapping[str, str]
"""`kind`, `status` and `buyer` of a list, as its address has them; what is missing leaves none out."""


async def read_bills(
    market: Market, actor: Actor, asked: Given, span: Span = TOP, within: Within = ALWAYS
) -> list[Listed]:
    """A stretch of the list. How a document stands follows from all payments of its account."""
    if asked.get("status") in STATUSES:
        return held(await _of_status(market, actor, asked, within), BILLS, span)
    known: dict[tuple[str, str], dict[str, Standing]] = {}
    found = []
    for each in await market.db.read(list_statements, actor, _filter(asked, span, within)):
        account = (each.period.account, each.period.currency)
        if account not in known:
            known[account] = await account_standings(market, actor, *account)
        found.append(Listed(each, known[account][each.number]))
    return found


async def count_bills(
    market: Market, actor: Actor, asked: Given, most: int, span: Span = TOP, within: Within = ALWAYS
) -> int:
    """How many match, counted up to `most`."""
    if asked.get("status") in STATUSES:
        return min(len(held(await _of_status(market, actor, asked, within), BILLS, replace(span, limit=most))), most)
    return await market.db.read(count_statements, actor, _filter(asked, span, within), most)


async def _of_status(market: Market, actor: Actor, asked: Given, within: Within) -> list[Listed]:
    """Invoices that stand so: what a status says of other documents is nothing."""
    wanted, kinds = STATUSES[asked["status"]], KINDS.get(asked.get("kind", ""), EVERY_KIND)
    since, until = within
    found = []
    for account in await market.db.read(invoiced_accounts, actor, asked.get("buyer")):
        for each in (await account_standings(market, actor, *account)).values():
            known = each.statement
            timely = (since is None or known.issued_at >= since) and (until is None or known.issued_at < until)
            if each.state in wanted and known.kind.value in kinds and timely:
                found.append(Listed(known, each))
    return found


def _filter(asked: Given, span: Span, within: Within) -> StatementFilter:
    kinds = KINDS.get(asked.get("kind", ""), EVERY_KIND)
    return StatementFilter(kinds, asked.get("buyer"), None, *within, span)


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


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Listed]:
    return await read_bills(market, actor, asked.given, asked.span, period_of(asked.given.get("period"), asked.times))


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    within = period_of(asked.given.get("period"), asked.times)
    return await count_bills(market, actor, asked.given, most, asked.span, within)


def real_buyers(market: Market) -> Choices:
    """Those that are billed, by name: simulated ones are not."""
    real = (each for each in market.deals.buyers.values() if not each.id.startswith("simulated-"))
    return sorted(((each.id, each.name) for each in real), key=lambda pair: pair[1].lower())


def _one_of(names: Mapping[str, object]) -> tuple[Callable[[Market], Choices], Callable[[str], str]]:
    return lambda _: [(name, name.replace("_", " ")) for name in names], lambda text: text if text in names else ""


BILLS: Shape[Listed] = Shape(
    "invoices",
    PATH,
    "document",
    "documents",
    (
        Column("issued", "Issued", "when tab", sorts=lambda line: line.statement.issued_at),
        Column("number", "Number", "who nowrap", fixed=True),
        Column("what", "What"),
        Column("buyer", "Buyer", "wrap"),
        Column("due", "Due", "tab"),
        Column("status", "How it stands", "is"),
        Column("total", "Total", num=True, sorts=lambda line: line.statement.totals.total.units),
        Column("open", "Open", "paid", num=True, about="What is still to be paid of it"),
        Column("paper", "Paper"),
    ),
    (
        Filter("kind", "What", *_one_of(KINDS)),
        Filter("status", "How it stands", *_one_of(STATUSES)),
        Filter("buyer", "Buyer", real_buyers),
        period_filter("Issued"),
    ),
    _read,
    _count,
    lambda line: line.statement.number,
    Listed.fields,
    COLUMNS,
    Nothing(
        "No document yet. They are issued by themselves when a buyer's period is over, or now, below.",
        "Issue one now",
        f"{PATH}#issue",
    ),
)


def own_bills(path: str) -> Shape[Listed]:
    """The same for a buyer, of its own documents."""
    return replace(
        BILLS,
        name="own_invoices",
        path=path,
        columns=tuple(each for each in BILLS.columns if each.name != "buyer"),
        filters=tuple(each for each in BILLS.filters if each.name != "buyer"),
        nothing=Nothing("No document yet. They come when your period is over."),
    )
