"""JSON schemas of what calls about webhooks take and give."""

from __future__ import annotations

from typing import Any

from exchange import limits
from exchange.model.endpoint import EVENTS

Schema = dict[str, Any]


def webhook_schemas() -> dict[str, Schema]:
    wanted: dict[str, Schema] = {
        "kind": _text("`webhook` is signed JSON, `postback` a URL with macros.", enum=["webhook", "postback"]),
        "url": _text("Where to. A postback's may hold macros such as {lead_id}.", maxLength=limits.URL_CHARACTERS),
        "events": _text(f"Names and wildcards with blanks between: {', '.join(EVENTS)}; lead.*; *."),
        "method": _text("Of a postback.", enum=["GET", "POST"]),
        "per_second": {"type": "integer", "minimum": 1, "maximum": limits.WEBHOOKS_PER_SECOND},
        "campaign_id": _text("A postback may be of one campaign."),
    }
    webhook = _record(
        ("endpoint_id", "kind", "url", "events", "state", "made_at"),
        **wanted,
        endpoint_id=_text(),
        party=_text("`seller:acme`, `buyer:northsun`, or `operator`."),
        state=_text(enum=["active", "disabled"]),
        reason=_text("Why it is disabled."),
        secret_last4=_text(),
        failing_since=_text(format="date-time"),
        made_at=_text(format="date-time"),
    )
    return {
        "Webhook": webhook,
        "Webhooks": _record(("status", "webhooks"), status=_text(), webhooks=_many("Webhook"), **_ends()),
        "WebhookWanted": _record(("kind", "url"), **wanted),
        "WebhookSaved": _record(
            ("status", "endpoint_id"),
            status=_text(enum=["saved", "unchanged"]),
            endpoint_id=_text(),
            secret=_text("Shown this once."),
            **_ends(),
        ),
        "WebhookState": _record(("state",), state=_text(enum=["active", "disabled", "removed"])),
        "WebhookTest": _record((), **wanted, endpoint_id=_text("One that is saved; or say url and kind.")),
        "WebhookTested": _record(
            ("status", "request", "took_ms"),
            status=_text(enum=["delivered", "failed"]),
            http_status={"type": "integer"},
            error=_text(),
            request=_text("The URL that was called."),
            response=_text("The body of the answer, its first 2,000 characters."),
            **_ends(),
        ),
        "WebhookSend": _send(),
        "WebhookLog": _record(
            ("status", "sends", "more"),
            status=_text(),
            sends=_many("WebhookSend"),
            more={"type": "boolean"},
            next=_text("The `before` of the next page."),
            **_ends(),
        ),
        "WebhookReplay": _record(
            (),
            event_id=_text("One event."),
            state=_text(enum=["delivered", "failed"]),
            type=_text("A name or a family such as lead.*"),
            endpoint_id=_text(),
            object=_text(),
            since=_text("A time."),
            dry_run={"type": "boolean"},
        ),
        "WebhookReplayed": _record(
            ("status", "count"), status=_text(enum=["replayed", "counted"]), count={"type": "integer"}, **_ends()
        ),
    }


def _send() -> Schema:
    return _record(
        ("event_id", "type", "object", "sequence", "endpoint_id", "state", "attempt", "at"),
        event_id=_text(),
        type=_text(),
        object=_text("What it happened to."),
        sequence={"type": "integer"},
        endpoint_id=_text(),
        state=_text(enum=["waiting", "delivered", "failed"]),
        http_status={"type": "integer"},
        took_ms={"type": "integer"},
        attempt={"type": "integer"},
        error=_text(),
        at=_text(format="date-time"),
        next_at=_text(format="date-time"),
    )


def _text(about: str = "", **more: Any) -> Schema:
    return {"type": "string", **({"description": about} if about else {}), **more}


def _record(needed: tuple[str, ...], **fields: Schema) -> Schema:
    return {"type": "object", "required": list(needed), "properties": fields}


def _many(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


def _ends() -> dict[str, Schema]:
    return {"request_id": _text(), "took_ms": {"type": "integer"}}
