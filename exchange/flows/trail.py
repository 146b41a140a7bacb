"""The record of how a request went: steps, verdicts, bids and posts as they happen, kept with the lead for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from exchange.clock import Clock
from exchange.courier.courier import Result
from exchange.model.auction import Bid, NoBid
from exchange.model.finding import Finding, Outcome
from exchange.model.party import Contract
from exchange.model.wire import HttpMessage, Lost, Reply, WireRecord
from exchange.stages.eligible import Judgement
from exchange.stages.shape import shape_of
from exchange.vault import compress, decompress

_SKIPPED = Outcome.SKIPPED
_NAMES: Mapping[Outcome, str] = MappingProxyType({outcome: f"check:{outcome.value}" for outcome in Outcome})


class Trail:
    """Collects while a request is worked. Offsets are milliseconds since the request came."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.started = clock.monotonic()
        self.steps: list[dict[str, Any]] = []
        self._judgements: list[Judgement] = []
        self.asked: list[dict[str, Any]] = []
        self.posts: list[dict[str, Any]] = []
        self.wires: list[dict[str, Any]] = []
        self.unmapped: list[tuple[str, str, str]] = []  # contract, stage and shape
        self.facts: dict[str, Any] = {}
        self._asking: dict[str, tuple[float, float]] = {}  # check → when its vendor was asked, and how long it took

    def elapsed_ms(self) -> float:
        return int((self._clock.monotonic() - self.started) * 10_000 + 0.5) / 10  # a third of what `round` takes

    def step(self, name: str, sentence: str, *facts: str, since_ms: float | None = None, skipped: bool = False) -> None:
        """One line of the timeline; `since_ms` is when the step began, if it took time."""
        now = self.elapsed_ms()
        began = now if since_ms is None else since_ms
        self.steps.append(
            {
                "name": name,
                "sentence": sentence,
                "at": began,
                "took": int((now - began) * 10 + 0.5) / 10 if began < now else 0.0,
                "facts": list(facts),
                "skipped": skipped,
            }
        )

    def found(self, *findings: Finding, since_ms: float | None = None) -> None:
        """What a check of the lead found that began at `since_ms`, a line of the timeline for each finding.

        Of vendors who were asked at once, who answered first comes first; what asked nobody follows.
        """
        asked = [finding for finding in findings if finding.check in self._asking] if self._asking else []
        for finding in sorted(asked, key=lambda each: sum(self._asking[each.check])):
            self._tell(finding, None)
            began, took = self._asking.pop(finding.check)
            self.steps[-1] |= {"at": began, "took": took}
        since_ms = None if asked else since_ms
        for finding in findings:
            if finding not in asked:
                self._tell(finding, since_ms)
                since_ms = None

    def _tell(self, finding: Finding, since_ms: float | None) -> None:
        reason = finding.reason
        skipped = finding.outcome is _SKIPPED
        self.step(_NAMES[finding.outcome], finding.sentence, *finding.facts, since_ms=since_ms, skipped=skipped)
        line = self.steps[-1]
        line["check"] = finding.check
        line["reason"] = reason.slug if reason is not None else None

    def asked_vendor(self, check: str, since_ms: float) -> None:
        """How long a vendor was asked, for the line that tells what was found."""
        self._asking[check] = (since_ms, round(self.elapsed_ms() - since_ms, 1))

    def judged(self, judgement: Judgement) -> None:
        """Keep what was decided about every contract; its words are made when the record is packed."""
        self._judgements.append(judgement)

    def priced_out(self) -> bool:
        """Whether anybody would have had the lead for less."""
        return any(judgement.priced_out for judgement in self._judgements)

    def to_be_named(self) -> list[Contract]:
        """Those that would have been asked had the consumer named their companies; who may pay most comes first."""
        found = {contract.id: contract for judgement in self._judgements for contract in judgement.to_be_named}
        return sorted(found.values(), key=lambda contract: (-contract.max_bid.units, contract.id))

    def verdicts(self) -> dict[str, dict[str, Any]]:
        """The last word on each contract stays: a post judges again with more known."""
        told: dict[str, dict[str, Any]] = {}
        for judgement in self._judgements:
            for verdict in judgement.verdicts:
                failed = verdict.failed and [[check.name, check.got, check.required] for check in verdict.failed]
                told[verdict.contract_id] = {"version": verdict.contract_version, "failed": failed}
        return told

    def looks(self, contracts: Mapping[str, Contract]) -> tuple[str, str]:
        """For lists: the buyers that were asked for a bid, and those that were not, each with every check that kept it
        out. Contracts for the other mode say nothing.
        """
        asked = dict.fromkeys(_buyer(contracts, line["contract"]) for line in self.asked)
        missed = dict.fromkeys(
            f"{_buyer(contracts, verdict.contract_id)}:{check.name.partition(':')[0]}"
            for judgement in self._judgements
            for verdict in judgement.verdicts
            if verdict.failed and verdict.failed[0].name != "mode"
            for check in verdict.failed
        )
        return _barred(asked), _barred(missed)

    def asked_buyer(self, contract_id: str, at: float, took: float, answer: list[Bid] | NoBid) -> None:
        line: dict[str, Any] = {"contract": contract_id, "at": at, "took": took}
        if isinstance(answer, NoBid):
            line |= {"bids": [], "reason": answer.reason.slug, "detail": answer.detail}
        else:
            line["bids"] = [
                {"price": bid.price.text, "exclusive": bid.exclusive, "leg": bid.leg, "reference": bid.buyer_reference}
                for bid in answer
            ]
        self.asked.append(line)

    def wired(self, contract_id: str, stage: str, attempt_id: str | None, result: Result) -> None:
        """What was sent and heard in one conversation; an answer that no rule knows is noted for the contract."""
        self.wires += wire_lines(contract_id, stage, attempt_id, result.records)
        if result.error is not None and result.error.unmapped and result.records:
            outcome = result.records[-1].outcome
            if isinstance(outcome, Reply):
                self.unmapped.append((contract_id, stage, shape_of(outcome)))

    def document(self) -> bytes:
        """The record, packed. It holds nothing personal."""
        return compress(
            orjson.dumps(
                {
                    "steps": self.steps,
                    "verdicts": self.verdicts(),
                    "asked": self.asked,
                    "posts": self.posts,
                    **self.facts,
                }
            )
        )

    def wire_document(self) -> bytes | None:
        """Requests and replies, to be sealed; None when nothing was sent."""
        return orjson.dumps(self.wires) if self.wires else None


