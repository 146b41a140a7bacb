"""Buyers that the worker delivers to: by mail, by a fax provider that calls back, by a shelf, and many at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

from exchange.connector import BadReply, Connector, Conversation, Parcel, Terms
from exchange.flows.connection import ready
from exchange.flows.market import Market
from exchange.model.auction import Accepted, Answered, Award, Later, Pending, Rejected
from exchange.model.lead import Lead
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import EmailMessage, Reply
from tests.mail_buyer import MailBuyer


@dataclass(frozen=True)
class LaterBuyer(MailBuyer):
    """Mail: what was lost goes out again under the same Message-ID."""

    later: bool = True
    seconds: float = 40.0
    repeats_safely: bool = True
    channel: str = "email"

    def destination(self, contract: Contract) -> str:
        return f"{self.host}.buyer.example"


@dataclass(frozen=True)
class FaxBuyer(LaterBuyer):
    """A provider takes it and calls back: never the same twice on a guess."""

    repeats_safely: bool = False
    channel: str = "fax"

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        to = (f"fax@{self.host}.buyer.example",)
        reply = yield EmailMessage("us@a.example", to, "A fax", "page", f"<{terms.reference}@a.example>")
        if reply.status == 250:
            return Pending(Reason.AWAITING_RECEIPT, reply.body.decode() or None)
        if reply.status // 100 == 4:
            return Later(Reason.POST_FAILED, "busy line")
        return Rejected(Reason.BUYER_REJECTED, "no such number")


@dataclass(frozen=True)
class ShelfBuyer(LaterBuyer):
    later: bool = False
    shelved: bool = True
    channel: str = "pull"


@dataclass(frozen=True)
class Poisoned(LaterBuyer):
    """Its mapping breaks on one consumer."""

    last_name: str = "Poison"

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        if self.last_name in (lead.text("last_name") or ""):
            raise BadReply("last_name cannot be said in their alphabet")
        return (yield from super().post(lead, award, contract, terms))


@dataclass(frozen=True)
class Hours(LaterBuyer):
    """It takes nothing before a moment."""

    opens_at: int = 0

    def not_before(self, lead: Lead, contract: Contract, now: int, zone: str | None) -> int:
        assert zone == "America/Phoenix"
        return max(now, self.opens_at)


@dataclass(frozen=True)
class FileBuyer(LaterBuyer):
    """All that waits in one message, named by the batch."""

    channel: str = "sftp"

    def batch(self, parcels: tuple[Parcel, ...], contract: Contract, terms: Terms) -> Conversation[Answered]:
        text = "\n".join(parcel.award.reference for parcel in parcels)
        to = (f"files@{self.host}.buyer.example",)
        reply = yield EmailMessage("us@a.example", to, terms.reference, text, f"<{terms.reference}@a.example>")
        return Accepted() if reply.status == 250 else Later(Reason.POST_FAILED, "disk full")


TAKEN = Reply(250, {}, b"queued")
NOT_NOW = Reply(451, {}, b"greylisted")
DOWN = Reply(421, {}, b"closing")
NO_SUCH = Reply(550, {}, b"no such user")


def connect(market: Market, **buyers: Connector) -> None:
    """From now on these are reached so."""
    deals = market.deals
    made = {name: ready(buyer, {}) for name, buyer in buyers.items()}
    connections = {**deals.shapes.connections, **made}
    market.live.deals = replace(deals, shapes=replace(deals.shapes, connections=connections))
