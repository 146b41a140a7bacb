"""Values of dimensions in words, and figures of measures as people and programs read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

from exchange.flows.market import Market
from exchange.model.analysis import DIMENSIONS, FIELD, Measure, Unit
from exchange.model.money import SCALE, Money
from exchange.web import words
from exchange.web.words import Times

OTHERS = "\0others"
"""A row or column of all that are not shown by themselves."""


def dimension_name(name: str) -> str:
    """`ZIP3`, or the name of a field."""
    return DIMENSIONS.get(name) or name.removeprefix(FIELD).replace("_", " ").capitalize()


def value_name(market: Market, times: Times, dimension: str, value: str) -> str:
    """A value as people call it."""
    if value == OTHERS:
        return "Others"
    if not value:
        return f"No {_small(dimension)}" if dimension != "reason" else "Not rejected"
    deals = market.deals
    named: Mapping[str, object] = {
        "seller": deals.sellers,
        "campaign": deals.campaigns,
        "buyer": deals.buyers,
        "contract": deals.contracts,
    }.get(dimension, {})
    if value in named:
        name: str = getattr(named[value], "name")  # noqa: B009 - of four kinds of party
        return f"{deals.buyer_name(value)}: {name}" if dimension == "contract" else name
    if dimension == "vertical" and value in market.verticals:
        return market.verticals[value].title
    return _plainly(times, dimension, value)


def _plainly(times: Times, dimension: str, value: str) -> str:
    if dimension == "hour":
        local = times.local(int(value))
        return f"{local.day} {local:%b %H:%M}"
    if dimension == "day":
        day = date.fromisoformat(value)
        return f"{day:%a} {day.day} {day:%b}"
    if dimension == "week":
        day = date.fromisoformat(value)
        last = day + timedelta(days=6)
        return f"{day.day} {day:%b} to {last.day} {last:%b}"
    if dimension == "tier":
        return f"Tier {value}"
    return value.replace("_", " ") if dimension in ("status", "reason", "channel", "device") else value


def _small(dimension: str) -> str:
    name = dimension_name(dimension)
    return name if name[:2].isupper() else name[:1].lower() + name[1:].replace("ID", "ID")


class Figure(NamedTuple):
    """One figure. `value` is None where there is nothing to divide by; `hits` of `of` is what a share is made of.

    `count` is how many the list behind it holds.
    """

    value: float | None
    told: str
    program: str | int | None
    hits: int
    of: int
    few: bool = False


def figure(measure: Measure, sums: Counter[str], currency: str, *, placed: bool, base: int = 0) -> Figure:
    """`base` are leads looked at beside those of a place."""
    top, under = measure.parts(placed=placed)
    amount = _part(top, sums, base)
    if measure.unit is Unit.COUNT:
        return Figure(float(amount), words.count(amount), amount, amount, amount)
    if measure.unit is Unit.MONEY:
        money = Money(amount, currency)
        told = _difference(top, sums, currency) if top in _PAIRS else words.money(money)
        return Figure(amount / SCALE, told, money.text, amount, 0)
    whole = _part(under, sums, base)
    if not whole:
        return Figure(None, "–", None, amount, 0)
    if measure.unit is Unit.EACH:
        money = Money(_divided(amount, whole), currency).cents
        return Figure(money.units / SCALE, words.money(money), money.text, amount, whole)
    if measure.unit is Unit.MS:
        return Figure(amount / whole, words.duration(amount / whole), round(amount / whole), amount, whole)
    few = whole < words.FEW
    return Figure(100 * amount / whole, words.rate(amount, whole), f"{amount / whole:.4f}", amount, whole, few)


_PAIRS: Mapping[str, tuple[str, str]] = {"margin": ("revenue", "payout"), "kept": ("price", "paid")}


def _part(name: str, sums: Counter[str], base: int) -> int:
    if name == "base":
        return base
    if name in _PAIRS:
        more, less = _PAIRS[name]
        return sums[more] - sums[less]
    return sums[name]


def _difference(name: str, sums: Counter[str], currency: str) -> str:
    """A margin as its two parts are shown, so that the three agree to the cent on screen."""
    more, less = (Money(sums[each], currency) for each in _PAIRS[name])
    return words.margin(more, less)


def _divided(amount: int, whole: int) -> int:
    """To the nearest unit, half away from zero."""
    size = (abs(amount) * 2 + whole) // (2 * whole)
    return -size if amount < 0 else size
