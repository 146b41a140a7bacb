"""What the ledger has of a lead, as lines of its timeline: each behind what it was booked for."""

from __future__ import annotations

from collections.abc import Iterator

from exchange.model.ledger import Transaction, TransactionKind
from exchange.web.story.line import Line
from exchange.web.story.records import Request, Story
from exchange.web.words import plural

_LATE_MS = 1_000
"""So long after the answer something may still be stored of it."""


def booking(transaction: Transaction, offset_ms: float | None) -> Line:
    entries = plural(2 * len(transaction.postings), "entry", "entries")
    title = "Money booked" if transaction.kind.value == "sale" else f"{transaction.kind.value.capitalize()} booked"
    return Line(transaction.at, offset_ms, "money", "", title, f"{transaction.reference}, sums to zero", entries)


def booked_by(story: Story, request: Request, answered: float) -> Iterator[tuple[Transaction, float]]:
    """The transactions of one request, each with its ms since that came. They are stored before its answer."""
    first, last = request.received_at, request.received_at + request.took_ms + _LATE_MS
    for transaction in story.rows.transactions:
        if first <= transaction.at <= last and _is_of(story, request, transaction):
            yield transaction, min(max(transaction.at - first, _caused(request, transaction, answered)), answered)


def _is_of(story: Story, request: Request, transaction: Transaction) -> bool:
    kind, _, of = transaction.reference.partition(":")
    if kind == "verify":
        return of.partition(":")[0] == request.id
    by = next((row["request_id"] for row in story.rows.attempts if row["id"] == of), request.id)
    return bool(by == request.id) and (request.row["endpoint"] != "ping" or transaction.kind is TransactionKind.FEE)


def _caused(request: Request, transaction: Transaction, answered: float) -> float:
    """When what was booked had happened: a clock that stands still has booked it before."""
    assert request.trail is not None
    kind, _, of = transaction.reference.partition(":")
    match kind:
        case "verify":
            check = f"verifier:{of.rpartition(':')[2]}"
            causes = [step for step in request.trail["steps"] if step.get("check") == check]
        case "promise":
            return answered
        case _:
            causes = [post for post in request.trail["posts"] if post["attempt"] == of]
    return float(max((each["at"] + each["took"] for each in causes), default=0.0))
