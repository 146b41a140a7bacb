"""The calls about money: a buyer's balance and documents, and what operators do with invoices."""

from __future__ import annotations

from exchange.web.api import billing
from exchange.web.api.call import Work
from exchange.web.api.route import ASKED, TOLD, KeyKind, Parameter, Rank, Route

_NUMBER = "/{number}"


def routes() -> tuple[Route, ...]:
    listed = (
        Parameter("kind", "`invoices`, `credit_notes` or `statements`; all unless said."),
        Parameter("status", "`to_pay`, `overdue`, `paid` or `cancelled`; all unless said."),
        Parameter("before", "The `next` of the page before; the newest first."),
        Parameter("limit", "How many at most, 1 to 1000; 200 unless said."),
    )
    of_buyer = Parameter("buyer", "Of this buyer only.")
    own, every = "/api/v1/buyer/invoices", "/api/v1/invoices"
    buyer, operator = KeyKind.BUYER, KeyKind.OPERATOR
    return (
        _asked("/api/v1/buyer/balance", "balance", "What a buyer may spend, and how long it lasts", buyer,
               billing.balance, "MoneyLeft"),
        _asked(own, "own_invoices", "A buyer's invoices, credit notes and statements", buyer, billing.own_invoices,
               "Invoices", listed),
        _asked(own + _NUMBER, "own_invoice", "One of them with its lines", buyer, billing.own_invoice, "Invoice"),
        _asked(every, "invoices", "Every buyer's", operator, billing.all_invoices, "Invoices", (*listed, of_buyer)),
        _asked(every + _NUMBER, "invoice", "One of them with its lines", operator, billing.any_invoice, "Invoice"),
        _told(every + _NUMBER + "/paid", "invoice_paid", "Books what came from the bank for an invoice", billing.paid,
              "InvoicePaid", "TopUp"),
        _told("/api/v1/buyers/{buyer_id}/invoices", "issue_invoices", "Closes a buyer's open period now", billing.issue,
              "Issued", ""),
    )  # fmt: skip


def _asked(
    path: str,
    name: str,
    summary: str,
    key: KeyKind,
    do: Work,
    gives: str,
    query: tuple[Parameter, ...] = (),
) -> Route:
    refusals = (*ASKED, 404) if "{" in path else ASKED
    return Route("GET", path, name, summary, key, Rank.REPORT, do, gives, refusals, query=query)


def _told(path: str, name: str, summary: str, do: Work, gives: str, takes: str) -> Route:
    return Route("POST", path, name, summary, KeyKind.OPERATOR, Rank.REPORT, do, gives, (*TOLD, 409), takes)
