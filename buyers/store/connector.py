"""A contract that buys in the store. It is never asked in an auction, and nothing is sent to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from buyers.family import ConnectionProblems, Loaded
from buyers.reading.rules import Rules
from exchange.connector import Conversation, Match, Terms
from exchange.model.auction import Answered, Award, Bid, NoBid, Rejected
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import Reply


class StoreDocument(Rules):
    connection: str
    title: str = ""
    connector: Literal["store"]


@dataclass(frozen=True, slots=True)
class StoreConnector:
    """Buys by its people's hands."""

    in_store: bool = True

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]:
        yield from ()
        return NoBid(contract.id, Reason.PING_FAILED, "it buys in the store")

    def post(self, lead: Lead, award: Award, contract: Contract, terms: Terms) -> Conversation[Answered]:
        yield from ()
        return Rejected(Reason.BUYER_REJECTED, "it buys in the store")

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        return []


def store(name: str, laid: Mapping[str, Any]) -> Loaded:
    """The family of connections to the store. Raises `ConnectionProblems`."""
    try:
        document = StoreDocument.model_validate(laid)
    except ValidationError as error:
        raise ConnectionProblems.of(name, error) from None
    return Loaded(name, document.connector, frozenset(), {}, StoreConnector)
