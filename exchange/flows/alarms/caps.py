"""Caps and budgets that are nearly used, and those that are full: one alert for each cap and window."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

from exchange.flows.alarms.look import Look, buyer_name, leads_of_buyer
from exchange.model.alert import Act, Found, Told
from exchange.model.hold import CapHold
from exchange.model.money import Money
from exchange.model.party import Cap, Contract, State, Window
from exchange.stages.alert_words import counted, span
from exchange.stages.caps import best_price, cap_parts, contract_caps
from exchange.stages.reasons import show_money
from exchange.stages.schedule import window_end

_SMALL = 5  # a cap of a few leads is nearly used from the first on: it is told when it is full


async def caps(look: Look) -> AsyncIterator[Found]:
    if not look.on("cap"):
        return
    market, share = look.market, look.settings["cap"].first
    use = market.live.cap_use(look.now)
    for contract in market.deals.contracts.values():
        if contract.state is not State.ACTIVE or not (contract.caps or contract.budget):
            continue
        price = best_price(contract)
        kinds = {key: cap for key, _, cap in contract_caps(contract)}
        for part in cap_parts(contract, price, look.now, market.live.windows(contract.zone)):
            used = use.get(part.key, 0)
            full = used + part.amount > part.most
            near = 100 * used >= share * part.most and (part.money or part.most > _SMALL)
            if part.most > 0 and used and (full or near):
                yield _found(look, contract, part, kinds[part.key], used, price.currency, full=full)


def _found(look: Look, contract: Contract, part: CapHold, cap: Cap, used: int, currency: str, *, full: bool) -> Found:
    buyer = buyer_name(look.market, contract.buyer_id)
    what = "budget" if part.name == "budget" else f"{_PERIODS[cap.window]} cap"
    said = _amount(part.most, currency, money=part.money)
    state = (
        "is used up" if part.name == "budget" and full else "is full" if full else f"is used to {_share(used, part)}"
    )
    resets = _resets(look, contract, cap.window)
    then = "Its leads go to others until then." if full and resets else "Its leads go to others."
    effect = f"{_amount(used, currency, money=part.money)} of {said} used. {resets}{then if full else ''}".strip()
    return Found(
        "cap",
        f"{part.key}:{part.window_start}",
        f"{buyer}'s {what} of {said} {state}",
        effect,
        "It buys as agreed. A raised cap takes effect with the next lead.",
        (Act(f"Leads of {buyer}", leads_of_buyer(contract.buyer_id)), Act("Dashboard", "/console")),
        level=2 if full else 1,
        told=Told(
            "buyer",
            contract.buyer_id,
            f"The {what} of {said} {state}",
            f"Contract {contract.name}: {effect.replace('Its leads go to others', 'You get no more of its leads')}",
            "/buyer/leads",
        ),
    )


_PERIODS = {
    Window.HOUR: "hourly",
    Window.DAY: "daily",
    Window.WEEK: "weekly",
    Window.MONTH: "monthly",
    Window.TOTAL: "total",
}


def _amount(units: int, currency: str, *, money: bool) -> str:
    return show_money(Money(units, currency)) if money else counted(units, "lead")


def _share(used: int, part: CapHold) -> str:
    return f"{100 * used // part.most}%"


def _resets(look: Look, contract: Contract, window: Window) -> str:
    if window is Window.TOTAL:
        return ""
    end = window_end(window, contract.zone, look.now)
    local = datetime.fromtimestamp(end / 1000, ZoneInfo(contract.zone))
    return f"Resets {local:%H:%M %Z}, in {span(end - look.now)}. "
