"""How the demo's sellers are paid: their terms, and what finance did in the past: approved, exported, paid.

Of the last week that is over some sellers are paid, too; the others wait for whoever looks at the demo.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from exchange.demo.billing_day import keep_bills
from exchange.flows.market import Market
from exchange.flows.payout_files import export
from exchange.flows.payout_payments import mark_file_paid, mark_run_paid
from exchange.flows.payouts import CannotPay, approve, prepare_due
from exchange.flows.seller_terms import change_payer, change_terms
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.billing import Every
from exchange.model.payout import Method, Run
from exchange.stages.statement import bounds_around
from exchange.storage.payout_lists import RunFilter, list_runs

FINANCE = Actor(Role.OPERATOR, "finance@demo.local")
PAID_TO_DATE = frozenset({"bluefin", "evergreen"})
"""Whose last week is paid already."""

_NOWHERE = "500000005"  # right by its check digit, and of no bank: no district has it
_TERMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "acme": {"method": "ach", "holder": "Acme Media LLC", "routing": _NOWHERE, "account": "4400117723",
                 "reserve_percent": "10", "reserve_days": "7", "net_days": "5"},
        "bluefin": {"method": "ach", "holder": "BlueFin Leads Inc", "routing": _NOWHERE, "account": "90025514",
                    "reserve_percent": "5", "reserve_days": "14"},
        "cedar": {"reserve_percent": "20", "minimum": "50.00", "chargeback_days": "45"},
        "evergreen": {"method": "ach", "holder": "Evergreen Forms Co", "routing": _NOWHERE, "account": "7719003",
                      "net_days": "3"},
    }
)  # fmt: skip
_BANK = {"bank_name": "Bank of Nowhere", "routing": _NOWHERE, "company": "Harbor Exchange", "company_id": "1000000001"}


async def set_terms(market: Market) -> None:
    """How each seller of the demo is paid, and from where."""
    for seller_id, terms in _TERMS.items():
        if seller_id in market.deals.sellers:
            await change_terms(market, seller_id, {"currency": "USD", **terms}, SYSTEM)
    await change_payer(market, Method.ACH, _BANK, SYSTEM)


class Finance:
    """Looks at payouts once a day of the demo's past. `until` is where the past ends."""

    def __init__(self, market: Market, until: int) -> None:
        self._market = market
        self._day = ""
        self._last_week = bounds_around(Every.WEEK, market.zone, until).since

    async def look(self, *, again: bool = False) -> None:
        market = self._market
        day = f"{datetime.fromtimestamp(market.clock.now() // 1000, ZoneInfo(market.zone)):%Y-%m-%d}"
        if day == self._day and not again:
            return
        self._day = day
        await keep_bills(market)
        await prepare_due(market)
        runs = [run for run in await market.db.write(list_runs, SYSTEM, RunFilter("prepared")) if self._is_due(run)]
        for run in runs:
            await self._settle(await approve(market, run.id, FINANCE))
        await self._export(day)

    def _is_due(self, run: Run) -> bool:
        return run.until.at < self._last_week or run.seller_id in PAID_TO_DATE

    async def _settle(self, run: Run) -> None:
        """What is paid by hand left the bank at once."""
        if run.method is Method.BY_HAND and run.figures.pay:
            await mark_run_paid(self._market, run.id, f"wire {run.number}", FINANCE)

    async def _export(self, day: str) -> None:
        try:
            made = await export(self._market, Method.ACH, FINANCE)
        except CannotPay:
            return
        await mark_file_paid(self._market, made.file.id, f"batch {day}", FINANCE)
