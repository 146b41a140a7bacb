"""A text that a lead is there. It holds nothing of the lead but a link, where a person takes it or refuses it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from buyers.phone.answers import PROFILE, account_of, answer_of, explained, token_of
from buyers.phone.document import TextDocument, e164
from buyers.phone.heard import text_in
from buyers.phone.proof import check
from buyers.phone.spoken import intro
from exchange.connector import BadReply, Callback, Conversation, Match, Preview, Profile, Receipt, Terms
from exchange.model.auction import Answered, Award, Bid, NoBid
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import PhoneMessage, Reply, TextIn

NO_LINK: Final = "(a link to the lead)"
_LOST: Final = frozenset({"failed", "undelivered"})


@dataclass(frozen=True, slots=True)
class TextConnector:
    document: TextDocument
    later: bool = True
    seconds: float = 30.0
    channel: str = "sms"
    profile: Profile = PROFILE
    offers_page: bool = True
    tries_most: int = 1
    again_ms: int = 0

    @property
    def consumer_hours(self) -> bool:
        return self.document.wait_for_consumer

    def destination(self, contract: Contract) -> str:
        return self.document.to

    def elsewhere(self, to: str) -> TextConnector:
        """The same to another number. Raises `ValueError`."""
        return replace(self, document=self.document.model_copy(update={"to": e164(to)}))

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]:
        yield from ()
        return NoBid(contract.id, Reason.PING_FAILED, "nobody bids by text")

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        document, link = self.document, terms.links.get("lead", "")
        account = account_of(document, terms.secrets)
        hooks = {"status": terms.links["hook"]} if "hook" in terms.links else {}
        text = self.text(lead, link or NO_LINK)
        reply = yield PhoneMessage(
            "sms", account, document.to, document.sender, text, hooks, secrets=(link,) if link else ()
        )
        return answer_of(reply)

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        return explained(reply)

    def preview(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> tuple[Preview, ...]:
        return (Preview(f"The text to {self.document.to}", "text/plain", self.text(lead, NO_LINK)),)

    def text(self, lead: Lead, link: str) -> str:
        return f"{intro(self.document.text, lead)} {link}"

    def texted(self, call: Callback, terms: Terms) -> TextIn:
        """A text that came to the account's number."""
        return text_in(self.document, call, terms)

    def receipts(self, call: Callback, terms: Terms) -> tuple[Receipt, ...]:
        """That the text arrived is no yes; that it did not is the end of it."""
        check(call, token_of(self.document, terms.secrets))
        fields, reference = call.fields, call.path.rpartition("/")[2]
        sid, status = fields.get("MessageSid", ""), fields.get("MessageStatus", "")
        if not sid:
            raise BadReply("it names no message")
        if status in _LOST:
            why = f"the text was not delivered, error {fields.get('ErrorCode', 'unknown')[:20]}"
            return (Receipt(f"{sid}:{status}", "failed", sid, reference, detail=why),)
        told = "the text is on the telephone"
        return (Receipt(f"{sid}:delivered", "sent", sid, reference, detail=told),) if status == "delivered" else ()
