"""Leads as files: all that wait in one, at the times of the contract, or one file for each lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

from buyers.email.templates import tidy
from buyers.family import ConnectionProblems, Loaded
from buyers.files.document import FilesDocument
from buyers.mapping.values import Facts
from buyers.rows import FORMATS, Columns, compile_columns, records_of
from exchange.connector import BadReply, Conversation, Match, Parcel, Preview, Terms
from exchange.model.auction import Accepted, Answered, Award, Bid, Later, NoBid
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import FileMessage, Place, Reply

STORED: Final = 226
_DETAIL_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class FilesConnector:
    """Every try of a delivery, or of a batch, puts the same file under the same name: what came twice is one."""

    document: FilesDocument
    columns: Columns
    later: bool = True
    repeats_safely: bool = True

    @property
    def seconds(self) -> float:
        return self.document.seconds

    @property
    def channel(self) -> str:
        return self.document.protocol

    def destination(self, contract: Contract) -> str:
        return f"{self.document.host}:{self.document.port}"

    def place(self, secrets: Mapping[str, str]) -> Place:
        document = self.document
        name = document.password.secret if document.password is not None else None
        return Place(
            document.protocol,
            document.host,
            document.port,
            document.folder,
            document.user,
            secrets.get(name, "") if name is not None else "",
            document.key_file,
            document.host_key,
            document.ca_file,
        )

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]:
        yield from ()
        return NoBid(contract.id, Reason.PING_FAILED, "nobody bids by files")

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        return (yield from self.batch((Parcel(lead, award),), contract, terms))

    def batch(self, parcels: Sequence[Parcel], contract: Contract, terms: Terms) -> Conversation[Answered]:
        """All in one file, named by the reference of `terms`."""
        message = self.message(parcels, contract, terms)
        reply = yield message
        return answer_of(reply, message.name)

    def message(self, parcels: Sequence[Parcel], contract: Contract, terms: Terms) -> FileMessage:
        """The file as it would be put there."""
        document = self.document
        place = self.place(terms.secrets)
        if document.password is not None and not place.password:
            raise BadReply(f"the secret {document.password.secret} is not set")
        return FileMessage(place, f"{terms.reference}.{document.format}", self._content(parcels, contract, terms))

    def preview(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> tuple[Preview, ...]:
        """Its rows, as text."""
        records = self._records((Parcel(lead, award),), contract, terms)
        shown = "\n".join(f"{name}: {value}" for record in records for name, value in record.items())
        return (Preview(f"{terms.reference}.{self.document.format}", "text/plain", shown),)

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        meaning = "accepted" if reply.status == STORED else "later"
        return [Match("reply code", f"is {reply.status}", f"Outcome: {meaning}")]

    def _content(self, parcels: Sequence[Parcel], contract: Contract, terms: Terms) -> bytes:
        names = [name for name, _ in self.columns]
        return FORMATS[self.document.format](self._records(parcels, contract, terms), names)

    def _records(self, parcels: Sequence[Parcel], contract: Contract, terms: Terms) -> Sequence[Mapping[str, str]]:
        return records_of([facts_of(each, contract, terms) for each in parcels], self.columns)


def facts_of(parcel: Parcel, contract: Contract, terms: Terms) -> Facts:
    """What a row may be made of. Its reference is that of its own lead, and no secret is among it."""
    own = terms._replace(reference=parcel.award.reference, links=parcel.links, secrets={})
    return Facts(contract, own, lead=parcel.lead, award=parcel.award)


def answer_of(reply: Reply, name: str) -> Accepted | Later:
    """A server that does not let us put a file there may do so once its owner has mended it."""
    if reply.status == STORED:
        return Accepted(detail=f"in file {name}")
    detail = tidy(reply.body.decode("utf-8", "replace"))[:_DETAIL_CHARACTERS]
    return Later(Reason.POST_FAILED, detail)


def files(name: str, laid: Mapping[str, Any]) -> Loaded:
    """The family of connections by files. Raises `ConnectionProblems`."""
    try:
        document = FilesDocument.model_validate(laid)
    except ValidationError as error:
        raise ConnectionProblems.of(name, error) from None
    secrets = frozenset({document.password.secret} if document.password is not None else ())
    urls = {"server": f"{document.protocol}://{document.server}"}
    return Loaded(name, document.connector, secrets, urls, partial(speak, document))


def speak(document: FilesDocument) -> FilesConnector:
    return FilesConnector(document, compile_columns(document.columns))
