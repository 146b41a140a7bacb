"""What becomes of a lead at its buyer: who of its people works on it, and how far it has come.

Dispositions are the only record of what happened. A *stage* is what a vertical makes of the last of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Literal, NamedTuple, get_args

from exchange.model.party import Hours

Stage = Literal["new", "attempted", "contacted", "qualified", "appointment", "quoted", "won", "lost"]
STAGES: tuple[Stage, ...] = get_args(Stage)
OVER: tuple[Stage, ...] = ("won", "lost")
"""Nobody works on these any more."""

STATES = ("waiting", "assigned", "escalated", "closed")
"""Whose a lead is: nobody's yet, an agent's, the admins', or it is over."""

COMMON_STAGES: Mapping[str, Stage] = MappingProxyType(
    {
        "new": "new",
        "attempted": "attempted",
        "no_answer": "attempted",
        "voicemail": "attempted",
        "callback": "contacted",
        "contacted": "contacted",
        "qualified": "qualified",
        "preapproved": "qualified",
        "approved": "qualified",
        "application": "qualified",
        "application_started": "qualified",
        "appointment": "appointment",
        "appointment_set": "appointment",
        "appointment_kept": "appointment",
        "consultation_set": "appointment",
        "estimate_set": "appointment",
        "estimate_given": "quoted",
        "quoted": "quoted",
        "locked": "quoted",
        "sold": "won",
        "won": "won",
        "bound": "won",
        "converted": "won",
        "enrolled": "won",
        "started": "won",
        "funded": "won",
        "installed": "won",
        "retained": "won",
        "lost": "lost",
        "wrong_number": "lost",
        "bad_number": "lost",
        "not_interested": "lost",
        "not_eligible": "lost",
        "not_qualified": "lost",
        "already_customer": "lost",
        "lost_on_price": "lost",
        "lost_to_other_lender": "lost",
        "declined": "lost",
        "duplicate": "lost",
        "invalid": "lost",
        "fraud": "lost",
        "out_of_area": "lost",
        "uninsurable": "lost",
        "has_attorney": "lost",
        "conflict": "lost",
        "referred_out": "lost",
    }
)
"""What the usual words mean where a vertical says nothing else."""


class Duty(Enum):
    """What somebody of a buyer does there. Who has none is an admin."""

    ADMIN = "admin"
    AGENT = "agent"
    FINANCE = "finance"


class Order(Enum):
    """Who of several agents that fit gets the next lead."""

    ROUND_ROBIN = "round_robin"
    LEAST_LOADED = "least_loaded"
    SPECIALIST = "specialist"  # whose skills or area name it most closely, then the least loaded


@dataclass(frozen=True, slots=True)
class AgentTerms:
    """What an agent works on, and when. Empty tuples take everything; no hours are all hours.

    `zips` are whole ZIP codes or their first digits. `away_from` to `away_until` (epoch ms) nothing is assigned.
    In `quiet`, minutes of the day in `zone`, no mail is sent.
    """

    verticals: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    zips: tuple[str, ...] = ()
    hours: tuple[Hours, ...] = ()
    zone: str = "UTC"
    away_from: int | None = None
    away_until: int | None = None
    most_open: int | None = None
    quiet: tuple[int, int] | None = None
    mail: bool = True


@dataclass(frozen=True, slots=True)
class FollowRules:
    """How a buyer's leads come to its agents. `named` are the agents of single contracts: only they get its leads.

    A lead that nobody worked on within `back_minutes` (0: it stays) goes to the next agent, `rounds` times, then to
    the admins. `language_field` and `product_field` name the fields that agents' skills are about.
    """

    push: bool = True
    order: Order = Order.ROUND_ROBIN
    named: tuple[tuple[str, tuple[str, ...]], ...] = ()
    back_minutes: int = 0
    rounds: int = 2
    language_field: str = "language"
    product_field: str = ""

    def agents_of(self, contract_id: str) -> tuple[str, ...]:
        return next((agents for contract, agents in self.named if contract == contract_id), ())


class Agent(NamedTuple):
    """`load` is how many leads it works on, `turn_at` when it last got one."""

    id: str
    buyer_id: str
    email: str
    name: str
    state: str  # active | left
    terms: AgentTerms
    turn_at: int
    load: int


class LeadFacts(NamedTuple):
    """What of a lead decides who gets it."""

    contract_id: str
    vertical: str
    us_state: str
    zip: str
    language: str = ""
    product: str = ""


class FollowRow(NamedTuple):
    """A bought lead at the moment it is first followed."""

    sale_id: str
    lead_id: str
    buyer_id: str
    contract_id: str
    vertical: str
    mode: str
    delivered_at: int
    mapping: str


class Assignment(NamedTuple):
    """A lead goes to an agent. `before` is who has it now; `how` is push, pull, by_hand, or handed_on."""

    event_id: str
    sale_id: str
    agent_id: str
    before: str | None
    at: int
    due_at: int | None
    how: str
    by: str


class ReminderRow(NamedTuple):
    """`note` is sealed with the lead's own data key."""

    id: str
    sale_id: str
    agent_id: str
    at: int
    note: bytes
    made_at: int


def stage_problems(stages: Mapping[str, str], dispositions: Iterable[str]) -> Iterator[str]:
    """What is wrong with a vertical's mapping."""
    for word in stages.keys() - set(dispositions):
        yield f"stages: {word!r} is none of the dispositions."
