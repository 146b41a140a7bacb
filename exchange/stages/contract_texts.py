"""How each kind of term of a contract is written and read again. Each function gives both: show, and put. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exchange.model.money import BadMoney, Money
from exchange.model.party import Cap, Contract, Geo, OnUnclear, SaleMode, Sources, Window
from exchange.stages.price_rules import BadRule, parse_rules, rule_text
from exchange.stages.week_words import read_days, read_hours, show_days, show_hours

Show = Callable[[Contract], str]
Put = Callable[[Contract, str], Contract]
Both = tuple[Show, Put]
Part = TypeVar("Part", Geo, Sources)
LISTED_MOST = 50_000
_ENUMS = {"sale_mode": SaleMode, "on_unclear": OnUnclear}
_ALLOWED = {
    "lower_price": ("reject", "accept_lower"),
    "sold_when": ("delivered", "at_once"),
    "on_failure": ("resell", "unsold"),
    "on_bounce": ("ask", "reverse"),
    "min_grade": tuple("ABCDEF"),
}
_SPANS = (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000))
_SPAN = re.compile(r"(\d{1,6})\s*(d|h|min|s)[a-z]*")
_DAY_CAP = re.compile(r"([$€£]?[\d,.]+)\s*(?:leads?\s+|sales?\s+)?an?\s+(hour|day|week|month)\s+on\s+(.+)")
_SETTING = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_BREAKS = re.compile(r"[,;\n]+")
_CODES = re.compile(r"[\s,;]+")


class BadTerm(ValueError):
    """A text that cannot be read: what to write instead."""


def _with(contract: Contract, name: str, value: object) -> Contract:
    changes: dict[str, Any] = {name: value}
    return replace(contract, **changes)


def _of(part: Part, name: str, value: object) -> Part:
    changes: dict[str, Any] = {name: value}
    return replace(part, **changes)


def text(name: str, least: int, most: int) -> Both:
    def put(contract: Contract, typed: str) -> Contract:
        said = " ".join(typed.split())
        if not least <= len(said) <= most:
            raise BadTerm(f"Give {least} to {most} characters." if least else f"Give at most {most} characters.")
        return _with(contract, name, said)

    return lambda contract: str(getattr(contract, name)), put


def choice(name: str, *, blank: bool = False) -> Both:
    kind = _ENUMS.get(name)
    allowed = tuple(each.value for each in kind) if kind is not None else _ALLOWED[name]

    def put(contract: Contract, typed: str) -> Contract:
        if blank and not typed:
            return _with(contract, name, None)
        if typed not in allowed:
            raise BadTerm(f"Choose one of {', '.join(allowed)}.")
        return _with(contract, name, kind(typed) if kind is not None else typed)

    def show(contract: Contract) -> str:
        value = getattr(contract, name)
        return "" if value is None else str(value.value if kind is not None else value)

    return show, put


def yes(name: str) -> Both:
    def put(contract: Contract, typed: str) -> Contract:
        return _with(contract, name, typed == "yes")

    return lambda contract: "yes" if getattr(contract, name) else "", put


def whole(name: str, least: int, most: int, *, blank: bool = False, of: str = "") -> Both:
    def put(contract: Contract, typed: str) -> Contract:
        said = typed.strip().replace(",", "")
        if blank and not said:
            return _with(contract, name, None)
        if not (said.isascii() and said.isdecimal() and len(said) < 10 and least <= int(said) <= most):
            raise BadTerm(f"Give a whole number, {least:,} to {most:,}{'; empty is any' if blank else ''}.")
        if of:
            return _with(contract, of, replace(getattr(contract, of), **{name: int(said)}))
        return _with(contract, name, int(said))

    def show(contract: Contract) -> str:
        value = getattr(getattr(contract, of) if of else contract, name)
        return "" if value is None else str(value)

    return show, put


def amount(typed: str, currency: str) -> Money:
    """Raises `BadTerm`."""
    try:
        found = Money.parse(typed.strip().lstrip("$€£").replace(",", ""), currency)
    except BadMoney:
        raise BadTerm("Give an amount such as 32.00.") from None
    if found.units < 0:
        raise BadTerm("Give an amount of zero or more.")
    return found


def money(name: str, *, blank: bool = False) -> Both:
    def put(contract: Contract, typed: str) -> Contract:
        if blank and not typed.strip():
            return _with(contract, name, None)
        found = amount(typed, contract.max_bid.currency)
        if not found.units:
            raise BadTerm("Give an amount above zero.")
        return _with(contract, name, found)

    def show(contract: Contract) -> str:
        value = getattr(contract, name)
        return value.text if value is not None else ""

    return show, put


def pricing() -> Both:
    """What it pays a fixed price for turns to bidding and back: the highest bid is where a fixed price begins."""

    def put(contract: Contract, typed: str) -> Contract:
        if typed not in ("fixed", "live"):
            raise BadTerm("Say whether it pays a fixed price or bids live.")
        if typed == "live" and contract.price is None:
            return contract
        if typed == "live":
            return replace(contract, price=None, shared_price=None, price_rules=())
        return contract if contract.price is not None else replace(contract, price=contract.max_bid)

    return lambda contract: "live" if contract.price is None else "fixed", put


def price(name: str) -> Both:
    """Of one that bids live it is not asked."""
    show, put = money(name, blank=name == "shared_price")

    def keep(contract: Contract, typed: str) -> Contract:
        return contract if contract.price is None else put(contract, typed)

    return show, keep


def rules() -> Both:
    def put(contract: Contract, typed: str) -> Contract:
        if contract.price is None:
            return contract
        try:
            return replace(contract, price_rules=parse_rules(typed.replace("\r", ""), contract.max_bid.currency))
        except BadRule as error:
            raise BadTerm(str(error)) from None

    return lambda contract: "\n".join(rule_text(each) for each in contract.price_rules), put


def cap(window: str, unit: str) -> Both:
    """The cap of one window that holds on every day; empty is none."""

    def show(contract: Contract) -> str:
        found = next((each for each in contract.caps if _is(each, window, unit)), None)
        if found is None:
            return ""
        return str(found.most) if unit == "count" else Money(found.most, contract.max_bid.currency).text

    def put(contract: Contract, typed: str) -> Contract:
        others = tuple(each for each in contract.caps if not _is(each, window, unit))
        if not typed.strip():
            return replace(contract, caps=others)
        most = _most(typed, unit, contract.max_bid.currency)
        return replace(contract, caps=(*others, Cap(Window(window), unit, most)))

    return show, put


def _is(each: Cap, window: str, unit: str) -> bool:
    return (each.window.value, each.unit, each.weekdays) == (window, unit, ())


def _most(typed: str, unit: str, currency: str) -> int:
    if unit == "money":
        return amount(typed, currency).units
    said = typed.strip().replace(",", "")
    if not (said.isascii() and said.isdecimal() and len(said) < 10):
        raise BadTerm("Give a whole number of leads; empty is no cap.")
    return int(said)


def weekday_caps() -> Both:
    def show(contract: Contract) -> str:
        return "\n".join(_told(each, contract.max_bid.currency) for each in contract.caps if each.weekdays)

    def put(contract: Contract, typed: str) -> Contract:
        lines = [line.strip().lower() for line in re.split(r"[\n;]+", typed) if line.strip()]
        made = tuple(_read(line, contract.max_bid.currency) for line in lines)
        return replace(contract, caps=(*(each for each in contract.caps if not each.weekdays), *made))

    return show, put


def _told(each: Cap, currency: str) -> str:
    most = f"{each.most} leads" if each.unit == "count" else f"${Money(each.most, currency).text}"
    return f"{most} {'an' if each.window is Window.HOUR else 'a'} {each.window.value} on {show_days(each.weekdays)}"


def _read(line: str, currency: str) -> Cap:
    found = _DAY_CAP.fullmatch(line)
    if found is None:
        raise BadTerm(f"{line[:40]!r} is no cap: write 10 leads a day on sat-sun, or $500 a day on mon.")
    unit = "money" if found[1][0] in "$€£" else "count"
    try:
        return Cap(Window(found[2]), unit, _most(found[1].lstrip("$€£"), unit, currency), read_days(found[3]))
    except ValueError as error:
        raise BadTerm(str(error)) from None


def span(name: str) -> Both:
    """A time such as `24 h`, kept in milliseconds; of pings a second a number."""
    if name == "per_second":
        return lambda contract: f"{contract.per_second:g}", _per_second

    def show(contract: Contract) -> str:
        ms = int(getattr(contract, name))
        sign, unit = next((each for each in _SPANS if ms % each[1] == 0 and (ms or each[0] == "s")), ("s", 1_000))
        return f"{ms // unit} {sign}"

    def put(contract: Contract, typed: str) -> Contract:
        found = _SPAN.fullmatch(typed.strip().lower())
        if found is None:
            raise BadTerm("Give a time such as 30 min, 24 h or 3 d.")
        ms = int(found[1]) * dict(_SPANS)[found[2]]
        if not 1_000 <= ms <= 90 * 86_400_000:
            raise BadTerm("Give a time between 1 s and 90 d.")
        return _with(contract, name, ms)

    return show, put


def _per_second(contract: Contract, typed: str) -> Contract:
    said = typed.strip() or "0"
    if not re.fullmatch(r"\d{1,5}(\.\d{1,2})?", said):
        raise BadTerm("Give a number of pings a second, such as 5; 0 is no limit.")
    return replace(contract, per_second=float(said))


def zone() -> Both:
    def put(contract: Contract, typed: str) -> Contract:
        try:
            ZoneInfo(typed.strip())
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise BadTerm("Give a time zone such as America/Phoenix.") from None
        return replace(contract, zone=typed.strip())

    return lambda contract: contract.zone, put


def hours() -> Both:
    def put(contract: Contract, typed: str) -> Contract:
        try:
            return replace(contract, hours=read_hours(typed))
        except ValueError as error:
            raise BadTerm(str(error)) from None

    return lambda contract: show_hours(contract.hours), put


def codes(name: str, length: int) -> Both:
    """States of two letters, or ZIP codes of five digits; ZIP+4 is cut."""
    kind = "states as two letters" if length == 2 else "ZIP codes as five digits"
    fits = re.compile(r"[A-Z]{2}" if length == 2 else r"([0-9]{5})(-?[0-9]{4})?")

    def put(contract: Contract, typed: str) -> Contract:
        parts = [part.upper() for part in _CODES.split(typed) if part]
        wrong = [part for part in parts if not fits.fullmatch(part)]
        if wrong:
            raise BadTerm(f"Write {kind}, with commas; {wrong[0][:20]!r} is none.")
        found = tuple(dict.fromkeys(part[:length] for part in parts))
        if len(found) > LISTED_MOST:
            raise BadTerm(f"At most {LISTED_MOST:,} of them.")
        if name == "center_zip":
            value: object = found[0] if found else None
        else:
            value = frozenset(found) if length == 5 else found
        return replace(contract, geo=_of(contract.geo, name, value))

    def show(contract: Contract) -> str:
        value = getattr(contract.geo, name)
        if name == "center_zip":
            return value or ""
        return ", ".join(sorted(value) if length == 5 else value)

    return show, put


def sellers(name: str) -> Both:
    """Ids of sellers, or of their sub ids."""
    of_sub = name.startswith("sub_ids")

    def put(contract: Contract, typed: str) -> Contract:
        parts = [part.strip() for part in _BREAKS.split(typed) if part.strip()]
        wrong = [part for part in parts if of_sub and not all(part.partition(":")[::2])]
        if wrong:
            raise BadTerm(f"Write a seller's id, a colon and the sub ID, or *:sub; {wrong[0][:40]!r} has no colon.")
        return replace(contract, sources=_of(contract.sources, name, frozenset(parts)))

    between = "\n" if of_sub else ", "
    return lambda contract: between.join(sorted(getattr(contract.sources, name))), put


def words(name: str) -> Both:
    def put(contract: Contract, typed: str) -> Contract:
        return _with(contract, name, tuple(part.strip() for part in _BREAKS.split(typed) if part.strip()))

    return lambda contract: ", ".join(getattr(contract, name)), put


def pairs() -> Both:
    def put(contract: Contract, typed: str) -> Contract:
        found: dict[str, str] = {}
        for line in filter(None, (line.strip() for line in typed.splitlines())):
            key, sign, value = (part.strip() for part in line.partition("="))
            if not sign or not _SETTING.fullmatch(key):
                raise BadTerm(f"{line[:40]!r}: write name = value, one a line.")
            found[key] = value
        return replace(contract, settings=tuple(found.items()))

    return lambda contract: "\n".join(f"{key} = {value}" for key, value in contract.settings), put
