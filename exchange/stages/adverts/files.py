"""The same conversions as files for the platforms' own upload pages: Google and Microsoft take CSV."""

from __future__ import annotations

from collections.abc import Iterable

from exchange.model.advert import CONVERSION, GOOGLE, META, MICROSOFT, RETRACTION, AdAccount, AdEvent
from exchange.stages.adverts import google, meta, microsoft, tiktok
from exchange.stages.adverts.google import moment

_GOOGLE = (
    "Google Click ID",
    "Conversion Name",
    "Conversion Time",
    "Conversion Value",
    "Conversion Currency",
    "Order ID",
)
_GOOGLE_CHANGED = (
    "Order ID", "Conversion Name", "Adjustment Time", "Adjustment Type", "Adjusted Value", "Adjusted Value Currency",
)  # fmt: skip
_MICROSOFT = (
    "Microsoft Click ID", "Conversion Name", "Conversion Time", "Conversion Value", "Conversion Currency",
    "Adjustment Type", "Adjusted Value", "Adjusted Time", "Adjusted Currency",
)  # fmt: skip
Rows = list[list[object]]


def csv_of(account: AdAccount, events: Iterable[AdEvent], zone: str, *, changed: bool) -> Rows:
    """The rows of one file: conversions, or with `changed` what corrects them. Only of platforms that take CSV."""
    told = [event for event in events if (event.kind != CONVERSION) is changed]
    if account.platform == GOOGLE:
        head: Rows = [[f"Parameters:TimeZone={zone}"], list(_GOOGLE_CHANGED if changed else _GOOGLE)]
        return [*head, *(_google(account, event, zone) for event in told if event.clicks.get("gclid"))]
    if account.platform == MICROSOFT:
        head = [[f"Parameters:TimeZone={zone}"], list(_MICROSOFT)]
        return [*head, *(_microsoft(account, event, zone) for event in told if event.clicks.get("msclkid"))]
    raise ValueError(account.platform)


def documents_of(account: AdAccount, events: Iterable[AdEvent], zone: str) -> list[object]:
    """The bodies that the platform's server would be sent, one by one. Without secrets."""
    made: list[object] = []
    for event in events:
        if account.platform == GOOGLE:
            body: object = google.document_of(account.terms, event, zone)
        elif account.platform == META:
            body = meta.document_of(account.terms, event)
        elif account.platform == MICROSOFT:
            body = microsoft.document_of(account.terms, event)
        else:
            body = tiktok.document_of(account.terms, event)
        if isinstance(body, tuple) and len(body) == 2:
            made.append({"call": body[0], "body": body[1]})
        elif isinstance(body, dict):
            made.append(body)
    return made


def _google(account: AdAccount, event: AdEvent, zone: str) -> list[object]:
    worth, name = event.money.text, account.terms.action_name or account.terms.action
    if event.kind == CONVERSION:
        when = moment(event.happened_at, zone)
        return [event.clicks["gclid"], name, when, worth, event.money.currency, event.lead_id]
    back = event.kind == RETRACTION
    kind = "RETRACT" if back else "RESTATE"
    changed = ["", ""] if back else [worth, event.money.currency]
    return [event.lead_id, name, moment(event.at, zone), kind, *changed]


def _microsoft(account: AdAccount, event: AdEvent, zone: str) -> list[object]:
    name = account.terms.action_name or account.terms.action
    known = [event.clicks["msclkid"], name, moment(event.happened_at, zone)]
    if event.kind == CONVERSION:
        return [*known, event.money.text, event.money.currency, "", "", "", ""]
    if event.kind == RETRACTION:
        return [*known, "", "", "Retract", "", moment(event.at, zone), ""]
    return [*known, "", "", "Restate", event.money.text, moment(event.at, zone), event.money.currency]