def _buyer(contracts: Mapping[str, Contract], contract_id: str) -> str:
    return contracts[contract_id].buyer_id if contract_id in contracts else ""


def _barred(words: Iterable[str]) -> str:
    """`|acme|birch|`: a text in which each word is found whole."""
    told = "|".join(words)
    return f"|{told}|" if told else ""


def read_trail(document: bytes) -> dict[str, Any]:
    """What `Trail.document` packed."""
    found: dict[str, Any] = orjson.loads(decompress(document))
    return found


def wire_lines(
    contract_id: str, stage: str, attempt_id: str | None, records: Sequence[WireRecord]
) -> list[dict[str, Any]]:
    """The exchanges of one conversation. A token that one reply brings and the next message uses is masked in both."""
    lines = [wire_line(contract_id, stage, attempt_id, record) for record in records]
    if len(lines) > 1:
        shared = {secret for record in records for secret in record.message.shown().secrets}
        for line in lines if shared else ():
            _mask(line, shared)
    return lines


def wire_line(contract_id: str, stage: str, attempt_id: str | None, record: WireRecord) -> dict[str, Any]:
    """One exchange as JSON. Bytes travel as Latin-1 text, which loses none; secrets are masked before storing."""
    message = record.message if type(record.message) is HttpMessage else record.message.shown()
    line: dict[str, Any] = {
        "contract": contract_id,
        "stage": stage,
        "attempt": attempt_id,
        "at": record.started_ms,
        "took": record.took_ms,
        "peer": record.peer,
        "method": message.method,
        "url": message.url,
        "headers": message.headers if type(message.headers) is dict else dict(message.headers),
        "body": message.body.decode("latin-1"),
    }
    outcome = record.outcome
    if isinstance(outcome, Lost):
        line |= {"lost": outcome.why.slug, "detail": outcome.detail}
    else:
        line |= {
            "status": outcome.status,
            "reply_headers": outcome.headers if type(outcome.headers) is dict else dict(outcome.headers),
            "reply": outcome.body.decode("latin-1"),
        }
    if message.secrets:
        _mask(line, message.secrets)
    return line


def _mask(line: dict[str, Any], secrets: Iterable[str]) -> None:
    """Take the secrets out of what was sent, and out of a reply that repeats them."""
    for name in ("url", "body", "reply"):
        if name in line:
            line[name] = _masked(line[name], secrets)
    line["headers"] = {name: _masked(value, secrets) for name, value in line["headers"].items()}


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if secret and secret in text:
            text = text.replace(secret, "********")
    return text
