"""A connection tried out: what would be sent for a sample lead, what came back, and how that is read.

No lead, no hold, no sale: nothing is stored. A message that is sent goes over connections of its own, so that the time
each part takes can be told, and its loss never opens the breaker that guards live leads.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from exchange.connector import BadReply, Match, Terms
from exchange.courier.call import Call, Result, as_if
from exchange.courier.masking import MASK, mask_record
from exchange.flows.called_back import page_link
from exchange.flows.connection import Connection
from exchange.flows.links import SAMPLE_PAGE
from exchange.flows.market import Market
from exchange.flows.stored_lead import stored_lead
from exchange.model.actor import Actor
from exchange.model.auction import Accepted, Award, Bid, NoBid, Outcome, Pending, Rejected
from exchange.model.lead import Lead, Mode
from exchange.model.money import Money
from exchange.model.party import Contract, SaleMode, State
from exchange.model.teaching import Seen
from exchange.model.wire import EmailMessage, HttpMessage, Message, Reply, WireRecord
from exchange.stages.offer import make_offer
from exchange.stages.outcome import ping_outcome, post_outcome
from exchange.stages.sample_lead import SAMPLES, sample_lead, without_person
from exchange.storage.leads import read_lead_of

STAGES = ("ping", "post")
SECONDS = 20.0  # a person waits for it, and wants to see a slow buyer answer
_BID = "25"
_OUTCOMES: Mapping[type[object], str] = MappingProxyType(
    {Accepted: "accepted", list: "accepted", NoBid: "no_bid", Pending: "queued", Rejected: "rejected"}
)
"""What an answer is called where a connection has no rules that name it."""


class NoSuchSample(Exception):
    """No lead goes by this name; the text says which do."""


class Edit(NamedTuple):
    """A message changed by hand before it is sent."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Trial:
    """What is tried: a stage of a contract's connection, with a lead. `ping_reference` is the buyer's, for a post.

    `sample` is what the lead was picked by.
    """

    contract: Contract
    connection: Connection
    stage: str
    lead: Lead
    ping_reference: str = "test-ping"
    sample: str = "1"


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it. `outcome` is that of the rules, empty when none matched; `answer` what the exchange makes of it.

    `records` are the messages that went out; none when a pasted reply was read. `trouble` says why there is no reply.
    """

    records: tuple[WireRecord, ...]
    reply: Reply | None
    outcome: str
    answer: list[Bid] | NoBid | Outcome | None
    matches: tuple[Match, ...]
    values: tuple[Seen, ...]
    trouble: str = ""


def stand_in_contract(market: Market, connection: str, vertical: str = "") -> Contract:
    """The contract that a connection is tried with: one that uses it, else terms made up for the test."""
    for contract in sorted(market.deals.contracts.values(), key=lambda each: each.id):
        if contract.connection == connection and vertical in ("", contract.vertical):
            return contract
    chosen = vertical if vertical in market.verticals else next(iter(sorted(market.verticals)))
    most = Money.parse("1000", _currency(market))
    return Contract(
        "test", 0, "test", "Test", chosen, "test", State.PAUSED, Mode.TEST, SaleMode.EXCLUSIVE, 1, connection,
        None, None, most,
    )  # fmt: skip


def _currency(market: Market) -> str:
    return next((campaign.currency for campaign in market.deals.campaigns.values()), "USD")


async def pick_lead(market: Market, contract: Contract, wanted: str, actor: Actor) -> Lead:
    """A sample by its number, 1 to 10, or a past lead by its id with a made-up person in it. Raises `NoSuchSample`."""
    now = market.clock.now()
    vertical = market.verticals[contract.vertical]
    number = int(wanted) if wanted.isdecimal() and len(wanted) < 4 else 0
    if 1 <= number <= SAMPLES:
        return sample_lead(vertical, number, now)
    row = await market.db.read(read_lead_of, actor, wanted)
    campaign = market.deals.campaigns.get(row["campaign_id"]) if row is not None else None
    lead = await stored_lead(market, row, campaign) if row is not None and campaign is not None else None
    if lead is None:
        raise NoSuchSample(f"There is no lead {wanted[:40]!r} with its data; samples are 1 to {SAMPLES}.")
    return without_person(lead, market.verticals.get(lead.vertical, vertical), sample_lead(vertical, 1, now))


def rendered(market: Market, trial: Trial) -> Message | None:
    """The first message, as it would be sent; None when nothing is sent. Raises `BadReply` when it cannot be made."""
    conversation = _conversation(market, trial)
    try:
        message: Message = next(conversation)
    except StopIteration:
        return None
    except BadReply:
        raise
    except Exception as error:  # a connector is asked for a lead it was not made for
        raise BadReply(f"the connector failed: {type(error).__name__}") from None
    conversation.close()
    return message


async def send(market: Market, trial: Trial, edit: Edit | None = None, send_to: str = "") -> Tried:
    """Really send it. `send_to` is who gets it instead of the buyer: an address, or a number. Raises `ValueError`."""
    if send_to and trial.connection.elsewhere is not None:
        connector = trial.connection.elsewhere.elsewhere(send_to)
        trial, send_to = replace(trial, connection=replace(trial.connection, connector=connector)), ""
    conversation = _conversation(market, trial)
    if edit is not None or send_to:
        conversation = _changed(conversation, edit, send_to)
    contract = trial.contract
    call = Call(
        f"test:{contract.buyer_id}",
        conversation,
        delivers=trial.stage == "post",
        contract=f"test:{contract.id}",
        simulated=trial.connection.simulated,
    )
    courier = market.trial_courier()
    try:
        result = await courier.converse(call, market.clock.monotonic() + SECONDS)
    finally:
        await courier.close()
    records = tuple(mask_record(record) for record in result.records)
    heard = records[-1].outcome if records else None
    return _told(market, trial, heard if isinstance(heard, Reply) else None, result._replace(records=records))


def read(market: Market, trial: Trial, reply: Reply) -> Tried:
    """How a reply would be read that nobody sent for: pasted, or kept. Of a conversation of several messages only the
    rules' part is told, because what the first ones would have brought is not known."""
    result = None
    if not trial.connection.several_messages:
        result = as_if(_conversation(market, trial), reply, delivered=trial.stage == "post")
    tried = _told(market, trial, reply, result)
    return replace(tried, records=())


