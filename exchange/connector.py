"""What a buyer must answer: two conversations, pure and readable downward.

A conversation is a generator: it yields a message, is sent the reply, and returns the answer. It opens no socket,
reads no clock and logs nothing, so a case file drives it with canned replies. A lost reply never reaches it: the
courier's runner ends the conversation and reads the loss itself.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from exchange.model.auction import Accepted, Award, Bid, NoBid, Pending, Rejected
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.wire import HttpMessage, Reply

Answer = TypeVar("Answer")
Conversation = Generator[HttpMessage, Reply, Answer]


class BadReply(Exception):
    """The reply cannot be used: unreadable, or a bid that is negative, not finite or above the maximum.

    `unmapped` says it could be read but no rule matched: it goes to the contract's inbox. `why` holds nothing personal.
    """

    def __init__(self, why: str, *, unmapped: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.unmapped = unmapped


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


class AsksOutcome(Protocol):
    """Ability: ask the buyer what became of a post whose answer was lost."""

    def ask(self, reference: str, contract: Contract, terms: Terms) -> Conversation[Accepted | Pending | Rejected]: ...


class RepeatsSafely(Protocol):
    """Ability: posting again with the same reference never makes a second lead."""

    repeats_safely: bool
