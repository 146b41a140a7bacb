"""Simulations by program: begun by one call, read by another, with the numbers of the page and of the command."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from typing import Any

import orjson

from exchange.fields.instant import read_instant
from exchange.flows.simulate import SEED, read_draft
from exchange.flows.simulations import DRAFT_CHARACTERS, begin
from exchange.model.reason import Reason
from exchange.stages.draft import BadDraft, draft_text
from exchange.stages.respond import rfc3339
from exchange.storage.recordings import Span
from exchange.storage.simulations import read_simulation
from exchange.web.api.buying import sent_fields
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import wrong

_LAST = re.compile(r"([1-9][0-9]{0,3})([hd])")
_MS = {"h": 3_600_000, "d": 86_400_000}
_SEED_MOST = 2**31 - 1


async def run(call: Call) -> Told:
    """Have recorded leads run under drafted rules. Nothing is sent, booked or used up."""
    caller = call.admit_by_header("operator")
    sent = sent_fields(await call.read_fields())
    try:
        draft = read_draft(call.market, _settings(sent.get("set", "")))
    except BadDraft as bad:
        raise wrong("set", "not_allowed", " ".join(bad.problems)[:500]) from bad
    span, seed = _span(sent, call.market.clock.now()), _seed(sent.get("seed", ""))
    simulation_id = await begin(call.market, span, draft, seed, caller.actor)
    fields = {"status": "queued", "simulation_id": simulation_id, "draft": draft_text(draft).splitlines(), "seed": seed}
    return Told(fields, 202)


async def read(call: Call) -> Told:
    """How far a simulation is, and what it found once it is done."""
    caller = call.admit_by_header("operator")
    row = await call.market.db.read(read_simulation, caller.actor, call.request.match_info["simulation_id"])
    if row is None:
        raise Stop(Reason.NOT_FOUND, 404, "There is no such simulation; old ones are forgotten.")
    told: dict[str, Any] = orjson.loads(row["result"]) if row["result"] else {}
    return Told(
        {
            "status": row["state"],
            "simulation_id": row["id"],
            "begun_at": rfc3339(row["made_at"]),
            "done": row["done"],
            "total": row["total"],
            "draft": row["draft"].splitlines(),
            "result": told or None,
        }
    )


def _settings(text: str) -> str:
    """One setting to a line. A list came as `a=1,b=2`, an item with a comma in quotes; what has no `=` belongs to the
    setting before it, so that `contract.acme.states=AZ,NV` is one.
    """
    if len(text) > DRAFT_CHARACTERS:
        raise wrong("set", "length", f"set has at most {DRAFT_CHARACTERS} characters")
    found: list[str] = []
    for item in next(csv.reader([text.replace("\n", ",")]), []):
        if "=" not in item and found:
            found[-1] += f",{item}"
        elif item.strip():
            found.append(item.strip())
    return "\n".join(found)


def _span(sent: Mapping[str, str], now: int) -> Span:
    """The leads meant: one, or those of a time."""
    given = {name: sent.get(name, "") for name in ("vertical", "campaign_id", "seller_id", "lead_id")}
    if given["lead_id"]:
        return Span(0, now + 1, **given)
    end = _instant(sent, "to") or now
    start = _instant(sent, "from")
    if start is None:
        last = sent.get("last", "7d")
        found = _LAST.fullmatch(last)
        if found is None:
            raise wrong("last", "pattern", "last must be hours or days, such as 12h or 7d", last)
        start = end - int(found[1]) * _MS[found[2]]
    if start >= end:
        raise wrong("from", "range", "from must lie before to")
    return Span(start, end, **given)


def _instant(sent: Mapping[str, str], name: str) -> int | None:
    text = sent.get(name, "")
    if not text:
        return None
    at = read_instant(text if "T" in text else f"{text}T00:00:00Z")
    if at is None:
        raise wrong(name, "type", f"{name} must be a day or a time such as 2026-11-20T14:00:00Z", text)
    return at


def _seed(text: str) -> int:
    text = text or str(SEED)
    if not (text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= _SEED_MOST):
        raise wrong("seed", "range", f"seed must be a whole number from 0 to {_SEED_MOST}", text)
    return int(text)
