"""Caps as a hold sees them: a key, the window it counts in, how much a sale takes and how much there is.

A sale belongs to the window in which it was reserved, so a part is made once and kept with its hold. A cap keeps its
use when its limit is edited, because the key does not name the limit.
"""

from __future__ import annotations

from exchange.model.hold import CapHold
from exchange.model.money import Money
from exchange.model.party import Cap, Contract, SaleMode, Window
from exchange.stages.schedule import ZoneWindows

BUDGET = "budget"


def cap_key(contract: Contract, cap: Cap) -> str:
    """`ct_1:day:count`, with the weekdays behind it when the cap has them: `ct_1:day:count:01234`."""
    days = "".join(str(day) for day in sorted(set(cap.weekdays)))
    return f"{contract.id}:{cap.name}:{days}" if days else f"{contract.id}:{cap.name}"


def budget_key(contract: Contract) -> str:
    return f"{contract.id}:{BUDGET}"


def contract_caps(contract: Contract) -> tuple[tuple[str, str, Cap], ...]:
    """Every cap of a contract as (key, check name, cap), its budget last as a money cap without end.

    Of several caps with one key the least counts, so that no sale is counted twice in one row.
    """
    caps: dict[str, tuple[str, str, Cap]] = {}
    for cap in contract.caps:
        key = cap_key(contract, cap)
        if key not in caps or cap.most < caps[key][2].most:
            caps[key] = (key, f"cap:{cap.window.value}", cap)
    if contract.budget is not None:
        key = budget_key(contract)
        caps[key] = (key, BUDGET, Cap(Window.TOTAL, "money", contract.budget.units))
    return tuple(caps.values())


def cap_parts(contract: Contract, price: Money, now: int, windows: ZoneWindows | None = None) -> tuple[CapHold, ...]:
    """What a sale at `price` takes of each cap that holds at `now`. Nothing for caps of other weekdays."""
    windows = windows or ZoneWindows(contract.zone)
    return tuple(
        CapHold(
            key,
            name,
            windows.start(cap.window, now),
            price.units if cap.unit == "money" else 1,
            cap.most,
            cap.unit == "money",
            windows.by_now(cap, contract.hours, now) if contract.even else None,
        )
        for key, name, cap in contract_caps(contract)
        if not cap.weekdays or windows.weekday(now) in cap.weekdays
    )


def cap_windows(contract: Contract, now: int, windows: ZoneWindows | None = None) -> tuple[tuple[str, int], ...]:
    """The (key, window start) pairs whose use decides about the contract at `now`."""
    windows = windows or ZoneWindows(contract.zone)
    return tuple(
        (key, windows.start(cap.window, now))
        for key, _, cap in contract_caps(contract)
        if not cap.weekdays or windows.weekday(now) in cap.weekdays
    )


def least_price(contract: Contract) -> Money | None:
    """The least a fixed contract may be asked to pay; None when it bids."""
    prices = _fixed_prices(contract)
    return min(prices, key=lambda price: price.units) if prices else None


def best_price(contract: Contract) -> Money:
    """The most a contract may bring: its fixed price, or its highest bid."""
    return max(_fixed_prices(contract) or (contract.max_bid,), key=lambda price: price.units)


def _fixed_prices(contract: Contract) -> tuple[Money, ...]:
    if contract.price is None:
        return ()
    by_rule = [price for rule in contract.price_rules for price in (rule.price, rule.shared_price) if price is not None]
    if contract.sale_mode is SaleMode.EITHER and contract.shared_price is not None:
        return (contract.price, contract.shared_price, *by_rule)
    return (contract.price, *by_rule)
