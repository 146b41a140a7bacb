"""TikTok: the Events API. It takes nothing back: a return is told as an event of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.connector import BadReply
from exchange.model.advert import CONVERSION, AdEvent, AdTerms, Heard, Refused
from exchange.stages.adverts.google import float_of
from exchange.stages.adverts.meta import RETURNED
from exchange.stages.adverts.speaking import Told, call

URL = "https://business-api.tiktok.com/open_api/v1.3"
_BUSY = (40100, 50000, 50002, 51010)
"""Their own codes for: too many requests, and failures of theirs."""


def tell(terms: AdTerms, secrets: Mapping[str, str], event: AdEvent) -> Told:
    """One event. Its id is the lead's, so that a repeat counts once."""
    made = document_of(terms, event)
    if isinstance(made, Refused):
        return made
    headers = {"Access-Token": secrets["access_token"]}
    told = yield from call(f"{terms.url or URL}/event/track/", headers, made, (secrets["access_token"],))
    if isinstance(told, Refused):
        return told
    if told.get("code") in _BUSY:
        raise BadReply(f"It answered code {told['code']}.")
    return Heard() if told.get("code") == 0 else Refused(str(told.get("message", told))[:300])


def document_of(terms: AdTerms, event: AdEvent) -> dict[str, Any] | Refused:
    user: dict[str, str] = {}
    if event.person is not None:
        user = {"email": event.person.email, "phone": event.person.phone_plus}
    user = {name: value for name, value in {**user, "ttclid": event.clicks.get("ttclid", "")}.items() if value}
    if not user:
        return Refused("There is neither a click id of TikTok nor anything of the consumer that may be told.")
    if event.agent:
        user["user_agent"] = event.agent
    made: dict[str, Any] = {
        "event": terms.action if event.kind == CONVERSION else RETURNED,
        "event_time": (event.happened_at if event.kind == CONVERSION else event.at) // 1000,
        "event_id": event.lead_id if event.number == 0 else f"{event.lead_id}-{event.number}",
        "user": user,
        "properties": {"value": float_of(event), "currency": event.money.currency, "order_id": event.lead_id},
    }
    if event.page_url:
        made["page"] = {"url": event.page_url}
    body: dict[str, Any] = {"event_source": "web", "event_source_id": terms.account, "data": [made]}
    return {**body, **({"test_event_code": terms.test_code} if terms.test_code else {})}
