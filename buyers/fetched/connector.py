"""Leads that wait where their buyer fetches them. Nothing is sent; what was fetched is delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from pydantic import Field, ValidationError

from buyers.family import ConnectionProblems, Loaded
from buyers.files.connector import facts_of
from buyers.files.document import Columns as ColumnsDocument
from buyers.reading.rules import Rules, Scalar
from buyers.rows import Columns, compile_columns, csv_text, records_of
from exchange.connector import Conversation, Match, Parcel, Preview, Terms
from exchange.model.auction import Answered, Award, Bid, Later, NoBid
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import Reply

DAYS_MOST = 3_650


class FetchedDocument(Rules):
    """What both have in common."""

    connection: str = Field(min_length=1, max_length=80)
    title: str = ""
    about: str = ""
    preset: str | None = None
    variant: str | None = None
    tags: list[Scalar] = Field(default_factory=list)


class PullDocument(FetchedDocument):
    """Fetched by `GET /api/v1/buyer/leads` with the buyer's key."""

    connector: Literal["pull"]


class CsvUrlDocument(FetchedDocument):
    """Fetched as a CSV: of the last `days`, all unless told; `columns` as in a file."""

    connector: Literal["csv_url"]
    days: int | None = Field(default=None, ge=1, le=DAYS_MOST)
    columns: ColumnsDocument = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PullConnector:
    """A lead on a shelf: the same one put there again is one."""

    shelved: bool = True
    repeats_safely: bool = True
    channel: str = "pull"

    def destination(self, contract: Contract) -> str:
        return contract.buyer_id

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]:
        yield from ()
        return NoBid(contract.id, Reason.PING_FAILED, "its buyer fetches")

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        yield from ()
        return Later(Reason.POST_FAILED, "its buyer fetches")

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        return []


@dataclass(frozen=True, slots=True)
class CsvUrlConnector(PullConnector):
    days: int | None = None
    columns: Columns = ()
    channel: str = "csv_url"

    def table(self, parcels: Sequence[Parcel], contract: Contract, terms: Terms) -> str:
        """As CSV. No cell is one that a spreadsheet runs."""
        leads = [facts_of(each, contract, terms) for each in parcels]
        return csv_text(records_of(leads, self.columns), [name for name, _ in self.columns])

    def preview(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> tuple[Preview, ...]:
        return (Preview("The address's CSV", "text/plain", self.table((Parcel(lead, award),), contract, terms)),)


def pull(name: str, laid: Mapping[str, Any]) -> Loaded:
    """Connections whose buyers fetch by the API. Raises `ConnectionProblems`."""
    try:
        document = PullDocument.model_validate(laid)
    except ValidationError as error:
        raise ConnectionProblems.of(name, error) from None
    return Loaded(name, document.connector, frozenset(), {}, PullConnector)


def csv_url(name: str, laid: Mapping[str, Any]) -> Loaded:
    """Connections whose buyers fetch a CSV. Raises `ConnectionProblems`."""
    try:
        document = CsvUrlDocument.model_validate(laid)
    except ValidationError as error:
        raise ConnectionProblems.of(name, error) from None
    return Loaded(name, document.connector, frozenset(), {}, partial(speak, document))


def speak(document: CsvUrlDocument) -> CsvUrlConnector:
    return CsvUrlConnector(days=document.days, columns=compile_columns(document.columns))
