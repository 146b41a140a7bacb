"""What all fax connectors have in common: whom a fax goes to, its page, and how the page looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from buyers.fax.document import FaxDocument, SettingName, e164
from exchange.connector import BadReply, Conversation, Preview, Terms
from exchange.model.auction import Award, Bid, NoBid
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import EmailMessage, FaxMessage, HttpMessage

if TYPE_CHECKING:
    from buyers.fax.page import Step

DETAIL_CHARACTERS = 200
Document = TypeVar("Document", bound=FaxDocument)


@dataclass(frozen=True)
class FaxSheet(Generic[Document]):
    """A fax is never repeated on a guess: whoever finds two of a lead on the machine calls the consumer twice.

    What draws the page is large: only an exchange that faxes imports it, and at its start, not while leads wait.
    """

    document: Document
    later: bool = True
    repeats_safely: bool = False
    channel: str = "fax"

    def __post_init__(self) -> None:
        from buyers.fax.fonts import read_fonts

        read_fonts()

    @property
    def seconds(self) -> float:
        return self.document.seconds

    def destination(self, contract: Contract) -> str:
        """The buyer's number: a line that is busy delays its own leads."""
        to = self.document.to
        return to if isinstance(to, str) else self._setting(to, contract)

    def elsewhere(self, to: str) -> Self:
        """The same fax to another number. Raises `ValueError`."""
        return replace(self, document=self.document.model_copy(update={"to": e164(to)}))

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]:
        yield from ()
        return NoBid(contract.id, Reason.PING_FAILED, "nobody bids by fax")

    def preview(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> tuple[Preview, ...]:
        """The page as it is faxed: drawn from the same steps."""
        from buyers.fax.draw import as_svg

        to = self.destination(contract) or "the number of the contract"
        return (Preview(f"The fax to {to}", "image/svg+xml", as_svg(self.steps(lead, award, contract, terms))),)

    def drawn(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> bytes:
        from buyers.fax.draw import as_pdf

        return as_pdf(self.steps(lead, award, contract, terms))

    def steps(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Sequence[Step]:
        from buyers.fax.content import content_of
        from buyers.fax.page import lay_out

        document = self.document
        return lay_out(content_of(lead, award, contract, terms, document.heading, document.fields))

    def number(self, contract: Contract) -> str:
        """Where the fax goes, in E.164. Raises `BadReply` when the contract names no such number."""
        to = self.document.to
        if isinstance(to, str):
            return to
        try:
            return e164(self._setting(to, contract))
        except ValueError as why:
            raise BadReply(f"the contract's setting {to.setting}: {why}") from None

    def fax(self, to: str, pdf: bytes, via: HttpMessage | EmailMessage) -> FaxMessage:
        return FaxMessage(to, 1, pdf, via)

    def _setting(self, to: SettingName, contract: Contract) -> str:
        return next((text.strip() for name, text in contract.settings if name == to.setting), "")


def secret_of(terms: Terms, name: str) -> str:
    """Raises `BadReply` when it is not set."""
    secret = terms.secrets.get(name, "")
    if not secret:
        raise BadReply(f"the secret {name} is not set")
    return secret


def told(text: object) -> str:
    """What a provider said, as one short line."""
    seen = "".join(each if each.isprintable() else " " for each in str(text))
    return " ".join(seen.split())[:DETAIL_CHARACTERS]
