"""How a buyer's system is asked what became of its leads, and how what it sends by itself is proved and read."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from buyers.conversation import Before, prepared
from buyers.family import ConnectionProblems, Problem
from buyers.mapping.messages import Plan, compile_request, values_of
from buyers.mapping.values import Facts, secrets_of
from buyers.reading.carries import take_text
from buyers.reports.document import PAGE, SINCE, AskDocument, ReportsDocument, ReturnsDocument, SignatureDocument
from buyers.reports.tree import find, items_of, text, tree_of
from exchange.connector import BadReply, Callback, Conversation, Forged, Terms
from exchange.model.feedback import HeardReports, RawReport, RawReturn
from exchange.model.party import Contract

_NOTHING_NEW = (204, 304)
_APART_MS = 300_000  # of two clocks


@dataclass(frozen=True, slots=True)
class ReportsReader:
    """`words` are the buyer's own, as its document maps them; `every_ms` is None where it is never asked."""

    document: ReportsDocument
    before: tuple[Before, ...] = ()
    plan: Plan | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def every_ms(self) -> int | None:
        return self.document.ask.every_ms if self.document.ask is not None else None

    @property
    def first_days(self) -> int:
        return self.document.ask.first_days if self.document.ask is not None else 0

    @property
    def has_hook(self) -> bool:
        return self.document.hook is not None

    def ask(self, since: int, page: str, contract: Contract, terms: Terms) -> Conversation[HeardReports]:
        """One page of what was reported from a moment on (epoch ms). Raises `BadReply`."""
        ask, plan = self.document.ask, self.plan
        assert ask is not None and plan is not None, "only asked where it can be"
        facts = Facts(contract, terms, kept={SINCE: _written(since, ask.since), PAGE: page})
        if self.before:
            facts = yield from prepared(self.before, facts)
        reply = yield plan.message(facts)
        if reply.status in _NOTHING_NEW:
            return HeardReports((), 0, "")
        if reply.status // 100 != 2:
            raise BadReply(f"HTTP {reply.status}")
        return self._read(reply.body, ask)

    def is_address(self, secret: str, terms: Terms) -> bool:
        """Whether the last part of an address is the hook's. A secret that nobody gave opens nothing."""
        hook = self.document.hook
        return hook is not None and _same(terms.secrets.get(hook.address, ""), secret)

    def heard(self, call: Callback, terms: Terms) -> HeardReports:
        """What the system sent by itself. Raises `Forged` for what is not signed, and `BadReply`."""
        hook = self.document.hook
        if hook is not None and hook.signature is not None and not _is_signed(call, hook.signature, terms):
            raise Forged("it is not signed")
        return self._read(call.body, None)

    def _read(self, body: bytes, ask: AskDocument | None) -> HeardReports:
        document = self.document
        tree = tree_of(body, document.format, document.items)
        reports, returns, wrong = [], [], 0
        for item in items_of(tree, document.items):
            about = self._about_return(item)
            found = self._return(item, *about) if about is not None else self._report(item)
            if isinstance(found, RawReturn):
                returns.append(found)
            elif isinstance(found, RawReport):
                reports.append(found)
            else:
                wrong += 1
        following = text(find(ask.next, tree)) if ask is not None and ask.next is not None else ""
        return HeardReports(tuple(reports), wrong, following, tuple(returns))

    def _about_return(self, item: Any) -> tuple[ReturnsDocument, bool] | None:
        """Whether it takes a request back, of an item that makes or takes back one; None for a report."""
        places = self.document.returns
        if places is None:
            return None
        if places.withdrawn is not None and _is_true(find(places.withdrawn, item)):
            return places, True
        return (places, False) if _is_true(find(places.when, item)) else None

    def _return(self, item: Any, places: ReturnsDocument, withdrawn: bool) -> RawReturn | None:
        names = self._names(item)
        reason, own, note, amount = (
            text(find(place, item)) if place is not None else ""
            for place in (places.reason, places.id, places.note, places.amount)
        )
        if not names or not reason:
            return None
        return RawReturn(names, places.reasons.get(reason, reason), own, note, amount, withdrawn)

    def _names(self, item: Any) -> tuple[str, ...]:
        return tuple(name for place in self.document.lead if (name := text(find(place, item))))

    def _report(self, item: Any) -> RawReport | None:
        """None for what names no lead or says no word."""
        document, names = self.document, self._names(item)
        word = text(find(document.word, item))
        if not names or not word:
            return None
        value, at, note = (
            text(find(place, item)) if place is not None else ""
            for place in (document.value, document.at, document.note)
        )
        return RawReport(names, word, value, at, note)


