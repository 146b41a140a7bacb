"""What the two pages of a buyer's account share: reading what is typed, and what a refusal says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

from exchange.flows.account import Account, DaySpent
from exchange.flows.auto_top_up import AutoWish, CannotSet
from exchange.flows.charges import CannotCharge
from exchange.model.money import BadMoney, Money
from exchange.stages.forecast import in_words
from exchange.web.csv_rows import csv_file

SPEND_COLUMNS = ("day", "contract_id", "contract", "leads", "spent", "currency")


class Mistyped(Exception):
    """A field of a form cannot be read. The sentence names it and the fix."""


def amount_in(form: Mapping[str, str], name: str, currency: str, *, below_zero: bool = False) -> Money:
    """Raises `Mistyped`."""
    text = form.get(name, "").strip()
    try:
        money = Money.parse(text, currency)
    except BadMoney:
        raise Mistyped(f"{name} is written as 500.00. Got {text[:20]!r}.") from None
    if money.units == 0 or (money.units < 0 and not below_zero):
        raise Mistyped(f"{name} must be above zero." if not below_zero else f"{name} must not be zero.")
    return money


def reference_in(form: Mapping[str, str]) -> str:
    """Raises `Mistyped`."""
    text = form.get("reference", "").strip()
    if not 1 <= len(text) <= 80 or not text.isprintable():
        raise Mistyped("reference is that of the transfer or of the case, up to 80 characters: it is booked once.")
    return text


def auto_in(form: Mapping[str, str], currency: str) -> AutoWish:
    """Raises `Mistyped`."""
    most = form.get("most_per_day", "").strip()
    if not (most.isascii() and most.isdigit() and len(most) < 4):
        raise Mistyped("most_per_day is a whole number, such as 2.")
    return AutoWish(
        form.get("on") == "yes",
        amount_in(form, "threshold", currency),
        amount_in(form, "auto_amount", currency),
        int(most),
    )


def lasts(account: Account) -> tuple[str, str]:
    """`41 leads`, `about 3 days`; empty while too little was bought to tell."""
    told = account.forecast
    if told is None:
        return "", ""
    return f"{told.leads:,} lead{'' if told.leads == 1 else 's'}", in_words(told.hours)


def spend_csv(days: Sequence[DaySpent], name: str) -> web.Response:
    rows: list[list[object]] = [list(SPEND_COLUMNS)]
    rows += [
        [each.day, each.contract_id, each.contract, each.leads, each.money.text, each.money.currency] for each in days
    ]
    return csv_file(name, rows)


REFUSALS = (Mistyped, CannotCharge, CannotSet)
