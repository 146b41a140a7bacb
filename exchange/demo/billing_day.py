"""How the demo's buyers are billed: by the week, with addresses; and what they paid in the past, and what they owe."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.flows.billing import bill_due
from exchange.flows.billing_terms import set_terms
from exchange.flows.market import Market, refresh
from exchange.flows.payments import account_standings, pay_invoice
from exchange.flows.top_up import top_up
from exchange.model.actor import SYSTEM, Actor, Role
from exchange.model.money import Money
from exchange.stages.standing import State
from exchange.storage.statement_lists import invoiced_accounts

FINANCE = Actor(Role.OPERATOR, "finance@demo.local")
SHORT, SHORT_OF = "granite_home", "320.00"
"""Who pays in so little that a few leads bring it below six."""
PAYS_LATER = 86_400_000
"""A day after it was issued."""

_TERMS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "brightroof": {"address": "Brightroof Inc\n400 Sun Street\nTempe, AZ 85281", "due_days": "7"},
        "northsun": {"address": "NorthSun LLC\n8 Birch Lane\nReno, NV 89501", "due_days": "3"},
        "helio_one": {"address": "Helio One\n77 Coast Highway\nSan Diego, CA 92101"},
    }
)
_SLOW = frozenset({"northsun"})
"""Who pays half and is late with the rest."""


async def set_buyers_terms(market: Market) -> None:
    for buyer in list(market.deals.buyers.values()):
        if not buyer.id.startswith("simulated-"):
            await set_terms(market, buyer, {"every": "week", **_TERMS.get(buyer.id, {})}, SYSTEM)
    await refresh(market)


async def keep_bills(market: Market) -> None:
    """Issue what is due, and book what buyers paid since: most the day after, some half and late."""
    await bill_due(market)
    now = market.clock.now()
    for account, currency in await market.db.write(invoiced_accounts, SYSTEM):
        buyer_id = account.split(":")[1]
        for each in (await account_standings(market, SYSTEM, account, currency)).values():
            waits = each.statement.issued_at + PAYS_LATER > now
            if waits or each.paid.units or each.state not in (State.OPEN, State.OVERDUE):
                continue
            amount = each.open.share(5_000) if buyer_id in _SLOW else each.open
            await pay_invoice(market, each.statement.number, amount, f"wire {each.statement.number}", FINANCE)


async def leave_short(market: Market) -> None:
    """Granite Home tops up to a little more than six leads cost, at the end of the past."""
    buyer = market.deals.buyers.get(SHORT)
    if buyer is None:
        return
    await refresh(market)
    left = market.live.available[buyer.id]
    missing = Money.parse(SHORT_OF, left.currency) - left
    if missing.units > 0:
        await top_up(market, buyer.id, missing, f"wire {SHORT_OF}", FINANCE)
