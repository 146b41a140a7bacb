"""A gateway that faxes what is mailed to it: it takes the page at once, and only what it cannot fax comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from buyers.email.connector import answer_of, relay_of
from buyers.family import ConnectionProblems, Loaded
from buyers.fax.document import GatewayDocument, gateway_address
from buyers.fax.sheet import FaxSheet
from exchange.connector import BadReply, Conversation, Match, Terms
from exchange.model.auction import Accepted, Answered, Award, Pending
from exchange.model.lead import Lead
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import Attachment, EmailMessage, Reply

_TEXT: Final = "One page is attached.\n"


@dataclass(frozen=True)
class GatewayFax(FaxSheet[GatewayDocument]):
    """The mail's id is our reference, so that a bounce says which fax it was."""

    @property
    def silence_delivers(self) -> bool:
        return self.document.silence == "delivered"

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        to, pdf = self.number(contract), self.drawn(lead, award, contract, terms)
        reply = yield self.fax(to, pdf, self._mail(to, pdf, terms))
        return _taken(reply)

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        try:
            meant = type(_taken(reply)).__name__.lower()
        except BadReply as bad:
            meant = bad.why
        return [Match("reply code", f"is {reply.status}", f"Outcome: {meant}")]

    def _mail(self, to: str, pdf: bytes, terms: Terms) -> EmailMessage:
        document = self.document
        domain = document.sender.rpartition("@")[2].rstrip(">")
        return EmailMessage(
            sender=document.sender,
            to=(gateway_address(document.gateway, to),),
            subject=document.subject,
            text=_TEXT,
            message_id=f"<{terms.reference}@{domain}>",
            attachments=(Attachment("lead.pdf", "application/pdf", pdf),),
            relay=relay_of(document.relay, terms.secrets),
        )


def _taken(reply: Reply) -> Answered:
    """A mail that was taken is a fax that is on its way."""
    answer = answer_of(reply)
    return Pending(Reason.AWAITING_RECEIPT, None, answer.detail) if isinstance(answer, Accepted) else answer


def gateway(name: str, laid: Mapping[str, Any]) -> Loaded:
    """The family of connections to gateways. Raises `ConnectionProblems`."""
    try:
        document = GatewayDocument.model_validate(laid)
    except ValidationError as error:
        raise ConnectionProblems.of(name, error) from None
    relay = document.relay
    secrets = frozenset({relay.password.secret} if relay is not None and relay.password is not None else ())
    urls = {"relay.server": f"smtp://{relay.server}"} if relay is not None else {}
    return Loaded(name, document.connector, secrets, urls, partial(GatewayFax, document))
