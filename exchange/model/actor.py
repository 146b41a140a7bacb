"""Who reads or acts. Every read of the data layer takes one and returns what that role may see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Role(Enum):
    OPERATOR = "operator"
    SELLER = "seller"
    BUYER = "buyer"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`party_id` is the seller or buyer acted for, None for operators; `name` goes into the audit log.

    `duty` is what somebody is there: see `exchange.model.rights` for the people of the exchange.
    """

    role: Role
    name: str
    party_id: str | None = None
    duty: str = ""


SYSTEM = Actor(Role.SYSTEM, "exchange")
