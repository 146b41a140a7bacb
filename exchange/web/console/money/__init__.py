"""What is owed and paid: billing, invoices, payouts, the ledger and other people's books."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from exchange.model.rights import Right
from exchange.web.console._rights import MONEY, PAYING, Rights
from exchange.web.console.money import billing, invoices, ledger, payouts, reconcile, reconciliation, seller_terms

ROOM: Mapping[ModuleType, Rights] = MappingProxyType(
    {
        billing: MONEY,
        invoices: MONEY,
        ledger: Rights(Right.BOOKS_SEE, Right.BOOKS_SEE, live_only=True),
        payouts: PAYING,
        reconcile: MONEY,
        reconciliation: MONEY,
        seller_terms: PAYING,
    }
)
