"""The same conversions as files for the platforms' own upload pages: Google and Microsoft take CSV."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

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
_MICROSOFT = ("Microsoft Click ID", "Conversion Name", "Conversion Time", "Conversion Value", "Conversion Currency")
_BULK = (
    "Type", "Status", "Id", "Parent Id", "Client Id", "Name", "Microsoft Click Id", "Conversion Name",
    "Conversion Time", "Adjustment Type", "Adjustment Value", "Adjustment Time", "Adjustment Currency Code",
)  # fmt: skip
Rows = list[list[object]]


def csv_of(account: AdAccount, events: Iterable[AdEvent], zone: str, *, changed: bool) -> Rows:
    """The rows of one file: conversions, or with `changed` what corrects them. Only of platforms that take CSV."""
    told = [event for event in events if (event.kind != CONVERSION) is changed]
    if account.platform == GOOGLE:
        head: Rows = [[f"Parameters:TimeZone={zone}"], list(_GOOGLE_CHANGED if changed else _GOOGLE)]
        return [*head, *(_google(account, event, zone) for event in told if event.clicks.get("gclid"))]
    told = [event for event in told if event.clicks.get("msclkid")]
    if account.platform == MICROSOFT and changed:  # its page takes none: these are its bulk files
        return [list(_BULK), ["Format Version", *[""] * 4, "6.0", *[""] * 7], *(_bulk(account, each) for each in told)]
    if account.platform == MICROSOFT:
        return [["Parameters:TimeZone=+0000"], list(_MICROSOFT), *(_microsoft(account, event) for event in told)]
    raise ValueError(account.platform)


def documents_of(account: AdAccount, events: Iterable[AdEvent]) -> list[object]:
    """The bodies that the platform's server would be sent, one by one. Without secrets."""
    made: list[object] = []
    for event in events:
        if account.platform == GOOGLE:
            body: object = google.document_of(account.terms, event)
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
    worth, name = event.money.text, _name(account)
    if event.kind == CONVERSION:
        when = moment(event.happened_at, zone)
        return [event.clicks["gclid"], name, when, worth, event.money.currency, event.lead_id]
    back = event.kind == RETRACTION
    kind = "RETRACT" if back else "RESTATE"
    changed = ["", ""] if back else [worth, event.money.currency]
    return [event.lead_id, name, moment(event.changed_at, zone), kind, *changed]


def _microsoft(account: AdAccount, event: AdEvent) -> list[object]:
    worth = [event.money.text, event.money.currency]
    return [event.clicks["msclkid"], _name(account), moment(event.happened_at, "UTC")[:-5], *worth]


def _bulk(account: AdAccount, event: AdEvent) -> list[object]:
    back = event.kind == RETRACTION
    known = [event.clicks["msclkid"], _name(account), _american(event.happened_at)]
    worth, currency = ("", "") if back else (event.money.text, event.money.currency)
    told = ["Retract" if back else "Restate", worth, _american(event.changed_at), currency]
    return ["Offline Conversion", *[""] * 5, *known, *told]


def _american(at: int) -> str:
    """`11/20/2026 7:32:08 PM`, in UTC."""
    when = datetime.fromtimestamp(at // 1000, UTC)
    return f"{when.month}/{when.day}/{when.year} {when.hour % 12 or 12}:{when:%M:%S} {when:%p}"


def _name(account: AdAccount) -> str:
    return account.terms.action_name or account.terms.action
