"""Google Ads: offline conversions of clicks, and their adjustments. `docs/attribution.md` names the calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from exchange.model.advert import CONVERSION, RETRACTION, AdEvent, AdTerms, Heard, Refused
from exchange.stages.adverts.speaking import Told, call, token

URL = "https://googleads.googleapis.com/v21"
TOKEN_URL = "https://oauth2.googleapis.com/token"
_BRAIDS = ("wbraid", "gbraid")


def tell(terms: AdTerms, secrets: Mapping[str, str], event: AdEvent, zone: str) -> Told:
    """A token, then one upload. The order id is the lead's, so a repeat counts once and can be corrected."""
    made = document_of(terms, event, zone)
    if isinstance(made, Refused):
        return made
    call_name, body = made
    bearer = yield from token(terms.token_url or TOKEN_URL, secrets)
    headers = {"Authorization": f"Bearer {bearer}", "developer-token": secrets["developer_token"]}
    if terms.login:
        headers["login-customer-id"] = _digits(terms.login)
    url = f"{terms.url or URL}/customers/{_digits(terms.account)}:{call_name}"
    told = yield from call(url, headers, body, (bearer, secrets["developer_token"]))
    if isinstance(told, Refused):
        return told
    failure = told.get("partialFailureError") if isinstance(told, dict) else None
    return Refused(str(failure.get("message", failure))[:300]) if isinstance(failure, dict) and failure else Heard()


def document_of(terms: AdTerms, event: AdEvent, zone: str) -> tuple[str, dict[str, Any]] | Refused:
    """The name of the call and its body."""
    name = next((each for each in ("gclid", *_BRAIDS) if event.clicks.get(each)), None)
    action = f"customers/{_digits(terms.account)}/conversionActions/{_digits(terms.action)}"
    if event.kind == CONVERSION:
        if name is None:
            return Refused("There is no click id of Google.")
        made: dict[str, Any] = {
            name: event.clicks[name],
            "conversionAction": action,
            "conversionDateTime": moment(event.happened_at, zone),
            "conversionValue": float_of(event),
            "currencyCode": event.money.currency,
        }
        if name == "gclid":  # an order id may not stand beside the two others
            made["orderId"] = event.lead_id
        if terms.hashed:
            made["consent"] = {"adUserData": "GRANTED"}
        return "uploadClickConversions", {"conversions": [made], "partialFailure": True}
    if name is not None and name != "gclid":
        return Refused("Google corrects no conversion of a click without a gclid.")
    changed: dict[str, Any] = {
        "conversionAction": action,
        "orderId": event.lead_id,
        "adjustmentType": "RETRACTION" if event.kind == RETRACTION else "RESTATEMENT",
        "adjustmentDateTime": moment(event.at, zone),
    }
    if event.kind != RETRACTION:
        changed["restatementValue"] = {"adjustedValue": float_of(event), "currencyCode": event.money.currency}
    return "uploadConversionAdjustments", {"conversionAdjustments": [changed], "partialFailure": True}


def moment(at: int, zone: str) -> str:
    """`2026-11-20 14:32:08-05:00`"""
    local = datetime.fromtimestamp(at // 1000, ZoneInfo(zone))
    offset = f"{local:%z}"
    return f"{local:%Y-%m-%d %H:%M:%S}{offset[:3]}:{offset[3:5]}"


def float_of(event: AdEvent) -> float:
    """Their documents hold numbers: the only place where an amount becomes one, and it never comes back."""
    return event.money.units / 10_000


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())
