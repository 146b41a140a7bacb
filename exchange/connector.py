"""What a buyer must answer: two conversations, pure and readable downward.

A conversation is a generator: it yields a message, is sent the reply, and returns the answer. It opens no socket,
reads no clock and logs nothing, so a case file drives it with canned replies. A lost reply never reaches it: the
courier's runner ends the conversation and reads the loss itself.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

from exchange.model.auction import Accepted, Answered, Award, Bid, NoBid, Pending, Rejected
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import Message, Place, Reply

Answer = TypeVar("Answer")
Conversation = Generator[Message, Reply, Answer]

_NO_LINKS: Mapping[str, str] = MappingProxyType({})


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


class Terms(NamedTuple):
    """What a conversation may know beside the lead: the moment, our reference, and the secrets by name.

    `links` are pages of ours about this delivery, by what they do; `zone` is the consumer's, if it is known; `tries`
    counts this try too.
    """

    now: int
    reference: str
    secrets: Mapping[str, str]
    links: Mapping[str, str] = _NO_LINKS
    zone: str | None = None
    tries: int = 1


class Connector(Protocol):
    """How to speak to a buyer. `explain` tells how a reply would be read; it never decides anything."""

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]: ...

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]: ...

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


@runtime_checkable
class HasProfile(Protocol):
    """Ability: the buyer's statuses mean something else than the default."""

    profile: Profile


@runtime_checkable
class RepeatsSafely(Protocol):
    """Ability: posting again with the same reference never makes a second lead."""

    repeats_safely: bool


@runtime_checkable
class SendsSeveral(Protocol):
    """Ability: messages that deliver nothing (a token) may come before the one that does."""

    several_messages: bool


@runtime_checkable
class DeliversLater(Protocol):
    """Ability: the worker delivers, not the request. One try may take `seconds`."""

    later: bool
    seconds: float


@runtime_checkable
class Shelved(Protocol):
    """Ability: nothing is sent. The lead waits where the buyer fetches it."""

    shelved: bool


@runtime_checkable
class Addressed(Protocol):
    """Ability: say how deliveries travel, and to which server or number those of a contract go: its queue.

    `channel`: email, fax, phone, sms, ftp, ftps, sftp, store, pull, csv_url or http.
    """

    channel: str

    def destination(self, contract: Contract) -> str: ...


@runtime_checkable
class InStore(Protocol):
    """Ability: it is never asked. Its people take leads from the store."""

    in_store: bool


class Parcel(NamedTuple):
    """One lead of a batch, the place it was sold for, and our pages about this delivery."""

    lead: Lead
    award: Award
    links: Mapping[str, str] = _NO_LINKS


@runtime_checkable
class DeliversBatches(Protocol):
    """Ability: many leads in one delivery, which is taken or refused whole."""

    def batch(self, parcels: Sequence[Parcel], contract: Contract, terms: Terms) -> Conversation[Answered]: ...


@runtime_checkable
class StoresFiles(Protocol):
    """Ability: say in which place its files are put."""

    def place(self, secrets: Mapping[str, str]) -> Place: ...


@runtime_checkable
class WritesTable(Protocol):
    """Ability: write what a contract bought as CSV, for who fetches it. `days` is how far back; None is all."""

    days: int | None

    def table(self, parcels: Sequence[Parcel], contract: Contract, terms: Terms) -> str: ...


@runtime_checkable
class Waits(Protocol):
    """Ability: say when a lead may go out at the earliest: opening hours of the buyer, quiet hours of the consumer."""

    def not_before(self, lead: Lead, contract: Contract, now: int, zone: str | None) -> int: ...


class Callback(NamedTuple):
    """A request that somebody made to us about deliveries. `url` is the whole address as it was called."""

    path: str
    url: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    fields: Mapping[str, str]  # of the query and a form's body


class Receipt(NamedTuple):
    """What a callback says of one delivery, known by our `reference` or by theirs. `event_id` is the same on a repeat.

    `kind`: sent, delivered, accepted, refused, failed, bounced, bridged, answered, machine or silent.
    """

    event_id: str
    kind: str
    provider_ref: str | None = None
    reference: str | None = None
    at: int | None = None
    detail: str = ""


class Forged(Exception):
    """The callback does not prove who sent it. Its text holds nothing of the callback."""


@runtime_checkable
class ReadsReceipts(Protocol):
    """Ability: understand what is called back. Raises `Forged`."""

    def receipts(self, call: Callback, terms: Terms) -> tuple[Receipt, ...]: ...


@runtime_checkable
class ReadsReplies(Protocol):
    """Ability: say what a reply means outside any conversation: an outcome of its rules, None when none matches."""

    def outcome(self, stage: str, reply: Reply) -> str | None: ...


class Preview(NamedTuple):
    """How a delivery looks to whoever gets it. `content_type` is `text/plain`, or `image/svg+xml` that we drew."""

    title: str
    content_type: str
    content: str


@runtime_checkable
class Previews(Protocol):
    """Ability: show a delivery as it will be seen or heard. What has it not is shown as the message it sends."""

    def preview(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> tuple[Preview, ...]: ...
