"""A connection taught by hand: one more rule, rules proposed from samples, a mapping guessed from a request.

Nothing is saved here but by `exchange.flows.documents.save_document`: a change is shown first, with every kept reply
that it would read otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from exchange.flows.market import Market
from exchange.flows.samples import REFUSALS, read_again, samples_of
from exchange.flows.shapes import Document, DocumentProblems
from exchange.flows.trial import connection_document
from exchange.model.teaching import Guess, Reread, Taught
from exchange.model.vertical import Vertical
from exchange.model.wire import Reply
from exchange.stages.field_names import fold
from exchange.stages.standard_fields import Goes, standard_fields


@dataclass(frozen=True, slots=True)
class Change:
    """A document as it would be, and what its kept replies would be read as."""

    document: Document
    read: tuple[Reread, ...]

    @property
    def differing(self) -> tuple[Reread, ...]:
        return tuple(each for each in self.read if each.differs)


def is_file(market: Market, name: str) -> bool:
    """Whether a file makes the connection: then it is changed there, and not here."""
    return name in market.workshop.files


def document_of(market: Market, name: str) -> Document:
    """Raises `DocumentProblems` when there is no such connection."""
    document = connection_document(market, name)
    if document is None:
        raise DocumentProblems([f"connection: there is none called {name[:80]}"])
    return document


async def change_to(market: Market, name: str, document: Document) -> Change:
    """Check a document and read the samples with it. Raises `DocumentProblems`."""
    return Change(document, read_again(market, name, document, await samples_of(market, name)))


async def change_by(market: Market, name: str, stage: str, taught: Taught) -> Change:
    """The connection with one more rule. Raises `DocumentProblems`."""
    before = document_of(market, name)
    with told_as_problems():
        document = market.workshop.teaching.taught(before, stage, taught)
    return await change_to(market, name, document)


async def propose_for(
    market: Market, name: str, stage: str, accepted: tuple[Reply, ...] = (), refused: tuple[Reply, ...] = ()
) -> Change | None:
    """The connection with rules made of its samples of the stage, and of these replies beside them.

    None when nothing in them tells a yes from a no. Raises `DocumentProblems`.
    """
    samples = [sample for sample in await samples_of(market, name) if sample.stage == stage]
    yes = (*accepted, *(sample.reply for sample in samples if sample.expected == "accepted"))
    no = (*refused, *(sample.reply for sample in samples if sample.expected in REFUSALS))
    document = with_proposal(market, document_of(market, name), stage, yes, no)
    return await change_to(market, name, document) if document is not None else None


def with_proposal(
    market: Market, document: Document, stage: str, accepted: Sequence[Reply], refused: Sequence[Reply]
) -> Document | None:
    """The document with rules for a stage that tell these replies apart; None when nothing does. Raises
    `DocumentProblems`."""
    teaching = market.workshop.teaching
    proposal = teaching.propose(document, stage, accepted, refused)
    if proposal is None:
        return None
    with told_as_problems():
        return teaching.proposed(document, stage, proposal)


def guess_mapping(market: Market, vertical: Vertical, sample: str) -> Guess:
    """What a buyer's sample request asks for, in the vertical's words. Raises `DocumentProblems`."""
    names, consent = spellings(vertical)
    with told_as_problems():
        return market.workshop.teaching.guess(sample, names, consent)


@contextmanager
def told_as_problems() -> Iterator[None]:
    """What the buyers' side finds wrong, as problems of a document."""
    try:
        yield
    except ValueError as error:
        raise DocumentProblems(str(error).splitlines()) from None


def spellings(vertical: Vertical) -> tuple[Mapping[str, str], frozenset[str]]:
    """Every spelling of every field a buyer may be sent, and which of them are parts of the consent record."""
    names: dict[str, str] = {}
    consent: set[str] = set()
    specs = [(spec, Goes.VALUES) for spec in vertical.fields]
    specs += [(spec, goes) for spec, goes in standard_fields().values() if goes in (Goes.CONSENT, Goes.CONTACT)]
    for spec, goes in specs:
        for spelled in (spec.name, *spec.aliases):
            names.setdefault(fold(spelled), spec.name)
        if goes is Goes.CONSENT:
            consent.add(spec.name)
    return names, frozenset(consent)


def starting_document(
    name: str, title: str, guess: Guess, urls: Mapping[str, str], personal: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """A connection that sends what the sample sent, and reads the commonest answer until it is taught better.

    `urls` are those of its stages. A ping is sent nothing of a `personal` field and no consent.
    """
    document: dict[str, Any] = {"connection": name, "title": title, "connector": guess.connector}
    for stage, url in urls.items():
        body = {
            target: value
            for target, value in guess.body.items()
            if stage != "ping" or not ("consent" in value or value.get("field") in personal)
        }
        document[stage] = {"url": url, "body": body, "reading": {"outcomes": [_first_rule(guess)]}}
    return document


def _first_rule(guess: Guess) -> dict[str, Any]:
    place = {"form_http": "key:status", "json_http": "json:status"}.get(guess.connector, "xpath://status")
    return {"means": "accepted", "when": {"where": place, "equals": "accepted"}}
