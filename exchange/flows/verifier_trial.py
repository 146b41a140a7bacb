"""A verifier tried out: what its vendor would be asked about a sample lead, what came back, and how that is read.

Nothing is stored and nothing is booked, though the vendor may charge for what is really sent.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

from exchange.connector import BadReply, Match, Terms
from exchange.courier.call import Call, Result, as_if
from exchange.courier.masking import mask_record
from exchange.flows.market import Market
from exchange.flows.trial import SECONDS, pick_lead, stand_in_contract
from exchange.flows.verifier import ReadyVerifier
from exchange.flows.verifier_uses import rules_using
from exchange.model.actor import Actor
from exchange.model.lead import Consent, Lead, Mode
from exchange.model.verification import Kept, Verdict, Verified
from exchange.model.wire import Message, Reply, WireRecord

STAGES = ("verify", "retain")
_CERTIFICATE = "https://cert.trustedform.com/0123456789abcdef0123456789abcdef01234567"
_LEADID = "01234567-89AB-CDEF-0123-456789ABCDEF"


@dataclass(frozen=True, slots=True)
class VerifierTrial:
    """What is tried: a stage of a verifier, about a lead, with the settings of the first that uses it."""

    ready: ReadyVerifier
    stage: str
    lead: Lead
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class VerifierTried:
    """What came of it. `trouble` says why there is no answer that counts."""

    records: tuple[WireRecord, ...]
    reply: Reply | None
    answer: Verified | Kept | None
    matches: tuple[Match, ...]
    trouble: str = ""

    @property
    def verdict(self) -> str:
        """`good`, `bad`, `unknown`, `kept`, `not kept`, or `no answer that counts`."""
        if isinstance(self.answer, Verified):
            return self.answer.verdict.value
        if isinstance(self.answer, Kept):
            return "kept" if self.answer.kept else "not kept"
        return "no answer that counts"

    @property
    def tone(self) -> str:
        good = isinstance(self.answer, Kept) and self.answer.kept
        if isinstance(self.answer, Verified):
            good = self.answer.verdict is Verdict.GOOD
        return "good" if good else "warn" if self.answer is None or self.verdict == "unknown" else "bad"

    @property
    def facts(self) -> tuple[str, ...]:
        """What is told beside the verdict; what would be added to a lead is named, and not shown."""
        if isinstance(self.answer, Verified):
            said = (f"In its words: {self.answer.said}",) if self.answer.said else ()
            added = (f"Adds {', '.join(name for name, _ in self.answer.appends)}",) if self.answer.appends else ()
            return (*said, *(f"{name}: {text}" for name, text in self.answer.facts), *added)
        if isinstance(self.answer, Kept):
            return (self.answer.detail,) if self.answer.detail else ()
        return (self.trouble,) if self.trouble else ()


async def made_trial(market: Market, name: str, stage: str, wanted: str, vertical: str, actor: Actor) -> VerifierTrial:
    """Raises `NoSuchSample` where no lead goes by `wanted`, and `LookupError` where there is no such verifier."""
    ready = market.deals.shapes.verifiers.get(name)
    if ready is None or (stage == "retain" and ready.keeps is None):
        raise LookupError(f"There is no verifier {name}{' that keeps proofs' if ready is not None else ''}.")
    lead = await pick_lead(market, stand_in_contract(market, "", vertical), wanted, actor)
    uses = rules_using(market, name)
    settings = dict(next(iter(uses.values())).settings) if uses else {}
    return VerifierTrial(ready, stage, lead._replace(mode=Mode.TEST, consent=_proven(lead.consent)), settings)


def _proven(consent: Consent) -> Consent:
    """With proofs that nobody gave, where a sample has none: their vendors do not know them."""
    return consent._replace(
        trustedform_url=consent.trustedform_url or _CERTIFICATE,
        jornaya_leadid=consent.jornaya_leadid or _LEADID,
        user_agent=consent.user_agent or "Mozilla/5.0 (sample)",
    )


def rendered(market: Market, trial: VerifierTrial) -> Message:
    """The first message, as it would be sent. Raises `BadReply` when it cannot be made of this lead."""
    conversation = _conversation(market, trial)
    try:
        return next(conversation)
    except StopIteration:
        raise BadReply("nothing is sent") from None
    finally:
        conversation.close()


async def send(market: Market, trial: VerifierTrial) -> VerifierTried:
    """Really ask, over connections of its own."""
    call = Call(f"test:verifier:{trial.ready.card.name}", _conversation(market, trial), delivers=False)
    courier = market.trial_courier()
    try:
        result = await courier.converse(call, market.clock.monotonic() + SECONDS)
    finally:
        await courier.close()
    records = tuple(mask_record(record) for record in result.records)
    heard = records[-1].outcome if records else None
    return _tried(trial, result._replace(records=records), heard if isinstance(heard, Reply) else None)


def read(market: Market, trial: VerifierTrial, reply: Reply) -> VerifierTried:
    """How a pasted reply would be read. Nothing is sent."""
    return _tried(trial, as_if(_conversation(market, trial), reply, delivered=False), reply)


def _tried(trial: VerifierTrial, result: Result, reply: Reply | None) -> VerifierTried:
    trouble = ""
    if result.lost is not None:
        trouble = result.lost.detail or result.lost.why.slug.replace("_", " ")
    elif result.error is not None:
        trouble = result.error.why
    matches = trial.ready.verifier.explain(reply) if reply is not None and trial.stage == "verify" else []
    answer = result.answer if isinstance(result.answer, Verified | Kept) else None
    return VerifierTried(result.records, reply, answer, tuple(matches), trouble)


def _conversation(market: Market, trial: VerifierTrial) -> Generator[Message, Reply, Any]:
    terms = Terms(market.clock.now(), "test", trial.ready.secrets)
    if trial.stage == "retain":
        assert trial.ready.keeps is not None
        return trial.ready.keeps.retain(trial.lead, terms, trial.settings)
    return trial.ready.verifier.verify(trial.lead, terms, trial.settings)