def _is_true(found: Any) -> bool:
    return found not in (None, False, "", [])


def _is_signed(call: Callback, signature: SignatureDocument, terms: Terms) -> bool:
    key = terms.secrets.get(signature.secret, "")
    if not key:
        return False
    if signature.standard:
        return _is_standard(call, key, terms.now)
    digest = hmac.digest(key.encode(), call.body, "sha256")
    written = digest.hex() if signature.encoding == "hex" else base64.b64encode(digest).decode()
    return _same(signature.prefix + written, call.headers.get(signature.header.lower(), "").strip())


def _is_standard(call: Callback, key: str, now: int) -> bool:
    """Standard Webhooks: HMAC of id, moment and body under `whsec_…`, as one of several, within five minutes."""
    own, at = call.headers.get("webhook-id", ""), call.headers.get("webhook-timestamp", "")
    if not (at.isascii() and at.isdigit() and len(at) < 12) or abs(int(at) * 1000 - now) > _APART_MS:
        return False
    try:
        secret = base64.b64decode(key.removeprefix("whsec_"), validate=True)
    except ValueError:
        return False
    digest = hmac.digest(secret, f"{own}.{at}.".encode() + call.body, "sha256")
    written = f"v1,{base64.b64encode(digest).decode()}"
    return any(_same(written, each) for each in call.headers.get("webhook-signature", "").split())


def read_reports(name: str, section: Any, encoding: str) -> ReportsReader:
    """The part of a document, checked. Raises `ConnectionProblems`."""
    try:
        document = ReportsDocument.model_validate(section)
    except ValidationError as error:
        found = ConnectionProblems.of(name, error)
        raise ConnectionProblems(name, [_below(each) for each in found.problems]) from None
    ask = document.ask
    if ask is None:
        return ReportsReader(document, words=document.words)
    try:
        plan = compile_request(ask, encoding, delivers=False)
        before = tuple(
            Before(
                compile_request(step, encoding, delivers=False),
                tuple((kept, take_text(carry)) for kept, carry in step.keep.items()),
            )
            for step in ask.steps
        )
    except ValueError as why:
        raise ConnectionProblems(name, [Problem("dispositions.ask", str(why))]) from None
    return ReportsReader(document, before, plan, document.words)


def secrets_named(document: ReportsDocument) -> frozenset[str]:
    """Every secret that it draws on."""
    found: set[str] = set()
    if document.ask is not None:
        for request in (*document.ask.steps, document.ask):
            for value in values_of(request):
                found |= secrets_of(value)
    if document.hook is not None:
        found.add(document.hook.address)
        if document.hook.signature is not None:
            found.add(document.hook.signature.secret)
    return frozenset(found)


def urls_named(document: ReportsDocument) -> Mapping[str, str]:
    """Every address it speaks to, by its place in the document."""
    ask = document.ask
    if ask is None:
        return {}
    steps = {f"dispositions.ask.steps.{number}.url": step.url for number, step in enumerate(ask.steps)}
    return {"dispositions.ask.url": ask.url, **steps}


def _below(problem: Problem) -> Problem:
    path = "dispositions" if problem.path == "document" else f"dispositions.{problem.path}"
    return Problem(path, problem.message)


def _written(at: int, how: str) -> str:
    moment = datetime.fromtimestamp(at / 1000, UTC)
    return {
        "rfc3339": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "date": f"{moment:%Y-%m-%d}",
        "epoch_s": str(at // 1000),
        "epoch_ms": str(at),
    }[how]


def _same(secret: str, given: str) -> bool:
    return bool(secret) and hmac.compare_digest(secret.encode(), given.encode("utf-8", "surrogateescape"))
