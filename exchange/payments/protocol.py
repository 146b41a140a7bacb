"""What a payment provider must answer: a hosted page, a charge without the buyer there, money given back, and events.

Conversations are pure, as a buyer's are: they yield a message, are sent the reply and return the answer. What a
provider tells of money is an *event*; whatever it is called there, here it is one of four. Our own id of a charge goes
with everything we ask and comes back with everything we hear; it is the key under which a repeat is harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from exchange.connector import Callback, Conversation
from exchange.model.money import Money


class Access(NamedTuple):
    """Where the provider is, and with which secrets it is spoken to; several for events while one is changed."""

    base_url: str
    key: str
    event_secrets: tuple[str, ...]


class Method(NamedTuple):
    """A means of payment that the provider keeps. `label` is what a person knows it by: `Visa •••• 4242, 12/28`."""

    customer_id: str
    method_id: str
    label: str


class Wish(NamedTuple):
    """A charge. `email` and `name` are the buyer's; `save` keeps the means of payment for later."""

    charge_id: str
    buyer_id: str
    name: str
    money: Money
    what: str
    back_url: str
    save: bool = False
    customer_id: str = ""


class HostedPage(NamedTuple):
    """Where the buyer pays."""

    session_id: str
    url: str


class Charged(NamedTuple):
    """A charge without the buyer there: taken, or declined with a sentence (`why`); neither while the bank is at it."""

    intent_id: str
    taken: bool
    why: str = ""


class Refunded(NamedTuple):
    refund_id: str
    accepted: bool
    why: str = ""


class Intent(NamedTuple):
    """A charge as the provider knows it now."""

    intent_id: str
    charge_id: str
    money: Money | None  # what was taken, if it was
    method: Method | None


class Paid(NamedTuple):
    """Money came. `charge_id` is empty when it was not asked for by us."""

    event_id: str
    at: int
    charge_id: str
    session_id: str
    intent_id: str
    money: Money


class NotPaid(NamedTuple):
    """A charge was declined, or its page was left."""

    event_id: str
    at: int
    charge_id: str
    session_id: str
    intent_id: str
    why: str


class GaveBack(NamedTuple):
    """Money went back to the card; `failed` takes that back. `refund_of` is our own id, if we asked for it."""

    event_id: str
    at: int
    refund_id: str
    intent_id: str
    refund_of: str
    money: Money
    failed: bool


class Disputed(NamedTuple):
    """The card's holder had a payment taken back, or lost that (`won`)."""

    event_id: str
    at: int
    dispute_id: str
    intent_id: str
    money: Money
    won: bool


class Other(NamedTuple):
    """An event that moves nothing."""

    event_id: str
    at: int
    kind: str


Event = Paid | NotPaid | GaveBack | Disputed | Other


class PaymentProvider(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    def takes(self, money: Money) -> str:
        """Why this amount cannot be charged; empty when it can."""
        ...

    def hosted_page(self, access: Access, wish: Wish) -> Conversation[HostedPage]: ...
    def charge(self, access: Access, wish: Wish, method: Method) -> Conversation[Charged]: ...
    def refund(self, access: Access, refund_of: str, intent_id: str, money: Money) -> Conversation[Refunded]: ...
    def refund_made(self, access: Access, refund_of: str, intent_id: str) -> Conversation[Refunded | None]:
        """What became of a refund that was asked for long ago; None when the provider knows none under our id."""
        ...

    def intent(self, access: Access, intent_id: str) -> Conversation[Intent]: ...
    def listen(self, access: Access, url: str) -> Conversation[str]:
        """Have events sent to our address; the secret that they are signed with."""
        ...

    def events(self, access: Access, call: Callback, now: int) -> Sequence[Event]:
        """What a call tells. Raises `Forged` and `BadReply`."""
        ...
