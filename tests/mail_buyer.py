"""A buyer that takes leads by mail and says so at once: the smallest connector that speaks no HTTP."""

from __future__ import annotations

from dataclasses import dataclass, replace

from exchange.connector import Callback, Conversation, Forged, Match, Parcel, Receipt, Terms
from exchange.flows.connection import ready
from exchange.flows.market import Market
from exchange.model.auction import Accepted, Answered, Award, Bid, Later, NoBid, Rejected
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import EmailMessage, Reply


@dataclass(frozen=True)
class MailBuyer:
    host: str = "birch"

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]:
        yield from ()
        return NoBid(contract.id, Reason.PING_FAILED, "mail is never pinged")

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        text = "\n".join(f"{name}: {value.clean}" for name, value in lead.values.items())
        links = "".join(f"\n{name}: {url}" for name, url in terms.links.items())
        to = (f"leads@{self.host}.buyer.example",)
        reply = yield EmailMessage("us@a.example", to, "A lead", text + links, f"<{terms.reference}@a.example>")
        if reply.status == 250:
            return Accepted(None, terms.reference)
        if reply.status // 100 == 4:
            return Later(Reason.POST_FAILED, "greylisted", 60_000)
        return Rejected(Reason.BUYER_REJECTED, reply.body.decode("utf-8", "replace"))

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        return [Match("code", "is 250", "Outcome: accepted")] if reply.status == 250 else []


@dataclass(frozen=True)
class SlowMailBuyer(MailBuyer):
    """The same as an agreed delivery by the worker, with every ability there is for it."""

    later: bool = True
    seconds: float = 40.0

    def batch(self, parcels: tuple[Parcel, ...], contract: Contract, terms: Terms) -> Conversation[Answered]:
        answer: Answered = Accepted()
        for parcel in parcels:
            answer = yield from self.post(parcel.lead, parcel.award, contract, terms)
        return answer

    def not_before(self, lead: Lead, contract: Contract, now: int, zone: str | None) -> int:
        return now + 60_000 if zone is None else now

    def receipts(self, call: Callback, terms: Terms) -> tuple[Receipt, ...]:
        if call.headers.get("x-key") != terms.secrets.get("hook"):
            raise Forged
        return (Receipt(call.fields["id"], "delivered", reference=terms.reference),)


@dataclass(frozen=True)
class ShelfBuyer(MailBuyer):
    """One that fetches."""

    shelved: bool = True


def mailed_to(market: Market, *names: str) -> None:
    """From now on these buyers are written to."""
    deals = market.deals
    connections = {**deals.shapes.connections, **{name: ready(MailBuyer(name), {}) for name in names}}
    market.live.deals = replace(deals, shapes=replace(deals.shapes, connections=connections))
