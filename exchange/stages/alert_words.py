"""How alerts say numbers."""

from __future__ import annotations

from exchange.model.alert import Stake
from exchange.model.money import Money
from exchange.stages.reasons import show_money

_MINUTE, _HOUR, _DAY = 60_000, 3_600_000, 86_400_000


def counted(number: int, one: str, many: str = "") -> str:
    """`1 lead`, `4 leads`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(ms: int) -> str:
    """`36 s`, `33 min`, `5 h 20 min`, `6 d`."""
    if ms < _MINUTE:
        return f"{max(ms, 0) // 1_000} s"
    if ms < _HOUR:
        return f"{ms // _MINUTE} min"
    if ms < 2 * _DAY:
        hours, rest = divmod(ms // _MINUTE, 60)
        return f"{hours} h {rest} min" if rest and hours < 10 else f"{hours} h"
    return f"{ms // _DAY} d"


def percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "0.0%"


def pace_of(leads: int, money: Money, within_ms: int) -> Stake:
    """What an hour of it is, from what came within some time."""
    return Stake(money.units * _HOUR // within_ms, money.currency, round(leads * _HOUR / within_ms))


def stake_text(stake: Stake) -> str:
    """`12 leads and $430.00 an hour`; empty when nothing is known."""
    money = Money(stake.units // 100 * 100, stake.currency) if stake.currency and stake.units else None
    leads = counted(stake.leads, "lead") if stake.leads else ""
    if money is None:
        return f"{leads} an hour" if leads else ""
    return f"{leads} and {show_money(money)} an hour" if leads else f"{show_money(money)} an hour"