def _told(market: Market, trial: Trial, reply: Reply | None, result: Result | None) -> Tried:
    trouble, records = "", result.records if result is not None else ()
    if result is not None and result.lost is not None:
        trouble = result.lost.detail or result.lost.why.slug.replace("_", " ")
    elif result is not None and reply is None and result.error is not None:
        trouble = result.error.why
    answer = _answer(trial, result) if result is not None else None
    if reply is None:
        return Tried(records, None, "", answer, (), (), trouble)
    document = connection_document(market, trial.contract.connection) or {}
    values = market.workshop.teaching.values(document, trial.stage, reply)
    matches = tuple(trial.connection.connector.explain(trial.stage, reply))
    outcome = outcome_of(trial.connection, trial.stage, reply)
    if trial.connection.replies is None:
        outcome = _OUTCOMES.get(type(answer), "")
    return Tried(records, reply, outcome, answer, matches, values, trouble)


def connection_document(market: Market, name: str) -> Mapping[str, Any] | None:
    """What a connection says, in whatever way it was made; None when there is none."""
    file = market.workshop.files.get(name)
    return file.document if file is not None else market.deals.shapes.documents.get(name)


def outcome_of(connection: Connection, stage: str, reply: Reply) -> str:
    """The outcome its rules give a reply; empty when none matches, or when it has no rules."""
    return (connection.replies.outcome(stage, reply) if connection.replies is not None else None) or ""


def _answer(trial: Trial, result: Result) -> list[Bid] | NoBid | Outcome:
    if trial.stage == "ping":
        return ping_outcome(trial.contract, result)
    return post_outcome(trial.contract, trial_award(trial), result, profile=trial.connection.profile)


def _conversation(market: Market, trial: Trial) -> Generator[Message, Reply, Any]:
    contract, connector, terms = trial.contract, trial.connection.connector, trial_terms(market, trial)
    if trial.stage == "ping":
        vertical = market.verticals[contract.vertical]
        offer = make_offer(trial.lead, vertical, Money.zero(contract.max_bid.currency), 1, "test")
        return connector.ping(offer, contract, terms)
    return connector.post(trial.lead, trial_award(trial), contract, terms)


def trial_terms(market: Market, trial: Trial) -> Terms:
    """Links that a delivery would carry lead nowhere: there is no delivery. What a provider fetches is there."""
    now, links = market.clock.now(), {}
    if trial.connection.hands_out is not None and market.public_url:
        contract = trial.contract
        links["page"] = page_link(market, contract.connection, SAMPLE_PAGE, f"{contract.id} {trial.sample}")
    return Terms(now, market.ids.new("tst", now), trial.connection.secrets, links)


def trial_award(trial: Trial) -> Award:
    contract = trial.contract
    usual = Money.parse(_BID, contract.max_bid.currency)
    price = contract.price or (usual if usual < contract.max_bid else contract.max_bid)
    bid = Bid(contract.id, contract.leg, price, True, trial.ping_reference or None, None)
    return Award(bid, 1, "test")


def _changed(
    conversation: Generator[Message, Reply, Any], edit: Edit | None, send_to: str
) -> Generator[Message, Reply, Any]:
    """The same conversation with its first message as it was edited, or a mail to somebody else."""
    try:
        message = next(conversation)
        while True:
            message = conversation.send((yield _edited(message, edit, send_to)))
            edit = None
    except StopIteration as end:
        return end.value


def _edited(message: Message, edit: Edit | None, send_to: str) -> Message:
    if isinstance(message, EmailMessage) and send_to:
        return message._replace(to=(send_to,), subject=f"[Test] {message.subject}")
    if isinstance(message, HttpMessage) and edit is not None:
        body, headers = edit.body, dict(edit.headers)
        for dots, secret in _dots(message):
            body = body.replace(dots.encode(), secret.encode())
            headers = {name: value.replace(dots, secret) for name, value in headers.items()}
        return message._replace(headers=headers, body=body)
    return message


def dotted(message: HttpMessage) -> HttpMessage:
    """As it may be shown and edited: each secret as dots and its number. Sent after an edit, the dots are it again."""
    url, headers, body = message.url, dict(message.headers), message.body
    for dots, secret in _dots(message):
        url, body = url.replace(secret, dots), body.replace(secret.encode(), dots.encode())
        headers = {name: value.replace(secret, dots) for name, value in headers.items()}
    return message._replace(url=url, headers=headers, body=body, secrets=())


def _dots(message: HttpMessage) -> list[tuple[str, str]]:
    """The longest first: a secret may stand inside another."""
    ordered = sorted(dict.fromkeys(secret for secret in message.secrets if secret), key=lambda one: -len(one))
    return [(f"{MASK}{number}", secret) for number, secret in enumerate(ordered, start=1)]
