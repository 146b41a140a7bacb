"""A plan that goes on trying to sell what nobody bought: which leads it takes, and what it does at which age."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from exchange.model.money import Money
from exchange.model.party import StoreRule


class StepKind(Enum):
    """What a step does with a lead."""

    CHECK = "check"  # asks its verifiers again
    AUCTION = "auction"  # sells it again, perhaps from a lower floor and to some contracts alone
    STORE = "store"  # lists it in the store
    EMAIL = "email"  # writes to the consumer
    TEXT = "text"


class LeftWhy(Enum):
    """Why a lead is in nurture no more."""

    SOLD = "sold"
    OPTED_OUT = "opted_out"
    NOT_SOLD_ANY_MORE = "not_sold_any_more"  # on a list, or a check refused it
    ERASED = "erased"
    CLOSED = "closed"  # its campaign is
    TAKEN_OUT = "taken_out"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Step:
    """Something done once a lead is `after_ms` old. `key` is its name for good; no two steps have one age.

    An auction may have a `least` price instead of the campaign's floor and ask `contracts` alone. A store step lists
    by `store`. Messages have a `text`, an email a `subject` too.
    """

    key: str
    kind: StepKind
    after_ms: int
    least: Money | None = None
    contracts: tuple[str, ...] = ()
    store: StoreRule | None = None
    subject: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Takes unsold leads of one mode, vertical and currency; of `campaigns`, `grades`, `reasons`, each empty for all.

    While it is `on` it takes leads that came since `since`, and `steps` are done, the youngest first.
    """

    id: str
    name: str
    mode: str
    vertical: str
    currency: str
    campaigns: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    on: bool = False
    since: int = 0
