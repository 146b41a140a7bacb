"""How a buyer is billed, as somebody types it: checked field by field, then kept with an audit line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exchange.flows.by_hand import audit_line
from exchange.flows.market import Market, refresh
from exchange.model.actor import Actor
from exchange.model.billing import BillingTerms, Every
from exchange.model.money import read_units, write_units
from exchange.model.party import Buyer
from exchange.stages.buyer_terms import Wrong, mark_of
from exchange.storage.by_hand import change_buyer

TYPED = ("every", "zone", "due_days", "tax_name", "tax_percent", "tax_id", "address", "security")
BY_HAND = "by_hand"
ADDRESS_CHARACTERS, NAME_CHARACTERS, DUE_DAYS_MOST = 400, 40, 120
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_PERCENT = re.compile(r"([0-9]{1,2})(?:\.([0-9]{1,2}))?")


class WrongTerms(Exception):
    """Nothing was stored. `wrong` says what is to be mended."""

    def __init__(self, wrong: tuple[Wrong, ...]) -> None:
        super().__init__(" ".join(each.message for each in wrong))
        self.wrong = wrong


async def set_terms(market: Market, buyer: Buyer, typed: Mapping[str, str], actor: Actor, ip: str = "") -> BillingTerms:
    """What is not typed stays as it is, and whatever is no term. Issued documents keep what they say.

    `typed` may hold `seen`, the mark of the terms that the form showed. Raises `WrongTerms`.
    """
    if typed.get("seen", "") not in ("", terms_mark(buyer.terms)):
        raise _moved(buyer)
    given = {**typed_of(buyer.terms), **{name: typed[name].strip() for name in TYPED if name in typed}}
    if wrong := tuple(_wrong(given)):
        raise WrongTerms(wrong)
    every = None if given["every"] == BY_HAND else Every(given["every"])
    terms = BillingTerms(
        every,
        given["zone"],
        int(given["due_days"]),
        given["tax_name"],
        _basis_points(given["tax_percent"]),
        given["tax_id"],
        "\n".join(line.strip() for line in given["address"].splitlines() if line.strip()),
        read_units(given["security"]),
    )
    now = market.clock.now()
    before, after = typed_of(buyer.terms), typed_of(terms)
    line = audit_line(market.ids, now, actor, "buyer.billing", f"buyer:{buyer.id}", before=before, after=after, ip=ip)
    made = await market.db.write(change_buyer, buyer, replace(buyer, terms=terms), now, line)
    await refresh(market)
    if made is None:
        raise _moved(buyer)
    return made.terms


def terms_mark(terms: BillingTerms) -> str:
    """A mark of the terms that a form shows: another once somebody changed one of them."""
    return mark_of(*typed_of(terms).values())


def _moved(buyer: Buyer) -> WrongTerms:
    told = (
        f"Somebody else changed the terms of {buyer.name} meanwhile. Look at them as they stand now, and do it again."
    )
    return WrongTerms((Wrong("", told),))


def typed_of(terms: BillingTerms) -> dict[str, str]:
    """The terms as a form shows them."""
    return {
        "every": terms.every.value if terms.every is not None else BY_HAND,
        "zone": terms.zone,
        "due_days": str(terms.due_days),
        "tax_name": terms.tax_name,
        "tax_percent": f"{terms.tax_bp // 100}.{terms.tax_bp % 100:02d}",
        "tax_id": terms.tax_id,
        "address": terms.address,
        "security": write_units(terms.security_units),
    }


def _wrong(given: Mapping[str, str]) -> Iterator[Wrong]:
    ways = (*(each.value for each in Every), BY_HAND)
    if given["every"] not in ways:
        yield Wrong("every", f"every is one of {', '.join(ways)}.")
    if given["zone"] and not _is_zone(given["zone"]):
        yield Wrong("zone", f"zone is a time zone such as America/New_York. Got {given['zone'][:40]!r}.")
    days = given["due_days"]
    if not (days.isascii() and days.isdigit() and len(days) < 4 and int(days) <= DUE_DAYS_MOST):
        yield Wrong("due_days", f"due_days is 0 to {DUE_DAYS_MOST}.")
    if _PERCENT.fullmatch(given["tax_percent"]) is None:
        yield Wrong("tax_percent", "tax_percent is 0 to 99.99, such as 19 or 8.25.")
    if not _AMOUNT.fullmatch(given["security"]):
        yield Wrong("security", "security is an amount such as 500.00; 0 asks for none.")
    for name in ("tax_name", "tax_id"):
        if len(given[name]) > NAME_CHARACTERS:
            yield Wrong(name, f"{name} has at most {NAME_CHARACTERS} characters.")
    if len(given["address"]) > ADDRESS_CHARACTERS:
        yield Wrong("address", f"address has at most {ADDRESS_CHARACTERS} characters.")


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _basis_points(text: str) -> int:
    found = _PERCENT.fullmatch(text)
    assert found is not None
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
