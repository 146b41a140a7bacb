"""What was typed about a new buyer, read: who it is, what it buys and for how much. All problems at once. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from exchange.model.lead import Mode
from exchange.model.ledger import Billing
from exchange.model.money import BadMoney, Money
from exchange.model.party import Buyer, Cap, Contract, Geo, SaleMode, State, Window
from exchange.model.vertical import Vertical

NAME_CHARACTERS = 80
PER_DAY_MOST = 1_000_000
CURRENCIES = ("USD", "EUR", "GBP", "CAD", "AUD", "MXN")
SALE_MODES = tuple(mode.value for mode in SaleMode)
_SLUG = re.compile(r"[^a-z0-9]+")
_STATE = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A field of the form and what is wrong with it, with what to do."""

    field: str
    message: str


def slug(name: str) -> str:
    """An id made of a name: `northsun-solar`."""
    return _SLUG.sub("-", name.lower()).strip("-")[:40].strip("-")


def mark_of(*shown: str) -> str:
    """A short mark of what a form shows, which comes back with it: another once any of that changed."""
    return sha256("\0".join(shown).encode()).hexdigest()[:16]


def company_problems(typed: Mapping[str, str]) -> Iterator[Wrong]:
    name = typed.get("name", "").strip()
    if not slug(name) or len(name) > NAME_CHARACTERS:
        yield Wrong(
            "name", f"Give the company's name, up to {NAME_CHARACTERS} characters, with a letter or digit in it."
        )
    if typed.get("billing") not in ("prepaid", "credit"):
        yield Wrong("billing", "Say how it pays: prepaid or on credit.")
    if typed.get("currency") not in CURRENCIES:
        yield Wrong("currency", f"Choose a currency: {', '.join(CURRENCIES)}.")
    elif typed.get("billing") == "credit":
        yield from _amount(typed, "limit", "Give the credit limit as an amount, such as 5000.00.")


def buying_problems(typed: Mapping[str, str], verticals: Mapping[str, Vertical]) -> Iterator[Wrong]:
    if typed.get("vertical") not in verticals:
        yield Wrong("vertical", f"Choose what it buys: {', '.join(sorted(verticals))}.")
    if typed.get("sale_mode") not in SALE_MODES:
        yield Wrong("sale_mode", f"Say how it buys: {', '.join(SALE_MODES)}.")
    wrong = [state for state in _states(typed) if not _STATE.fullmatch(state)]
    if wrong:
        yield Wrong("states", f"Write states as two letters with commas, such as AZ, NV; {wrong[0][:20]!r} is none.")
    if not _whole(typed.get("tier", ""), 1, 99, blank=True):
        yield Wrong("tier", "The tier is a number from 1 to 99; empty is 1.")


def price_problems(typed: Mapping[str, str]) -> Iterator[Wrong]:
    if typed.get("pricing") not in ("fixed", "live"):
        yield Wrong("pricing", "Say whether it pays a fixed price or bids live.")
    elif typed["pricing"] == "fixed":
        yield from _amount(typed, "price", "Give the price of a lead as an amount above zero, such as 32.00.")
    else:
        yield from _amount(typed, "max_bid", "Give the highest bid to believe as an amount above zero, such as 90.00.")
    if not _whole(typed.get("per_day", ""), 0, PER_DAY_MOST, blank=True):
        yield Wrong("per_day", "Leads a day are a whole number; empty is no cap.")


def _amount(typed: Mapping[str, str], field: str, message: str) -> Iterator[Wrong]:
    try:
        good = Money.parse(_digits(typed.get(field, "")), typed.get("currency", "USD")).units > 0
    except BadMoney:
        good = False
    if not good:
        yield Wrong(field, message)


def _digits(text: str) -> str:
    return text.strip().lstrip("$").replace(",", "")


def _whole(text: str, least: int, most: int, *, blank: bool = False) -> bool:
    text = text.strip()
    if not text:
        return blank
    return text.isascii() and text.isdecimal() and len(text) < 9 and least <= int(text) <= most


def _states(typed: Mapping[str, str]) -> tuple[str, ...]:
    parts = typed.get("states", "").replace(";", ",").replace(" ", ",").split(",")
    return tuple(dict.fromkeys(part.strip().upper() for part in parts if part.strip()))


def buyer_of(typed: Mapping[str, str], buyer_id: str) -> Buyer:
    """The buyer that was typed; only what has no problems can be read."""
    billing = Billing(typed["billing"])
    limit = _digits(typed["limit"]) if billing is Billing.CREDIT else "0"
    name = " ".join(typed["name"].split())
    return Buyer(buyer_id, name, State.ACTIVE, billing, Money.parse(limit, typed["currency"]))


def contract_of(typed: Mapping[str, str], buyer_id: str, contract_id: str, connection: str, title: str) -> Contract:
    """Its contract, paused: it goes live when its connection was tried. `title` is the vertical's."""
    currency, fixed = typed["currency"], typed["pricing"] == "fixed"
    price = Money.parse(_digits(typed["price"]), currency) if fixed else None
    mode = SaleMode(typed["sale_mode"])
    per_day = typed.get("per_day", "").strip()
    return Contract(
        id=contract_id,
        version=1,
        buyer_id=buyer_id,
        name=f"{' '.join(typed['name'].split())}, {title}",
        vertical=typed["vertical"],
        leg=buyer_id,
        state=State.PAUSED,
        mode=Mode.LIVE,
        sale_mode=mode,
        tier=int(typed.get("tier") or 1),
        connection=connection,
        price=price,
        shared_price=price if mode is SaleMode.EITHER else None,
        max_bid=price or Money.parse(_digits(typed["max_bid"]), currency),
        geo=Geo(states=_states(typed)),
        caps=(Cap(Window.DAY, "count", int(per_day)),) if per_day and int(per_day) else (),
        paused_reason="being set up",
    )
