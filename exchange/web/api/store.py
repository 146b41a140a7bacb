"""The store for programs of buyers: what is on the shelf, a claim, its payment, and saved searches."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from exchange.fields.instant import read_instant
from exchange.flows.searches import MAILS, CannotSave, drop_search, keep_search
from exchange.flows.shelf import wanted_in
from exchange.flows.store import Bought, CannotBuy, card_in, claim, confirm, price_of, release
from exchange.model.lead import Problem
from exchange.model.money import BadMoney, Money
from exchange.model.reason import Reason
from exchange.stages.respond import rfc3339
from exchange.stages.store import Wanted
from exchange.storage.database import Row
from exchange.storage.store import searches_of, shelf
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import length, wrong

_BEFORE = re.compile(r"([0-9]{1,15})_([A-Za-z0-9_]{1,60})")
_LISTS = ("states", "zip3", "grades")
_NO_SLUG = {"no_claim": 404}


async def listed(call: Call) -> Told:
    """Leads on the shelf, newest first, that the buyer has not bought. Nothing personal is in it."""
    caller = call.admit_by_header("buyer")
    assert caller.actor.party_id is not None
    limit, now = length(call), call.market.clock.now()
    vertical = call.request.query.get("vertical", "").strip()
    rows = await call.market.db.read(shelf, caller.actor.party_id, vertical, now, _before(call), limit)
    fields: dict[str, Any] = {
        "status": "ok",
        "leads": [card_fields(row, now) for row in rows],
        "more": len(rows) == limit,
    }
    if rows:
        fields["next"] = f"{rows[-1]['listed_at']}_{rows[-1]['lead_id']}"
    return Told(fields)


def _before(call: Call) -> tuple[int, str]:
    text = call.request.query.get("before", "").strip()
    if not text:
        return (2**62, "")
    if found := _BEFORE.fullmatch(text):
        return (int(found[1]), found[2])
    at = read_instant(text)
    if at is None:
        raise wrong("before", "type", "before must be the next of the page before, or a time as 2026-11-20T14:14:22Z")
    return (at, "")


def card_fields(row: Row, now: int) -> dict[str, Any]:
    """A card as programs see it."""
    card, price = card_in(row), price_of(row, now)
    return {
        "lead_id": row["lead_id"],
        "vertical": card.vertical,
        "state": card.us_state,
        "zip3": card.zip3,
        "grade": card.grade,
        "facts": dict(card.facts),
        "price": price.text,
        "currency": price.currency,
        "received_at": rfc3339(card.received_at),
        "listed_at": rfc3339(row["listed_at"]),
        "ends_at": rfc3339(row["ends_at"]),
        "claim_id": row["claim_id"],
    }


async def take(call: Call) -> Told:
    """Hold a lead for two minutes."""
    caller = call.admit_live("buyer")
    try:
        held = await claim(call.market, call.request.match_info["lead_id"], caller.actor)
    except CannotBuy as error:
        raise _refusal(error) from None
    fields = {
        "status": "held",
        "claim_id": held.id,
        "lead_id": held.lead_id,
        "price": held.price.text,
        "currency": held.price.currency,
        "expires_at": rfc3339(held.expires_at),
    }
    return Told(fields, lead_id=held.lead_id)


async def pay(call: Call) -> Told:
    """Pay for a claim, and read the lead. Asked again it answers the same."""
    caller = call.admit_live("buyer")
    try:
        got = await confirm(call.market, call.request.match_info["claim_id"], caller.actor)
    except CannotBuy as error:
        raise _refusal(error) from None
    return Told({"status": "bought", **bought_fields(got)}, lead_id=got.lead.id)


def bought_fields(got: Bought) -> dict[str, Any]:
    """A lead that was paid for, with every value."""
    return {
        "claim_id": got.claim_id,
        "lead_id": got.lead.id,
        "reference": got.attempt_id,
        "price": got.price.text,
        "currency": got.price.currency,
        "lead": {name: value.clean for name, value in got.lead.values.items()},
        "trustedform_cert_url": got.lead.consent.trustedform_url,
        "jornaya_leadid": got.lead.consent.jornaya_leadid,
    }


async def give_back(call: Call) -> Told:
    caller = call.admit_live("buyer")
    claim_id = call.request.match_info["claim_id"]
    released = await release(call.market, claim_id, caller.actor)
    return Told({"status": "released" if released else "unchanged", "claim_id": claim_id})


def _refusal(error: CannotBuy) -> Stop:
    problem = Problem("lead_id", error.slug, str(error), error.missing.text if error.missing is not None else "")
    return Stop(Reason.CANNOT_BUY, _NO_SLUG.get(error.slug, 409), str(error), problems=(problem,))


async def searches(call: Call) -> Told:
    caller = call.admit_by_header("buyer")
    assert caller.actor.party_id is not None
    rows = await call.market.db.read(searches_of, caller.actor.party_id)
    return Told({"status": "ok", "searches": [_search(row) for row in rows]})


async def save(call: Call) -> Told:
    """Keep what the buyer looks for: it is told of each lead that fits when it is listed."""
    caller = call.admit_live("buyer")
    sent = await call.read_fields()
    try:
        wanted = wanted_of(sent, caller_currency(call))
        mail = sent.get("mail", "").strip() or MAILS[0]
        if mail not in MAILS:
            raise wrong("mail", "not_allowed", "mail must be hourly, daily or never", mail)
        search_id = await keep_search(call.market, sent.get("name", ""), wanted, caller.actor, mail)
    except CannotSave as error:
        raise wrong("name", "length", str(error)) from None
    return Told({"status": "saved", "search_id": search_id})


def caller_currency(call: Call) -> str:
    return next((campaign.currency for campaign in call.market.deals.campaigns.values()), "USD")


def wanted_of(sent: Mapping[str, str], currency: str) -> dict[str, object]:
    """What was asked for, checked. Raises with the field that is wrong."""
    wanted: dict[str, object] = {}
    for name in _LISTS:
        items = [item.strip().upper() for item in sent.get(name, "").split(",") if item.strip()]
        if items:
            wanted[name] = items
    for name in ("vertical", "most"):
        if value := sent.get(name, "").strip():
            wanted[name] = value
    try:
        Money.parse(str(wanted.get("most", "0")), currency)
    except BadMoney:
        raise wrong("most", "type", "most must be a price such as 12.50", str(wanted["most"])) from None
    return wanted


async def forget(call: Call) -> Told:
    caller = call.admit_live("buyer")
    search_id = call.request.match_info["search_id"]
    if not await drop_search(call.market, search_id, caller.actor):
        raise Stop(Reason.NOT_FOUND, 404, "You have no search with this id.")
    return Told({"status": "deleted", "search_id": search_id})


def _search(row: Row) -> dict[str, Any]:
    wanted: Wanted = wanted_in(row)
    return {
        "search_id": row["id"],
        "name": row["name"],
        "vertical": wanted.vertical or None,
        "states": list(wanted.states) or None,
        "zip3": list(wanted.zip3) or None,
        "grades": list(wanted.grades) or None,
        "most": wanted.most or None,
        "mail": row["mail"],
        "found": row["found"],
        "found_at": rfc3339(row["found_at"]) if row["found_at"] is not None else None,
    }
