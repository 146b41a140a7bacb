"""Meta: the Conversions API. It takes nothing back: a return is told as an event of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.model.advert import CONVERSION, AdEvent, AdTerms, Heard, Refused
from exchange.stages.adverts.google import float_of
from exchange.stages.adverts.speaking import Told, call

URL = "https://graph.facebook.com/v27.0"
RETURNED = "ReturnedSale"


def tell(terms: AdTerms, secrets: Mapping[str, str], event: AdEvent) -> Told:
    """One event. Its id is the lead's, so that a repeat counts once."""
    made = document_of(terms, event)
    if isinstance(made, Refused):
        return made
    headers = {"Authorization": f"Bearer {secrets['access_token']}"}
    told = yield from call(f"{terms.url or URL}/{terms.account}/events", headers, made, (secrets["access_token"],))
    if isinstance(told, Refused):
        return told
    return Heard() if told.get("events_received") else Refused(f"It took no event: {str(told)[:200]}")


def document_of(terms: AdTerms, event: AdEvent) -> dict[str, Any] | Refused:
    user = user_of(event)
    if not user:
        return Refused("There is neither a click id of Meta nor anything of the consumer that may be told.")
    seen = bool(event.page_url and event.agent)  # what happened on a page is told with its address and the browser
    made = {
        "event_name": terms.action if event.kind == CONVERSION else RETURNED,
        "event_time": (event.happened_at if event.kind == CONVERSION else event.at) // 1000,
        "event_id": event.lead_id if event.number == 0 else f"{event.lead_id}-{event.number}",
        "action_source": "website" if seen else "system_generated",
        "user_data": user,
        "custom_data": {"value": float_of(event), "currency": event.money.currency, "order_id": event.lead_id},
    }
    if seen:
        made["event_source_url"] = event.page_url
        user["client_user_agent"] = event.agent
    return {"data": [made], **({"test_event_code": terms.test_code} if terms.test_code else {})}


def user_of(event: AdEvent) -> dict[str, Any]:
    """Their names of what finds somebody: hashes in lists, and the click in clear."""
    found: dict[str, Any] = {}
    if event.person is not None:
        named = {
            "em": event.person.email, "ph": event.person.phone, "fn": event.person.first_name,
            "ln": event.person.last_name, "ct": event.person.city, "st": event.person.state, "zp": event.person.zip,
        }  # fmt: skip
        found = {name: [value] for name, value in named.items() if value}
    if event.clicks.get("fbclid"):
        found["fbc"] = f"fb.1.{event.clicked_at}.{event.clicks['fbclid']}"
    return found
