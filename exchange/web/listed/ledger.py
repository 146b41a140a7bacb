"""The ledger as a list: its columns, its filters, and what of the storage they ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.ledger import BANK, FEES, MARGIN, ROUNDING, TAX, TransactionKind
from exchange.model.money import BadMoney, read_units
from exchange.storage.ledger_views import LedgerFilter, LedgerLine, count_postings, edge_of_postings, list_postings
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/console/ledger"
COLUMNS = ("time", "reference", "line", "kind", "source", "destination", "amount", "currency", "cause", "reverses")
KINDS: Mapping[TransactionKind, str] = MappingProxyType(
    {
        TransactionKind.SALE: "Sale",
        TransactionKind.TOP_UP: "Top-up",
        TransactionKind.REVERSAL: "Reversal",
        TransactionKind.ADJUSTMENT: "Adjustment",
        TransactionKind.PAYOUT: "Payout",
        TransactionKind.INVOICE: "Document",
        TransactionKind.FEE: "Fee",
        TransactionKind.PAYMENT: "Payment",
        TransactionKind.REFUND: "Refund",
        TransactionKind.DISPUTE: "Dispute",
        TransactionKind.DEPOSIT: "Security",
        TransactionKind.RESERVE: "Reserve",
    }
)
"""What an entry of a kind is called in the ledger."""
_HOUSE = {BANK: "Bank", MARGIN: "Margin", FEES: "Fees", ROUNDING: "Rounding", TAX: "Tax"}
_PARTS = {
    "prepaid": "prepaid",
    "receivable": "on credit",
    "deposit": "security",
    "payable": "owed",
    "reserve": "reserve",
}


def ledger_filter(asked: Asked) -> LedgerFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    return LedgerFilter(
        given.get("account", ""),
        given.get("kind", ""),
        given.get("lead") or given.get("document") or "",
        read_units(given["amount"]) if "amount" in given else None,
        since,
        until,
        asked.span,
        asked.edge,
    )


def is_one(account: str) -> bool:
    """Whether it is the whole name of one account, so that an entry is a debit or a credit of it."""
    return account.count(":") == 2 or account in _HOUSE


def account_name(market: Market, account: str) -> str:
    """`Brightroof, prepaid` for `buyer:brightroof:prepaid`."""
    if account in _HOUSE:
        return _HOUSE[account]
    kind, party_id, part = (*account.split(":", 2), "", "")[:3]
    deals = market.deals
    party = deals.buyers.get(party_id) if kind == "buyer" else deals.sellers.get(party_id)
    return f"{party.name if party is not None else party_id}, {_PARTS.get(part, part)}"


def cause_href(line: LedgerLine) -> str:
    """The page of what led to an entry: a lead, a document, an account."""
    if line.cause.startswith("ld_"):
        return f"/console/leads/{line.cause}"
    if re.fullmatch(r"(INV|CN|ST)-\d{4}-\d{5,}", line.cause):
        return f"/console/invoices/{line.cause}"
    party = next((each for each in (line.source, line.destination) if each.startswith("buyer:")), "")
    return f"/console/billing/{party.split(':')[1]}" if party else ""


async def _read(market: Market, actor: Actor, asked: Asked) -> list[LedgerLine]:
    """Looked through part by part where no edge is given, and none left out."""
    wanted = ledger_filter(asked)
    if wanted.edge is not None:
        return await market.db.read(list_postings, actor, wanted)
    found: list[LedgerLine] = []
    while True:
        span = replace(wanted.span, limit=asked.span.limit - len(found))
        edge = await market.db.read(edge_of_postings, replace(wanted, span=span))
        found += await market.db.read(list_postings, actor, replace(wanted, span=span, edge=edge))
        if edge is None or len(found) == asked.span.limit:
            return found
        wanted = replace(wanted, span=replace(wanted.span, after=edge))


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    wanted = ledger_filter(asked)
    edge = await market.db.read(edge_of_postings, wanted)
    return await market.db.read(count_postings, actor, replace(wanted, edge=edge), most)


async def _edge(market: Market, _: Actor, asked: Asked) -> tuple[int, str] | None:
    return await market.db.read(edge_of_postings, ledger_filter(asked))


def _fields(line: LedgerLine) -> Mapping[str, object]:
    return {
        "time": utc(line.at),
        "reference": line.reference,
        "line": line.line,
        "kind": line.kind.value,
        "source": line.source,
        "destination": line.destination,
        "amount": line.money.text,
        "currency": line.money.currency,
        "cause": line.cause,
        "reverses": line.reverses,
    }


def _amount(text: str) -> str:
    try:
        read_units(text)
    except BadMoney:
        return ""
    return text


def _printable(text: str) -> str:
    return text if text.isprintable() else ""


def _kinds(_: Market) -> Choices:
    return [(kind.value, told) for kind, told in KINDS.items()]


LEDGER: Shape[LedgerLine] = Shape(
    "ledger",
    PATH,
    "entry",
    "entries",
    (
        Column("time", "Time", "when tab nowrap", sorts=lambda line: line.at),
        Column("kind", "Kind", "is"),
        Column("from", "From", "who"),
        Column("to", "To"),
        Column("cause", "Because of", "wrap"),
        Column("amount", "Amount", "paid", num=True),
        Column("debit", "Debit", num=True, about="What left the account that is looked at"),
        Column("credit", "Credit", num=True, about="What came into the account that is looked at"),
        Column("balance", "Balance", "paid", num=True, about="What the account held after the entry"),
        Column("reference", "Reference", "mono dim wrap"),
    ),
    (
        Filter("account", "Account, or how it begins", read=_printable, example="buyer:acme", longest=120),
        Filter("kind", "Kind", _kinds, lambda text: text if text in {each.value for each in TransactionKind} else ""),
        period_filter("When"),
        Filter("lead", "Lead", read=_printable, example="ld_…", longest=120),
        Filter("document", "Document or reference", read=_printable, longest=120),
        Filter("amount", "Amount", read=_amount, example="36.50", longest=20),
    ),
    _read,
    _count,
    lambda line: line.id,
    _fields,
    COLUMNS,
    Nothing("Nothing was booked yet. Every sale, return and payment stands here.", "Leads", "/console/leads"),
    edge=_edge,
)
