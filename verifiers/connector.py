"""A document made a verifier: pure conversations with a vendor, and what its answers say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from buyers.family import Problem
from buyers.mapping.bodies import check_body
from buyers.mapping.messages import Plan, compile_request, values_of
from buyers.mapping.values import Draw, Facts, compile_value, secrets_of
from buyers.reading import Reader
from buyers.reading.carries import Take, take_text
from buyers.reading.document import BROKEN, Document, Shape, read_document
from buyers.reading.patterns import Pattern, compile_pattern
from exchange.connector import BadReply, Conversation, Match, Terms
from exchange.model.lead import Lead, Mode
from exchange.model.money import Money
from exchange.model.party import Contract, SaleMode, State
from exchange.model.verification import Asking, Card, Kept, Verdict, Verified, age_ms
from exchange.model.wire import Reply
from verifiers.document import MEANS, Question, Token, VerifierDocument, VerifierProblems
from verifiers.plain import told_plainly

_OUTCOMES = {means: verdict for verdict, means in MEANS.items()}
_APPENDED_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document found good: what it needs to be let in, where it speaks to, and the verifier itself."""

    name: str
    secrets: frozenset[str]
    urls: Mapping[str, str]
    verifier: DocumentedVerifier


@dataclass(frozen=True, slots=True)
class Ask:
    """One question, compiled: the messages before it, the message, and how its answer is read."""

    before: tuple[tuple[Plan, tuple[tuple[str, Take], ...]], ...]
    plan: Plan
    reader: Reader
    facts: tuple[tuple[str, Take], ...]
    appends: tuple[tuple[str, Take], ...]

    def talk(self, facts: Facts) -> Conversation[Document]:
        """All messages of the question; the reply to the last, taken apart."""
        for plan, keep in self.before:
            reply = yield plan.message(facts)
            found = read_document(reply, Shape())
            if found.kind == BROKEN or reply.status // 100 != 2:
                raise BadReply(found.problem or f"HTTP {reply.status} before the question")
            taken = {name: value[0] for name, take in keep if (value := take(found)) is not None}
            if len(taken) < len(keep):
                raise BadReply("the first reply lacks what the question needs")
            facts = replace(facts, kept={**facts.kept, **taken})
        return read_document((yield self.plan.message(facts)), self.reader.shape)


@dataclass(frozen=True, slots=True)
class TokenReader:
    """Takes a vendor's id out of what came with the lead."""

    draw: Draw
    token: Token
    matches: Pattern

    @classmethod
    def of(cls, token: Token) -> TokenReader:
        """Raises `ValueError`."""
        return cls(compile_value(token.of), token, compile_pattern(token.matches))

    def read(self, facts: Facts) -> tuple[str, str]:
        """The id and no problem, or an empty text and what is wrong with what was sent; twice empty: nothing came."""
        text = self.draw(facts).strip()
        if not text:
            return "", ""
        wrong = f"what was sent is no {self.token.what}"
        if self.token.hosts:
            try:
                parts = urlsplit(text)
                plain = (
                    parts.scheme == "https" and parts.hostname in self.token.hosts and parts.netloc == parts.hostname
                )
            except ValueError:
                plain = False
            if not plain:
                return "", f"{wrong}: its address is none of {', '.join(self.token.hosts)}"
            text = parts.path.rstrip("/").rpartition("/")[2]
        return (text, "") if self.matches.whole(text) else ("", wrong)


@dataclass(frozen=True, slots=True)
class DocumentedVerifier:
    """A verifier that is all data."""

    card: Card
    ask: Ask
    token: TokenReader | None

    def asking(self, lead: Lead) -> Asking:
        missing = tuple(name for name in self.card.needs if not lead.text(name))
        about = [lead.text(name) or "" for name in self.card.needs]
        if self.token is not None:
            found, wrong = self.token.read(_facts(lead, _NOBODY, {}))
            if wrong:
                return Asking(unfit=wrong)
            about.append(found)
            missing = missing if found else (*missing, self.token.token.what)
        return Asking(tuple(text.casefold() for text in about), missing)

    def verify(self, lead: Lead, terms: Terms, settings: Mapping[str, str]) -> Conversation[Verified]:
        document = yield from self.ask.talk(self._ready(lead, terms, settings))
        verdict, said = _judged(self.ask, document)
        private = [value.clean for name, value in lead.values.items() if name in self.card.needs]
        facts = ((name, told_plainly(found[0], private)) for name, take in self.ask.facts if (found := take(document)))
        appends = ((name, found[0]) for name, take in self.ask.appends if (found := take(document)))
        return Verified(
            verdict,
            told_plainly(said, private),
            tuple((name, text) for name, text in facts if text),
            tuple((name, text[:_APPENDED_CHARACTERS]) for name, text in appends if text),
        )

    def explain(self, reply: Reply) -> list[Match]:
        told = self.ask.reader.explain(reply)
        return [match if not match.meaning.startswith("Outcome: ") else _as_verdict(match) for match in told]

    def _ready(self, lead: Lead, terms: Terms, settings: Mapping[str, str]) -> Facts:
        """Raises `BadReply` when the lead lacks what the question is about."""
        facts = _facts(lead, terms, settings)
        if self.token is None:
            return facts
        found, wrong = self.token.read(facts)
        if not found:
            raise BadReply(wrong or f"the lead has no {self.token.token.what}")
        return replace(facts, kept={"token": found})


