"""Leads by mail. The buyer's server taking a mail is the buyer taking the lead; a bounce later is told by receipts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from buyers.email.attach import attached
from buyers.email.document import EmailDocument, RelayDocument
from buyers.email.page import REPLY, answers_told, html_of, mark_of, text_of
from buyers.email.templates import Write, compile_html, compile_line, compile_text, tidy
from buyers.family import ConnectionProblems, Loaded
from buyers.mapping.values import Facts
from exchange.connector import BadReply, Conversation, Match, Parcel, Terms
from exchange.model.auction import Accepted, Answered, Award, Bid, Later, NoBid, Rejected
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import EmailMessage, Relay, Reply

TAKEN: Final = 250
_DETAIL_CHARACTERS: Final = 200
_BETWEEN: Final = f"\n{'-' * 40}\n\n"  # leads of one text


@dataclass(frozen=True, slots=True)
class EmailConnector:
    """Every try of a delivery has the same Message-ID: to whoever reads it, a mail that came twice is one mail."""

    document: EmailDocument
    subject: Write
    text: Write
    html: Callable[[Facts], str] | None
    later: bool = True
    repeats_safely: bool = True
    channel: str = "email"

    @property
    def seconds(self) -> float:
        return self.document.seconds

    @property
    def domain(self) -> str:
        return self.document.sender.rpartition("@")[2].rstrip(">")

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(self.document.to)

    def destination(self, contract: Contract) -> str:
        """The server its mail goes through, or where the exchange's own brings it."""
        document = self.document
        return document.relay.host if document.relay is not None else document.to[0].rpartition("@")[2]

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]:
        yield from ()
        return NoBid(contract.id, Reason.PING_FAILED, "nobody bids by mail")

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        reply = yield self.message(lead, award, contract, terms)
        return answer_of(reply)

    def batch(self, parcels: Sequence[Parcel], contract: Contract, terms: Terms) -> Conversation[Answered]:
        """All in one mail, whose reference is that of `terms`."""
        reply = yield self.digest(parcels, contract, terms)
        return answer_of(reply)

    def message(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> EmailMessage:
        """The mail as it would be sent: what a preview shows."""
        facts = Facts(contract, self._linked(terms), lead=lead, award=award)
        subject = self.subject(facts)
        html = self.html(facts) if self.html is not None else html_of(subject, [facts])
        return self._mail(terms, subject, self.text(facts), html, [facts], facts.terms.links.get(REPLY, ""))

    def digest(self, parcels: Sequence[Parcel], contract: Contract, terms: Terms) -> EmailMessage:
        """One mail. What answers it is about its one lead, or says of each lead by its number."""
        subject = tidy(self.document.digest_subject.replace("{count}", str(len(parcels))))
        if len(parcels) == 1:
            facts = self._facts(parcels[0], contract, terms)
            link = facts.terms.links.get(REPLY, "")
            return self._mail(terms, subject, self.text(facts), html_of(subject, [facts]), [facts], link)
        reply = self._linked(terms).links.get(REPLY, "")
        leads = [self._facts(each._replace(links=_without_reply(each.links)), contract, terms) for each in parcels]
        numbers = [each.number or place for place, each in enumerate(parcels, 1)]
        parts = [f"Lead {number}\n\n{self.text(facts)}" for number, facts in zip(numbers, leads, strict=True)]
        text = _BETWEEN.join([*parts, *([f"{answers_told(reply)}\n"] if reply else [])])
        return self._mail(terms, subject, text, html_of(subject, leads, numbers, reply), leads, reply)

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        meaning = type(_meant(reply)).__name__.lower()
        return [Match("reply code", f"is {reply.status}", f"Outcome: {meaning}")]

    def _facts(self, parcel: Parcel, contract: Contract, terms: Terms) -> Facts:
        own = terms._replace(reference=parcel.award.reference, links=parcel.links)
        return Facts(contract, self._linked(own), lead=parcel.lead, award=parcel.award)

    def _mail(
        self, terms: Terms, subject: str, text: str, html: str, leads: Sequence[Facts], reply: str
    ) -> EmailMessage:
        """`reply` is where it is answered: an address, the bare mark of one, or nothing."""
        document = self.document
        return EmailMessage(
            sender=document.sender,
            to=tuple(document.to),
            subject=f"{subject} [#{mark_of(reply)}]" if reply and document.reply_to is not None else subject,
            text=text,
            message_id=f"<{terms.reference}@{self.domain}>",
            html=html,
            reply_to=document.reply_to or (reply if "@" in reply else ""),
            attachments=attached(document.attach, leads),
            relay=relay_of(self.document.relay, terms.secrets),
            secrets=_usable(leads, reply),
        )

    def _linked(self, terms: Terms) -> Terms:
        """Only the links that the document wants."""
        wanted = self.document.links

        def kept(name: str) -> bool:
            if name == REPLY and "@" not in terms.links[name] and self.document.reply_to is None:
                return False  # nobody would read the answer
            return (name if name in ("return", REPLY) else "dispositions") in wanted

        return terms._replace(links={name: url for name, url in terms.links.items() if kept(name)})


def _usable(leads: Sequence[Facts], reply: str) -> tuple[str, ...]:
    """Who has one of these may use it: links, and the mark of answers, which a subject may hold without its address."""
    links = [url for facts in leads for name, url in facts.terms.links.items() if name != REPLY]
    return (*links, *((reply, mark_of(reply)) if reply else ()))


def _without_reply(links: Mapping[str, str]) -> Mapping[str, str]:
    return {name: url for name, url in links.items() if name != REPLY}


def relay_of(relay: RelayDocument | None, secrets: Mapping[str, str]) -> Relay | None:
    """The mail server that a document names, with its password. Raises `BadReply` when that is not set."""
    if relay is None:
        return None
    name = relay.password.secret if relay.password is not None else None
    password = secrets.get(name, "") if name is not None else ""
    if name is not None and not password:
        raise BadReply(f"the secret {name} is not set")
    return Relay(relay.host, relay.port, relay.security, relay.user, password, relay.ca_file)


def answer_of(reply: Reply) -> Answered:
    """Raises `BadReply` for a code that no mail server sends after a mail."""
    meant = _meant(reply)
    if isinstance(meant, BadReply):
        raise meant
    return meant


def _meant(reply: Reply) -> Accepted | Later | Rejected | BadReply:
    detail = tidy(reply.body.decode("utf-8", "replace"))[:_DETAIL_CHARACTERS]
    told = f"{reply.status} {detail}".strip()
    if reply.status == TAKEN:
        return Accepted(detail=told)
    if reply.status // 100 == 4:
        return Later(Reason.POST_FAILED, told)
    if reply.status // 100 == 5:
        return Rejected(Reason.BUYER_REJECTED, told)
    return BadReply(f"the mail server answered {reply.status}", unmapped=True)


def email(name: str, laid: Mapping[str, Any]) -> Loaded:
    """The family of connections by mail. Raises `ConnectionProblems`."""
    try:
        document = EmailDocument.model_validate(laid)
    except ValidationError as error:
        raise ConnectionProblems.of(name, error) from None
    relay = document.relay
    secrets = frozenset({relay.password.secret} if relay is not None and relay.password is not None else ())
    urls = {"relay.server": f"smtp://{relay.server}"} if relay is not None else {}
    return Loaded(name, document.connector, secrets, urls, partial(speak, document))


def speak(document: EmailDocument) -> EmailConnector:
    return EmailConnector(
        document,
        compile_line(document.subject),
        compile_text(document.text) if document.text is not None else text_of,
        compile_html(document.html) if document.html is not None else None,
    )
