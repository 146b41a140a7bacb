"""Who reads or acts. Every read of the data layer takes one and returns what that role may see."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Role(Enum):
    OPERATOR = "operator"
    SELLER = "seller"
    BUYER = "buyer"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """`party_id` is the seller or buyer acted for, None for operators; `name` goes into the audit log.

    `duty` is what somebody is there: see `exchange.model.rights` for the people of the exchange. `ip` is where they act
    from, empty on the exchange's own machine.
    """

    role: Role
    name: str
    party_id: str | None = None
    duty: str = ""
    ip: str = field(default="", compare=False)


SYSTEM = Actor(Role.SYSTEM, "exchange")
