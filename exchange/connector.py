"""What a buyer must answer: two conversations, pure and readable downward.

A conversation is a generator: it yields a message, is sent the reply, and returns the answer. It opens no socket,
reads no clock and logs nothing, so a case file drives it with canned replies. A lost reply never reaches it: the
courier's runner ends the conversation and reads the loss itself.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from exchange.model.auction import Accepted, Award, Bid, NoBid, Pending, Rejected
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import Message, Reply

Answer = TypeVar("Answer")
Conversation = Generator[Message, Reply, Answer]


class BadReply(Exception):
    """The reply cannot be used: unreadable, or a bid that is negative, not finite or above the maximum.

    `unmapped` says it could be read but no rule matched: it goes to the contract's inbox. `reason` is set where the
    connector knows better than "unreadable". `why` holds nothing personal.
    """

    def __init__(self, why: str, *, unmapped: bool = False, reason: Reason | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.unmapped = unmapped
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Match:
    """How one part of a reply was read, for the timeline: `result` / `equals rejected` / `Outcome: rejected`."""

    where: str
    rule: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a conversation may know beside the lead: the moment, our reference, and the secrets by name."""

    now: int
    reference: str
    secrets: Mapping[str, str]


class Connector(Protocol):
    """How to speak to a buyer. `explain` tells how a reply would be read; it never decides anything."""

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]: ...

    def post(
        self, lead: Lead, award: Award, contract: Contract, terms: Terms
    ) -> Conversation[Accepted | Pending | Rejected]: ...

    def explain(self, stage: str, reply: Reply) -> list[Match]: ...


@runtime_checkable
class AsksOutcome(Protocol):
    """Ability: ask the buyer what became of a post whose answer was lost."""

    def ask(self, reference: str, contract: Contract, terms: Terms) -> Conversation[Accepted | Pending | Rejected]: ...


@dataclass(frozen=True, slots=True)
class Profile:
    """What a buyer's HTTP statuses mean on a post when no rule knows the body.

    `not_taken` are refusals; `busy` says that nothing was taken and the next buyer may be asked. Any other is unclear.
    """

    not_taken: frozenset[int] = frozenset({400, 401, 403, 404, 422})
    busy: frozenset[int] = frozenset({429, 503})


DEFAULT_PROFILE = Profile()


class HasProfile(Protocol):
    """Ability: the buyer's statuses mean something else than the default."""

    profile: Profile


class RepeatsSafely(Protocol):
    """Ability: posting again with the same reference never makes a second lead."""

    repeats_safely: bool
