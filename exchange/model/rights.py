"""What each of the people who run the exchange may do. One table; pages and flows ask it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from exchange.model.actor import Actor, Role


class Staff(Enum):
    """What somebody of the exchange is there. Who was let in without a word is an owner."""

    OWNER = "owner"
    ADMIN = "admin"
    OPERATOR = "operator"
    FINANCE = "finance"
    QUALITY = "quality"
    ANALYST = "analyst"


class Right(Enum):
    """Something that not everybody may."""

    SEE = "see figures and lists"
    REVEAL = "see personal data, for a reason"
    EDIT = "edit campaigns, contracts and connections"
    PAUSE = "pause buyers, sellers and sources"
    RETURNS = "decide returns"
    PAYOUTS = "approve payouts"
    BOOKS_SEE = "see ledger and invoices"
    BOOKS = "book in the ledger and issue invoices"
    SETTINGS = "change users, keys and settings"
    EXPORT = "export personal data"
    ERASE = "erase a consumer's data"


_O, _A, _P, _F, _Q, _N = Staff.OWNER, Staff.ADMIN, Staff.OPERATOR, Staff.FINANCE, Staff.QUALITY, Staff.ANALYST

WHO: Mapping[Right, tuple[Staff, ...]] = MappingProxyType(
    {
        Right.SEE: (_O, _A, _P, _F, _Q, _N),
        Right.REVEAL: (_O, _A, _P, _Q),
        Right.EDIT: (_O, _A, _P),
        Right.PAUSE: (_O, _A, _P, _Q),
        Right.RETURNS: (_O, _A, _P, _F, _Q),
        Right.PAYOUTS: (_O, _A, _F),
        Right.BOOKS_SEE: (_O, _A, _P, _F),
        Right.BOOKS: (_O, _F),
        Right.SETTINGS: (_O, _A),
        Right.EXPORT: (_O,),
        Right.ERASE: (_O, _A, _Q),
    }
)


def staff_of(duty: str) -> Staff:
    return Staff(duty or Staff.OWNER.value)


def may(actor: Actor, right: Right) -> bool:
    """Whether an actor of the exchange itself may do this. Sellers and buyers have rights of their own kind."""
    if actor.role is Role.SYSTEM:
        return True
    return actor.role is Role.OPERATOR and staff_of(actor.duty) in WHO[right]


def needed(right: Right) -> str:
    """`owner, admin or finance`: the roles that have it."""
    *others, last = [each.value for each in WHO[right]]
    return f"{', '.join(others)} or {last}" if others else last
