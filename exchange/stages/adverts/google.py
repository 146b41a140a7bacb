"""Google Ads, by the Data Manager API: offline conversions of clicks, and their worth told anew.

The Google Ads API takes conversions only of those who sent them by it before June 2026. `docs/attribution.md` names
the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from exchange.model.advert import AdEvent, AdTerms, Heard, Person, Refused
from exchange.stages.adverts.speaking import Told, call, token

URL = "https://datamanager.googleapis.com/v1"
TOKEN_URL = "https://oauth2.googleapis.com/token"
_CLICKS = ("gclid", "gbraid", "wbraid")


def tell(terms: AdTerms, secrets: Mapping[str, str], event: AdEvent) -> Told:
    """A token, then one event. Its transaction is the lead: a repeat counts once, another worth replaces the first."""
    made = document_of(terms, event)
    if isinstance(made, Refused):
        return made
    bearer = yield from token(terms.token_url or TOKEN_URL, secrets)
    headers = {"Authorization": f"Bearer {bearer}"}
    told = yield from call(f"{terms.url or URL}/events:ingest", headers, made, (bearer,))
    return told if isinstance(told, Refused) else Heard()


def document_of(terms: AdTerms, event: AdEvent) -> dict[str, Any] | Refused:
    """The body of the call. A return is the same event with the worth that is left."""
    click = next((each for each in _CLICKS if event.clicks.get(each)), None)
    people = _people(event.person) if event.person is not None else []
    if click is None and not people:
        return Refused("There is neither a click id of Google nor anything of the consumer that may be told.")
    made: dict[str, Any] = {
        "transactionId": event.lead_id,
        "eventTimestamp": stamp(event.happened_at),
        "eventSource": "WEB",
        "conversionValue": float_of(event),
        "currency": event.money.currency,
    }
    if event.number:
        made["lastUpdatedTimestamp"] = stamp(event.changed_at)
    if click is not None:
        made["adIdentifiers"] = {click: event.clicks[click]}
    if people:
        made["userData"] = {"userIdentifiers": people}
    if terms.hashed:
        made["consent"] = {"adUserData": "CONSENT_GRANTED"}
    account = {"operatingAccount": _account(terms.account), "productDestinationId": _digits(terms.action)}
    if terms.login:
        account["loginAccount"] = _account(terms.login)
    return {"destinations": [account], "events": [made], "encoding": "HEX"}


def _people(person: Person) -> list[dict[str, str]]:
    found = {"emailAddress": person.mailbox, "phoneNumber": person.phone_plus}
    return [{name: value} for name, value in found.items() if value]


def _account(number: str) -> dict[str, str]:
    return {"accountType": "GOOGLE_ADS", "accountId": _digits(number)}


def stamp(at: int) -> str:
    """`2026-11-20T19:32:08Z`"""
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def moment(at: int, zone: str) -> str:
    """`2026-11-20 14:32:08-0500`, as Google's files have it."""
    return f"{datetime.fromtimestamp(at // 1000, ZoneInfo(zone)):%Y-%m-%d %H:%M:%S%z}"


def float_of(event: AdEvent) -> float:
    """Their documents hold numbers: the only place where an amount becomes one, and it never comes back."""
    return event.money.units / 10_000


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())
