"""Lists that go on: where a page begins, how long it is, and where the next one does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from exchange import limits
from exchange.fields.instant import read_instant
from exchange.model.lead import Problem
from exchange.model.reason import Reason
from exchange.stages.notes import note_problem
from exchange.storage.seller_views import Cursor
from exchange.web.api.call import Call, Stop

SETTLED_MS = 2_000
"""A list of changes leaves out the last two seconds: an entry of a transaction under way may still come before them."""

_CURSOR = re.compile(r"([0-9]{1,15})_([A-Za-z0-9_]{1,60})")
_AFTER_ALL = "~"  # sorts after every id


def since(call: Call) -> Cursor:
    """Where the page begins: the `next` of the page before, a moment, or the beginning of all."""
    text = call.request.query.get("since", "").strip()
    if not text or text == "0":
        return (0, "")
    if found := _CURSOR.fullmatch(text):
        return (int(found[1]), found[2])
    at = read_instant(text)
    if at is None:
        raise wrong("since", "type", "since must be the next of the page before, or a time as 2026-11-20T14:14:22Z")
    return (at - 1, _AFTER_ALL)


def is_next(call: Call) -> bool:
    """Whether the page asked for begins where another ended."""
    return _CURSOR.fullmatch(call.request.query.get("since", "").strip()) is not None


def length(call: Call) -> int:
    text = call.request.query.get("limit", "").strip()
    if not text:
        return limits.LISTED
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= limits.LISTED_MOST:
        raise wrong("limit", "range", f"limit must be 1 to {limits.LISTED_MOST}")
    return int(text)


def page(name: str, entries: Sequence[dict[str, Any]], last: tuple[int, str] | None, limit: int) -> dict[str, Any]:
    """`next` is always there once anything was listed: asked again, it brings what came later."""
    fields: dict[str, Any] = {"status": "ok", name: list(entries), "more": len(entries) == limit}
    if last is not None:
        fields["next"] = f"{last[0]}_{last[1]}"
    return fields


def note_of(sent: Mapping[str, str]) -> str:
    """The note that somebody must give with what they decide."""
    note = sent.get("note", "").strip()
    if (problem := note_problem(note)) is not None:
        raise wrong_as(problem)
    return note


def wrong(field: str, code: str, message: str, got: str = "", allowed: tuple[str, ...] = ()) -> Stop:
    """One thing wrong with a request."""
    return wrong_as(Problem(field, code, message, got, allowed))


def wrong_as(problem: Problem) -> Stop:
    return Stop(Reason.INVALID, 422, problems=(problem,))
