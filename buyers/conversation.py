"""The conversations that all HTTP connectors share: send what the mapping makes, read what the rules say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from buyers.answers import answer_of, bids_of
from buyers.connection import ENCODINGS, STAGES, Connection, StageDocument, stage_document
from buyers.family import Loaded
from buyers.mapping.messages import Plan, compile_request
from buyers.mapping.values import Facts
from buyers.reading import Reader
from buyers.reading.carries import Take, take_text
from buyers.reading.document import BROKEN, Shape, read_document
from exchange.connector import BadReply, Conversation, Match, Profile, Terms
from exchange.model.auction import Accepted, Award, Bid, NoBid, Pending, Rejected
from exchange.model.lead import Lead, Offer
from exchange.model.party import Contract
from exchange.model.reason import Reason
from exchange.model.wire import Reply

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class Before:
    """A message sent before the one that counts, and what of its reply is kept, by name."""

    plan: Plan
    keep: tuple[tuple[str, Take], ...]


@dataclass(frozen=True, slots=True)
class Stage:
    before: tuple[Before, ...]
    plan: Plan
    reader: Reader

    def talk(self, facts: Facts) -> Conversation[Reply]:
        """All messages of the stage; the reply to the last. Raises `BadReply` when an earlier one gave nothing.

        What was kept from before may have run out: at 401 it is asked anew, once.
        """
        if not self.before:  # a ping asks that itself: one generator less for every bid
            return (yield self.plan.message(facts))
        ready, replies = yield from self._prepare(facts, {})
        reply = yield self.plan.message(ready)
        if reply.status == _UNAUTHORIZED and any(step.plan.cache_seconds for step in self.before):
            ready, _ = yield from self._prepare(facts, replies)
            reply = yield self.plan.message(ready)
        return reply

    def _prepare(self, facts: Facts, stale: Mapping[int, Reply]) -> Conversation[tuple[Facts, Mapping[int, Reply]]]:
        """What the messages before bring, and the replies that brought it."""
        replies: dict[int, Reply] = {}
        for number, step in enumerate(self.before):
            replies[number] = reply = yield step.plan.message(facts, stale.get(number))
            facts = replace(facts, kept={**facts.kept, **_kept(step, reply)})
        return facts, replies


def prepared(before: tuple[Before, ...], facts: Facts) -> Conversation[Facts]:
    """What messages before bring, for one that is asked without a stage of its own."""
    for step in before:
        reply = yield step.plan.message(facts, None)
        facts = Facts(facts.contract, facts.terms, kept={**facts.kept, **_kept(step, reply)})
    return facts


def _kept(step: Before, reply: Reply) -> Mapping[str, str]:
    document = read_document(reply, Shape())
    if document.kind == BROKEN or reply.status // 100 != 2:
        raise BadReply(document.problem or f"HTTP {reply.status} before the message that counts")
    kept: dict[str, str] = {}
    for name, take in step.keep:
        found = take(document)
        if found is None:
            raise BadReply(f"the first reply has no {name}")
        kept[name] = found[0]
    return kept


@dataclass(frozen=True, slots=True)
class HttpConnector:
    """A connection that speaks HTTP. What is beside the conversations are abilities, read by whoever needs them."""

    name: str
    stages: Mapping[str, Stage]
    repeats_safely: bool
    profile: Profile
    later: bool = False
    seconds: float = 10.0
    host: str = ""
    channel: str = "http"

    def destination(self, contract: Contract) -> str:
        """Where posts go: an address has a fixed host."""
        return self.host

    @property
    def several_messages(self) -> bool:
        return bool(self.stages["post"].before)

    def ping(self, offer: Offer, contract: Contract, terms: Terms) -> Conversation[list[Bid] | NoBid]:
        stage = self.stages.get("ping")
        if stage is None:
            return NoBid(contract.id, Reason.PING_FAILED, "the connection has no ping")
        facts = Facts(contract, terms, offer)
        reply = (yield from stage.talk(facts)) if stage.before else (yield stage.plan.message(facts))
        return bids_of(stage.reader.read(reply), contract, terms.now)

    def post(
        self, lead: Lead, award: Award, contract: Contract, terms: Terms
    ) -> Conversation[Accepted | Pending | Rejected]:
        stage = self.stages["post"]
        reply = yield from stage.talk(Facts(contract, terms, lead=lead, award=award))
        expected = award.bid.buyer_reference if stage.reader.echo_of == "ping_reference" else terms.reference
        return answer_of(stage.reader.read(reply), award.bid.price.currency, expected)

    def explain(self, stage: str, reply: Reply) -> list[Match]:
        found = self.stages.get(stage)
        return found.reader.explain(reply) if found is not None else []

    def outcome(self, stage: str, reply: Reply) -> str | None:
        found = self.stages.get(stage)
        try:
            return found.reader.read(reply).outcome if found is not None else None
        except BadReply:
            return None


class AskingHttpConnector(HttpConnector):
    """The same, for a buyer that can be asked what became of a post."""

    __slots__ = ()

    def ask(self, reference: str, contract: Contract, terms: Terms) -> Conversation[Accepted | Pending | Rejected]:
        stage = self.stages["ask"]
        reply = yield from stage.talk(Facts(contract, terms._replace(reference=reference)))
        return answer_of(stage.reader.read(reply), contract.max_bid.currency, reference, asking=True)


class Revoking:
    """What a buyer adds that can be told of consent taken back."""

    __slots__ = ()
    stages: Mapping[str, Stage]

    def revoke(self, lead: Lead, contract: Contract, terms: Terms) -> Conversation[Accepted | Pending | Rejected]:
        stage = self.stages["revoke"]
        reply = yield from stage.talk(Facts(contract, terms, lead=lead))
        return answer_of(stage.reader.read(reply), contract.max_bid.currency, terms.reference, asking=True)


class RevokingHttpConnector(HttpConnector, Revoking):
    __slots__ = ()


class AskingRevokingHttpConnector(AskingHttpConnector, Revoking):
    __slots__ = ()


def http(name: str, laid: Mapping[str, Any]) -> Loaded:
    """The family of connectors that speak HTTP. They differ in how a body is encoded unless a stage says otherwise."""
    connection = Connection.read(name, laid)
    fields = connection.fields.get("ping", frozenset()) | connection.fields.get("post", frozenset())
    build = partial(speak, connection)
    return Loaded(name, connection.connector, connection.secrets, connection.urls, build, fields=fields)


def speak(connection: Connection) -> HttpConnector:
    document, encoding = connection.document, ENCODINGS[connection.connector]
    compiled = partial(_stage, connection, encoding)
    stages = {
        stage: compiled(stage, found) for stage in STAGES if (found := stage_document(document, stage)) is not None
    }
    kind = AskingHttpConnector if document.ask is not None else HttpConnector
    if document.revoke is not None:
        kind = AskingRevokingHttpConnector if document.ask is not None else RevokingHttpConnector
    seconds = document.seconds if document.later else 10.0
    host = urlsplit(document.post.url).netloc
    return kind(connection.name, stages, document.repeats_safely, connection.profile, document.later, seconds, host)


def _stage(connection: Connection, encoding: str, stage: str, document: StageDocument) -> Stage:
    before = tuple(
        Before(
            compile_request(step, encoding, delivers=False, transport=connection.document.transport),
            tuple((name, take_text(carry)) for name, carry in step.keep.items()),
        )
        for step in document.steps
    )
    plan = compile_request(document, encoding, delivers=stage == "post", transport=connection.document.transport)
    return Stage(before, plan, connection.readers[stage])
