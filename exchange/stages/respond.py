"""The seller's answer as a mapping, in the order sellers read it. The web layer writes it as JSON, XML or a form."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from exchange.limits import GOT_CHARACTERS
from exchange.model.answer import Answer
from exchange.model.lead import Problem
from exchange.model.party import Campaign, Disclosure
from exchange.model.reason import Reason

_CATEGORIES = {1: "request", 2: "data", 3: "quality", 4: "demand", 5: "demand", 6: "price", 7: "demand", 8: "demand"}

_OURS = frozenset({"grade", "score"})  # what a lead is worth to us is no check of it
_SENTENCES = {
    3: "The lead did not pass the exchange's checks.",
    4: "No buyer may have this lead.",
    5: "No buyer wanted this lead.",
    6: "No buyer paid enough for this lead.",
    7: "No buyer took this lead.",
    8: "No buyer could take this lead.",
}


class Docs(NamedTuple):
    """The page that explains errors: a place for each of `fields`, by its name, and one for each code."""

    page: str
    fields: Container[str] = ()

    def place(self, problem: Problem) -> str:
        return f"{self.page}#{problem.field if problem.field in self.fields else f'code-{problem.code}'}"


def respond(answer: Answer, took_ms: int, docs: Docs, disclosure: Disclosure = Disclosure.FULL) -> dict[str, Any]:
    """Only what applies is in it; money is decimal text, times are RFC 3339 with milliseconds."""
    reason = answer.reason
    fields: dict[str, Any] = {
        "status": answer.status,
        "lead_id": answer.lead_id,
        "ping_id": answer.ping_id,
        "price": answer.price.text if answer.price is not None else None,
        "currency": answer.price.currency if answer.price is not None else None,
        "expires_at": rfc3339(answer.expires_at) if answer.expires_at is not None else None,
        "exclusive": answer.exclusive,
        "companies": list(answer.companies) or None,
        "times_sold": answer.times_sold,
        "redirect_url": answer.redirect_url,
        "seller_lead_id": answer.seller_lead_id,
        **_reason(reason, answer, disclosure),
        "price_changed": True if answer.price_changed else None,
        "errors": [_problem(problem, docs) for problem in answer.errors] or None,
        "warnings": [_problem(problem, docs) for problem in answer.warnings] or None,
        "test": True if answer.test else None,
        "request_id": answer.request_id,
        "took_ms": took_ms,
    }
    return {name: value for name, value in fields.items() if value is not None}


def redirect_for(answer: Answer, campaign: Campaign) -> str | None:
    """Where the campaign sends the consumer when no buyer says so."""
    if answer.status == "accepted":
        return campaign.redirect_sold or None
    return campaign.redirect_unsold or None if answer.status in ("unsold", "rejected", "duplicate") else None


def told_reason(reason: Reason, disclosure: Disclosure) -> dict[str, str]:
    """A reason as far as the campaign discloses it. What the exchange holds against a lead, and what buyers want, is a
    category to those who are told no more.
    """
    hundred = reason.number // 100
    if disclosure is Disclosure.CATEGORY and hundred in _SENTENCES:
        return {"reason": _CATEGORIES[hundred], "message": _SENTENCES[hundred]}
    return {"reason": reason.slug, "message": reason.sentence}


def told_checks(steps: Sequence[Mapping[str, Any]], disclosure: Disclosure) -> list[dict[str, str]]:
    """What each check of a lead said, from the steps of its record: name and outcome; of the scrub its sentence too,
    where all is disclosed. Nothing where the bare code is.
    """
    if disclosure is Disclosure.CODE:
        return []
    told = []
    for step in steps:
        check = str(step.get("check", ""))
        if not check or check in _OURS:
            continue
        line = {"check": check, "outcome": str(step["name"]).removeprefix("check:")}
        if disclosure is Disclosure.FULL and check.startswith("scrub"):
            line["message"] = str(step["sentence"])
        told.append(line)
    return told


def rfc3339(at: int) -> str:
    """Epoch milliseconds as `2026-11-20T14:16:22.573Z`."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03d}Z"


def _reason(reason: Reason | None, answer: Answer, disclosure: Disclosure) -> Mapping[str, Any]:
    """A refusal as much as the campaign discloses: everything, its category, or the bare code."""
    if reason is None:
        return {"message": answer.message}
    told: dict[str, Any] = {**told_reason(reason, disclosure)}
    if answer.message is not None and told["reason"] == reason.slug:
        told["message"] = answer.message
    if disclosure is Disclosure.FULL and answer.details:
        told["details"] = list(answer.details)
    return told


def _problem(problem: Problem, docs: Docs) -> dict[str, Any]:
    """`got` is empty where nothing was sent or it is not repeated, `allowed` where it is no list."""
    told: dict[str, Any] = {
        "field": problem.field,
        "code": problem.code,
        "message": problem.message,
        "got": problem.got[:GOT_CHARACTERS],
        "allowed": list(problem.allowed),
    }
    if problem.closest is not None:
        told["closest"] = problem.closest
    return told | {"doc": docs.place(problem)}
