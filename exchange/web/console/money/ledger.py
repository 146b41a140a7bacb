"""The books: every entry with both sides and what led to it, and when they were last found sound. Nothing is edited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from aiohttp import web

from exchange.flows.check_books import check_now
from exchange.flows.market import Market
from exchange.model.ledger import BANK, FEES, MARGIN, ROUNDING, TAX, TransactionKind
from exchange.model.money import BadMoney, Money, read_units
from exchange.storage.ledger_views import LedgerFilter, LedgerLine, balance_before, last_check, list_postings
from exchange.web.auth import actor_of
from exchange.web.bills.told import KINDS
from exchange.web.csv_rows import csv_rows
from exchange.web.keys import MARKET
from exchange.web.pages import Page, see_other
from exchange.web.render import address, page
from exchange.web.render import as_json as json_response
from exchange.web.words import utc

PATH = "/console/ledger"
PAGE, LISTED = 50, 500
COLUMNS = ("time", "reference", "line", "kind", "source", "destination", "amount", "currency", "cause", "reverses")
_FILTERS = ("account", "kind", "lead", "document", "amount")
_BEFORE = re.compile(r"(\d{1,15})_(\d{1,4})_([!-~]{1,200})")
_HOUSE = {BANK: "Bank", MARGIN: "Margin", FEES: "Fees", ROUNDING: "Rounding", TAX: "Tax"}
_PARTS = {
    "prepaid": "prepaid",
    "receivable": "on credit",
    "deposit": "security",
    "payable": "owed",
    "reserve": "reserve",
}


@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """What is asked for. A value that no filter can read leaves it out."""

    given: Mapping[str, str]
    before: tuple[int, str, int] | None = None

    def filter(self, limit: int) -> LedgerFilter:
        least = most = None
        if amount := self.given.get("amount"):
            least = most = read_units(amount)
        cause = self.given.get("lead") or self.given.get("document") or ""
        account, kind = self.given.get("account", ""), self.given.get("kind", "")
        return LedgerFilter(account, kind, cause, least, most, before=self.before, limit=limit)

    def url(self, ending: str = "", **more: str | None) -> str:
        return address(PATH + ending, **{**self.given, **more})


class Shown(NamedTuple):
    """One line of the page. `debit` left the account that is looked at, `credit` came in; without one, both sides."""

    line: LedgerLine
    source: str
    destination: str
    cause_href: str
    balance: Money | None


def pages() -> tuple[Page, ...]:
    return (
        Page("GET", PATH, show),
        Page("GET", f"{PATH}.json", as_json),
        Page("GET", f"{PATH}.csv", as_csv),
        Page("POST", f"{PATH}/check", check),
    )


async def show(request: web.Request) -> web.StreamResponse:
    market, query = request.app[MARKET], read_query(request.query)
    lines = await market.db.read(list_postings, actor_of(request), query.filter(PAGE + 1))
    found = await market.db.read(last_check)
    account = query.given.get("account", "")
    return await page(
        request,
        "console/money/ledger.html",
        title="Ledger",
        here="ledger",
        query=query,
        lines=await _shown(market, lines[:PAGE], account),
        older=_older(query, lines, PAGE),
        kinds=[(kind.value, KINDS[kind]) for kind in TransactionKind],
        found=found,
        sums=orjson.loads(found.sums) if found is not None else {},
        one=account if account.count(":") == 2 or account in _HOUSE else "",
    )


async def as_json(request: web.Request) -> web.StreamResponse:
    market, query = request.app[MARKET], read_query(request.query)
    lines = await market.db.read(list_postings, actor_of(request), query.filter(LISTED + 1))
    found = await market.db.read(last_check)
    checked = {"at": utc(found.at), "sound": found.sound, "entries": found.entries} if found is not None else None
    fields = {
        "filters": dict(query.given),
        "checked": checked,
        "entries": [_fields(each) for each in lines[:LISTED]],
        "older": _older(query, lines, LISTED, ".json"),
    }
    return json_response(fields)


async def as_csv(request: web.Request) -> web.StreamResponse:
    """The whole list, written as it is read."""
    market, actor, query = request.app[MARKET], actor_of(request), read_query(request.query)
    headers = {"Content-Type": "text/csv; charset=utf-8", "Cache-Control": "no-store"}
    headers["Content-Disposition"] = 'attachment; filename="ledger.csv"'
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(csv_rows([list(COLUMNS)]))
    while True:
        lines = await market.db.read(list_postings, actor, query.filter(LISTED))
        if lines:
            rows: list[list[object]] = [[_fields(each)[name] for name in COLUMNS] for each in lines]
            await response.write(csv_rows(rows))
        if len(lines) < LISTED:
            break
        query = LedgerQuery(query.given, (lines[-1].at, lines[-1].reference, lines[-1].line))
    await response.write_eof()
    return response


async def check(request: web.Request) -> web.StreamResponse:
    """Check the books now."""
    await check_now(request.app[MARKET])
    return see_other(PATH)


def read_query(query: Mapping[str, str]) -> LedgerQuery:
    given = {name: query.get(name, "").strip()[:120] for name in _FILTERS}
    if given["kind"] not in {kind.value for kind in TransactionKind}:
        given["kind"] = ""
    try:
        read_units(given["amount"])
    except BadMoney:
        given["amount"] = ""
    found = _BEFORE.fullmatch(query.get("before", ""))
    before = (int(found[1]), found[3], int(found[2])) if found is not None else None
    return LedgerQuery({name: value for name, value in given.items() if value and value.isprintable()}, before)


def _older(query: LedgerQuery, lines: list[LedgerLine], shown: int, ending: str = "") -> str | None:
    if len(lines) <= shown:
        return None
    last = lines[shown - 1]
    return query.url(ending, before=f"{last.at}_{last.line}_{last.reference}")


async def _shown(market: Market, lines: list[LedgerLine], account: str) -> list[Shown]:
    """With the running balance after each, when one account is looked at: counted up from the oldest of the page."""
    balances: dict[str, Money] = {}
    found: list[Shown] = []
    for line in reversed(lines):
        balance = None
        if account in (line.source, line.destination):
            currency = line.money.currency
            if currency not in balances:
                place = (line.at, line.reference, line.line)
                balances[currency] = await market.db.read(balance_before, account, currency, *place)
            moved = line.money if line.destination == account else -line.money
            balance = balances[currency] = balances[currency] + moved
        names = account_name(market, line.source), account_name(market, line.destination)
        found.append(Shown(line, *names, _cause_href(line), balance))
    return found[::-1]


def account_name(market: Market, account: str) -> str:
    """`Brightroof, prepaid` for `buyer:brightroof:prepaid`."""
    if account in _HOUSE:
        return _HOUSE[account]
    kind, party_id, part = (*account.split(":", 2), "", "")[:3]
    deals = market.deals
    party = deals.buyers.get(party_id) if kind == "buyer" else deals.sellers.get(party_id)
    return f"{party.name if party is not None else party_id}, {_PARTS.get(part, part)}"


def _cause_href(line: LedgerLine) -> str:
    """The page of what led to an entry: a lead, a document, an account."""
    if line.cause.startswith("ld_"):
        return f"/console/leads/{line.cause}"
    if re.fullmatch(r"(INV|CN|ST)-\d{4}-\d{5,}", line.cause):
        return f"/console/invoices/{line.cause}"
    party = next((each for each in (line.source, line.destination) if each.startswith("buyer:")), "")
    return f"/console/billing/{party.split(':')[1]}" if party else ""


def _fields(line: LedgerLine) -> dict[str, Any]:
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
