"""What a seller may ask about its leads."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from exchange.flows.trail import read_trail
from exchange.model.party import Disclosure
from exchange.model.reason import Reason
from exchange.stages.respond import rfc3339, told_checks, told_reason
from exchange.storage.leads import trails_of
from exchange.storage.seller_views import (
    SellerEvent,
    SellerLead,
    changed_leads,
    lead_of_seller,
    leads_by_own_id,
    way_of_lead,
)
from exchange.web.api.access import Caller
from exchange.web.api.call import Call, Stop, Told
from exchange.web.api.pages import SETTLED_MS, length, page, since, wrong

# How a lead's state is told: in the words of the answers a seller knows.
STATUS: Mapping[str, str] = MappingProxyType(
    {
        "open": "queued",
        "held": "queued",
        "selling": "queued",
        "unclear": "queued",
        "pending": "queued",
        "sold": "accepted",
    }
)


async def lead(call: Call) -> Told:
    """One lead with its timeline."""
    caller = call.admit_by_header("campaign")
    mode = caller.key.mode
    lead_id = call.request.match_info["lead_id"]
    found = await call.market.db.read(lead_of_seller, caller.actor, mode, lead_id)
    if found is None:
        raise Stop(Reason.NOT_FOUND, 404)
    return await _told(call, caller, found)


async def leads(call: Call) -> Told:
    """One lead by the seller's own id, or what changed since a cursor."""
    caller = call.admit_by_header("campaign")
    own = call.request.query.get("seller_lead_id", "").strip()
    if own:
        found = await call.market.db.read(leads_by_own_id, caller.actor, caller.key.mode, own, 1)
        if not found:
            raise Stop(Reason.NOT_FOUND, 404)
        return await _told(call, caller, found[0])
    if "since" not in call.request.query:
        raise wrong("since", "missing", "Say since=… for a list of changes, or seller_lead_id=… for one lead.")
    limit = length(call)
    until = call.market.clock.now() - SETTLED_MS
    changed = await call.market.db.read(changed_leads, caller.actor, caller.key.mode, since(call), until, limit)
    last = (changed[-1].changed_at, changed[-1].id) if changed else None
    return Told(page("leads", [_fields(each, _disclosure(call, each)) for each in changed], last, limit))


async def _told(call: Call, caller: Caller, found: SellerLead) -> Told:
    way = await call.market.db.read(way_of_lead, caller.actor, found.id)
    records = await call.market.db.read(trails_of, found.id)
    disclosure = _disclosure(call, found)
    steps = read_trail(bytes(records[-1]["document"]))["steps"] if records else []
    checks = told_checks(steps, disclosure)
    timeline = [_event(event, disclosure) for event in way]
    return Told({**_fields(found, disclosure), **({"checks": checks} if checks else {}), "timeline": timeline})


def _disclosure(call: Call, found: SellerLead) -> Disclosure:
    campaign = call.market.deals.campaigns.get(found.campaign_id)
    return campaign.disclosure if campaign is not None else Disclosure.CODE


def _fields(found: SellerLead, disclosure: Disclosure) -> dict[str, Any]:
    status = STATUS.get(found.state, found.state)
    sold = found.state == "sold"
    quoted = found.quoted if found.state == "quoted" else None
    price = found.payout if sold else quoted
    return {
        "status": status,
        "lead_id": found.id,
        "seller_lead_id": found.seller_lead_id,
        "campaign_id": found.campaign_id,
        "price": price.text if price is not None else None,
        "currency": price.currency if price is not None else None,
        "expires_at": rfc3339(found.quote_expires_at) if quoted and found.quote_expires_at is not None else None,
        "times_sold": found.times_sold if sold else None,
        "return": _return(found) if sold else None,
        "returned_at": rfc3339(found.returned_at) if found.returned_at is not None else None,
        **_reason(found.reason, disclosure),
        "sub_id1": found.sub_id1,
        "test": True if found.mode == "test" else None,
        "received_at": rfc3339(found.received_at),
        "changed_at": rfc3339(found.changed_at),
    }


def _return(found: SellerLead) -> str:
    return "returned" if found.returned_at is not None else "none"


def _reason(slug: str | None, disclosure: Disclosure) -> dict[str, str | None]:
    known = next((reason for reason in Reason if reason.slug == slug), None)
    return {**told_reason(known, disclosure)} if known is not None else {"reason": slug, "message": None}


def _event(event: SellerEvent, disclosure: Disclosure) -> dict[str, Any]:
    return {
        "at": rfc3339(event.at),
        "what": event.what,
        "request_id": event.request_id,
        "http_status": event.status_code,
        "status": event.status,
        "reason": _reason(event.reason, disclosure)["reason"],
        "took_ms": event.took_ms,
    }
