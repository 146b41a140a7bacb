"""Microsoft Advertising: offline conversions of clicks, and their adjustments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from exchange.model.advert import CONVERSION, RETRACTION, AdEvent, AdTerms, Heard, Refused
from exchange.stages.adverts.google import float_of
from exchange.stages.adverts.speaking import Told, call, token

URL = "https://campaign.api.bingads.microsoft.com/CampaignManagement/v13"
TOKEN_URL = "https://login.microsoftonline.com/common/oauth2/v2.0/token"
_SCOPE = "https://ads.microsoft.com/msads.manage offline_access"


def tell(terms: AdTerms, secrets: Mapping[str, str], event: AdEvent) -> Told:
    """A token, then one conversion. They are told apart by click, name and moment, so a repeat counts once."""
    made = document_of(terms, event)
    if isinstance(made, Refused):
        return made
    place, body = made
    bearer = yield from token(terms.token_url or TOKEN_URL, secrets, _SCOPE)
    headers = {
        "Authorization": f"Bearer {bearer}",
        "DeveloperToken": secrets["developer_token"],
        "CustomerAccountId": terms.account,
        **({"CustomerId": terms.login} if terms.login else {}),
    }
    told = yield from call(f"{terms.url or URL}/{place}/Apply", headers, body, (bearer, secrets["developer_token"]))
    if isinstance(told, Refused):
        return told
    errors = [error for error in told.get("PartialErrors") or [] if isinstance(error, dict)]
    return Refused(str(errors[0].get("Message", errors[0]))[:300]) if errors else Heard()


def document_of(terms: AdTerms, event: AdEvent) -> tuple[str, dict[str, Any]] | Refused:
    """The place of the call and its body."""
    click = event.clicks.get("msclkid")
    if not click:
        return Refused("There is no click id of Microsoft.")
    known = {"ConversionName": terms.action, "ConversionTime": moment(event.happened_at), "MicrosoftClickId": click}
    if event.kind == CONVERSION:
        made = {**known, "ConversionValue": float_of(event), "ConversionCurrencyCode": event.money.currency}
        return "OfflineConversions", {"OfflineConversions": [made]}
    changed: dict[str, Any] = {
        **known,
        "AdjustmentType": "Retract" if event.kind == RETRACTION else "Restate",
        "AdjustmentTime": moment(event.changed_at),
    }
    if event.kind != RETRACTION:
        changed |= {"AdjustmentValue": float_of(event), "AdjustmentCurrencyCode": event.money.currency}
    return "OfflineConversionAdjustments", {"OfflineConversionAdjustments": [changed]}


def moment(at: int) -> str:
    """`2026-11-20T19:32:08.0000000Z`"""
    return f"{datetime.fromtimestamp(at // 1000, UTC):%Y-%m-%dT%H:%M:%S}.0000000Z"