@dataclass(frozen=True, slots=True)
class RetainingVerifier(DocumentedVerifier):
    """The same, of a vendor that keeps the proof when it is told to."""

    keep: Ask

    def retain(self, lead: Lead, terms: Terms, settings: Mapping[str, str]) -> Conversation[Kept]:
        document = yield from self.keep.talk(self._ready(lead, terms, settings))
        reading = self.keep.reader.judge(document)
        outcome = _OUTCOMES.get(reading.outcome or "")
        if outcome in (None, "error", "unknown"):
            raise BadReply(reading.reason or "no rule matched", unmapped=outcome is None)
        until = reading.expires.resolved(terms.now) if reading.expires is not None else None
        private = [value.clean for value in lead.values.values()]
        return Kept(outcome == "good", told_plainly(reading.reason or "", private), reading.reference, until)


def read(document: Mapping[str, Any]) -> Loaded:
    """Check a document whole and make a verifier of it. Raises `VerifierProblems`."""
    name = str(document.get("verifier", "?"))
    try:
        found = VerifierDocument.model_validate(document)
    except ValidationError as error:
        raise VerifierProblems.of(name, error) from None
    problems: list[Problem] = []
    asks = {stage: _compiled(stage, question, found, problems) for stage, question in found.questions().items()}
    try:
        token = TokenReader.of(found.token) if found.token is not None else None
    except ValueError as why:
        problems.append(Problem("token.of", str(why)))
    if problems:
        raise VerifierProblems(name, problems)
    verify, retain = asks["verify"], asks.get("retain")
    assert verify is not None
    card = _card(found)
    made = DocumentedVerifier(card, verify, token) if retain is None else RetainingVerifier(card, verify, token, retain)
    requests = [each for question in found.questions().values() for each in (*question.steps, question)]
    secrets: frozenset[str] = frozenset().union(*(secrets_of(value) for each in requests for value in values_of(each)))
    return Loaded(name, secrets, _urls(found), made)


def _card(found: VerifierDocument) -> Card:
    return Card(
        found.verifier,
        found.title,
        found.vendor,
        found.checks,
        tuple(found.needs),
        Money.parse(found.cost, found.currency),
        frozenset(found.charged),
        age_ms(found.cache),
        tuple(found.verify.reading.appends),
        found.retain is not None,
        Money.parse(found.retain_cost, found.currency),
    )


def _urls(found: VerifierDocument) -> Mapping[str, str]:
    told: dict[str, str] = {}
    for stage, question in found.questions().items():
        told[f"{stage}.url"] = question.url
        told |= {f"{stage}.steps.{number}.url": step.url for number, step in enumerate(question.steps)}
    return told


def _compiled(stage: str, question: Question, document: VerifierDocument, problems: list[Problem]) -> Ask | None:
    try:
        for request in (*question.steps, question):
            check_body(request.kind or document.sends, request)
        return Ask(
            tuple(
                (
                    compile_request(step, document.sends, delivers=False),
                    tuple((name, take_text(carry)) for name, carry in step.keep.items()),
                )
                for step in question.steps
            ),
            compile_request(question, document.sends, delivers=False),
            Reader.compile(question.reading.rules(), stage),
            tuple((name.replace("_", " "), take_text(carry, 200)) for name, carry in question.reading.facts.items()),
            tuple((name, take_text(carry)) for name, carry in question.reading.appends.items()),
        )
    except ValueError as why:
        problems.append(Problem(stage, str(why)))
        return None


def _judged(ask: Ask, document: Document) -> tuple[Verdict, str]:
    """Raises `BadReply` for what is no verdict: broken, known to no rule, or the vendor's refusal to answer."""
    reading = ask.reader.judge(document)
    outcome = _OUTCOMES.get(reading.outcome or "")
    if outcome is None:
        raise BadReply("no rule matched", unmapped=True)
    if outcome == "error":
        raise BadReply("the vendor refused the question")
    return Verdict(outcome), reading.reason or ""


def _as_verdict(match: Match) -> Match:
    word = match.meaning.removeprefix("Outcome: ")
    return Match(match.where, match.rule, f"Verdict: {_OUTCOMES.get(word, word)}")


_NOBODY = Terms(0, "", {})


def _facts(lead: Lead, terms: Terms, settings: Mapping[str, str]) -> Facts:
    return Facts(_contract(lead, settings), terms, lead=lead)


def _contract(lead: Lead, settings: Mapping[str, str]) -> Contract:
    """What a message may be made of is said by a contract; asking a vendor needs only its settings."""
    nothing = Money.zero("USD")
    return Contract(
        "verifier", 0, "verifier", "Verifier", lead.vertical, "verifier", State.ACTIVE, Mode.LIVE, SaleMode.EXCLUSIVE,
        1, "verifier", None, None, nothing, settings=tuple(settings.items()),
    )  # fmt: skip
