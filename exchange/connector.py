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
from exchange.model.feedback import HeardReports
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.verification import Asking, Card, Kept, Verified
from exchange.model.wire import Message, Place, Reply, TextIn

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
    counts this try too; `provider_ref` is how a provider knows a delivery that is asked about.
    """

    now: int
    reference: str
    secrets: Mapping[str, str]
    links: Mapping[str, str] = _NO_LINKS
    zone: str | None = None
    tries: int = 1
    provider_ref: str | None = None


class Connector(Protocol):
    """How to speak to a buyer. `explain` tells how a reply would be read; it never decides anything."""

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]: ...

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]: ...

    def explain(self, stage: str, reply: Reply) -> list[Match]: ...


@runtime_checkable
class AsksOutcome(Protocol):
    """Ability: ask the buyer what became of a post whose answer was lost."""

    def ask(self, reference: str, contract: Contract, terms: Terms) -> Conversation[Accepted | Pending | Rejected]: ...


class ReadsDispositions(Protocol):
    """Ability of a connection, whatever it delivers by: its buyer's system tells what became of leads.

    It is asked every `every_ms` (None: never), first for the last `first_days`; with a hook it calls by itself. `words`
    are the buyer's own. `ask` and `heard` raise `BadReply`, `heard` raises `Forged`. `is_address` says whether the last
    part of an address is the hook's.
    """

    @property
    def every_ms(self) -> int | None: ...
    @property
    def first_days(self) -> int: ...
    @property
    def has_hook(self) -> bool: ...
    @property
    def words(self) -> Mapping[str, str]: ...

    def ask(self, since: int, page: str, contract: Contract, terms: Terms) -> Conversation[HeardReports]: ...

    def is_address(self, secret: str, terms: Terms) -> bool: ...

    def heard(self, call: Callback, terms: Terms) -> HeardReports: ...


@runtime_checkable
class Revokes(Protocol):
    """Ability: tell the buyer that the consumer of a lead it got took the consent back."""

    def revoke(self, lead: Lead, contract: Contract, terms: Terms) -> Conversation[Accepted | Pending | Rejected]: ...


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
class GoesToMailboxes(Protocol):
    """Ability: say which addresses a delivery goes to. A mail from one of them may answer it."""

    @property
    def recipients(self) -> tuple[str, ...]: ...


@runtime_checkable
class InStore(Protocol):
    """Ability: it is never asked. Its people take leads from the store."""

    in_store: bool


class Parcel(NamedTuple):
    """One lead of a batch, the place it was sold for, and our pages about this delivery. `number` is its place in the
    batch, from 1 and the same on every try; 0 where there is none."""

    lead: Lead
    award: Award
    links: Mapping[str, str] = _NO_LINKS
    number: int = 0


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


@runtime_checkable
class RingsPeople(Protocol):
    """Ability: a delivery rings somebody, so it keeps their hours: the contract's, and the consumer's where told.

    Whoever is not reached is tried `tries_most` times in all, `again_ms` apart.
    """

    tries_most: int
    again_ms: int
    consumer_hours: bool


@runtime_checkable
class OffersPage(Protocol):
    """Ability: the message holds no lead, but `links["lead"]`: a page of ours that shows it to whoever takes it."""

    offers_page: bool


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


class Scene(NamedTuple):
    """A call as it stands. `stage`: `open` it may be taken, `coming` it was and is being booked, `theirs`, or `over`.

    `consumer` is the number they may be connected to now; without it, `why_not` says why. `public` are the fields that
    whoever has not bought the lead may hear of. `number` is how the provider knows the call that was made last.
    """

    delivery: str
    stage: str
    lead: Lead
    public: frozenset[str]
    consumer: str | None = None
    why_not: str = ""
    number: str | None = None


@runtime_checkable
class HearsTexts(Protocol):
    """Ability: texts come to a number of its account. Raises `Forged`."""

    def texted(self, call: Callback, terms: Terms) -> TextIn: ...


@runtime_checkable
class HoldsCalls(Protocol):
    """Ability: hold a telephone call, each step of which is asked for at `links["call"]` and the step's name.

    `prove` raises `Forged`, else says how the provider knows the call. `heard` is what a step tells of the delivery,
    after the step `ended` with an event of that id and `:ended`; `say` is what is said next, as XML.
    """

    def prove(self, call: Callback, terms: Terms) -> str: ...

    def heard(self, call: Callback, step: str, scene: Scene, terms: Terms) -> tuple[Receipt, ...]: ...

    def say(self, call: Callback, step: str, scene: Scene, terms: Terms) -> str: ...


@runtime_checkable
class ConfirmsReceipts(Protocol):
    """Ability: nobody signs what is called back, so the provider is asked before it is believed.

    Raises `Forged` or `BadReply` at once, before there is a question.
    """

    def confirm(self, call: Callback, terms: Terms) -> Conversation[tuple[Receipt, ...]]: ...


@runtime_checkable
class HandsOut(Protocol):
    """Ability: what is delivered is a PDF that a provider fetches from us, at the address `links["page"]`."""

    def pdf(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> bytes: ...


@runtime_checkable
class GoesElsewhere(Protocol):
    """Ability: deliver to another number, so that somebody can test it on their own. Raises `ValueError`."""

    def elsewhere(self, to: str) -> Connector: ...


@runtime_checkable
class SilenceDelivers(Protocol):
    """Ability: only a failure is ever told. No news by the end of a contract's `receipt_ms` means that it arrived."""

    silence_delivers: bool


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


class Verifier(Protocol):
    """How to ask a vendor about a lead: the same kind of conversation as a buyer's, with a verdict for an answer.

    An answer that no rule knows, or that says the question was wrong, raises `BadReply`: it is nobody's verdict.
    `settings` are those of the campaign that asks.
    """

    @property
    def card(self) -> Card: ...

    def asking(self, lead: Lead) -> Asking: ...

    def verify(self, lead: Lead, terms: Terms, settings: Mapping[str, str]) -> Conversation[Verified]: ...

    def explain(self, reply: Reply) -> list[Match]: ...


@runtime_checkable
class Retains(Protocol):
    """Ability of a verifier: have the vendor keep the proof that came with a lead, once the lead is sold."""

    def retain(self, lead: Lead, terms: Terms, settings: Mapping[str, str]) -> Conversation[Kept]: ...
