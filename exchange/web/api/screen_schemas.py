"""The schemas of the fraud screen's answers and requests."""

from __future__ import annotations

from exchange import limits
from exchange.web.api.answer_schemas import Schema, ends, moment, record, text


def screen_schemas() -> dict[str, Schema]:
    """By name."""
    return {"Screen": _screen(), **_small()}


def _screen() -> Schema:
    held = record(
        ("lead_id", "seller_id", "campaign_id", "vertical", "fraud", "signals", "received_at"),
        lead_id=text(),
        seller_id=text(),
        campaign_id=text(),
        vertical=text(),
        sub_id=_maybe(text()),
        fraud={"type": "integer", "minimum": 0, "maximum": 100},
        signals=_list(text()),
        received_at=moment("When it came."),
    )
    alert = record(
        ("alert_id", "kind", "state", "seller_id", "sub_id", "leads", "detail", "began_at", "last_at"),
        alert_id=text(),
        kind=text(enum=["burst", "farm", "harvest", "rotten", "proof"]),
        state=text(enum=["open", "closed"]),
        seller_id=text(),
        sub_id=text(),
        leads={"type": "integer"},
        detail=text(),
        note=_maybe(text()),
        began_at=moment("Its first lead."),
        last_at=moment("Its last lead."),
    )
    block = record(
        ("seller_id", "sub_id", "reason", "at"), seller_id=text(), sub_id=text(), reason=text(), at=moment("Since.")
    )
    signal = record(
        ("name", "points", "bad", "good"),
        name=text(),
        points={"type": "integer"},
        bad={"type": "integer", "description": "Of 30 days."},
        good={"type": "integer", "description": "Of 30 days."},
    )
    return record(
        ("status", "held", "alerts", "blocks", "signals"),
        status=text(enum=["ok"]),
        held=_list(held),
        alerts=_list(alert),
        blocks=_list(block),
        signals=_list(signal),
        **ends(),
    )


def _small() -> dict[str, Schema]:
    note = text("Why; kept in the audit log.", maxLength=limits.NOTE_CHARACTERS)
    return {
        "Decision": record(("decision", "note"), decision=text(enum=["approve", "refuse"]), note=note),
        "Decided": record(("status", "lead_id"), status=text(enum=["approved", "refused"]), lead_id=text(), **ends()),
        "Note": record(("note",), note=note),
        "Closed": record(("status", "alert_id"), status=text(enum=["closed"]), alert_id=text(), **ends()),
        "Block": record(
            ("decision", "seller_id", "sub_id", "note"),
            decision=text(enum=["block", "let_in"]),
            seller_id=text(),
            sub_id=text(),
            note=note,
        ),
        "Rule": record(
            ("note",),
            refuse_at=_points("Refused from so many points on, or `never`."),
            hold_at=_points("Waits for a person from so many points on, or `never`."),
            pings=_points("From so many pings a day on posts are asked for, or `never`."),
            posts_per_thousand={"type": "integer", "description": "So many of them."},
            note=note,
        ),
        "RuleSaved": record(
            ("status", "campaign_id", "version", "screen"),
            status=text(enum=["saved"]),
            campaign_id=text(),
            version={"type": "integer"},
            screen={"type": "object", "additionalProperties": _maybe({"type": "integer"})},
            **ends(),
        ),
        "Blocked": record(
            ("status", "seller_id", "sub_id"),
            status=text(enum=["blocked", "let_in", "unchanged"]),
            seller_id=text(),
            sub_id=text(),
            **ends(),
        ),
    }


def _points(about: str) -> Schema:
    return {"anyOf": [{"type": "integer"}, text(enum=["never"])], "description": about}


def _list(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _maybe(of: Schema) -> Schema:
    return {"anyOf": [of, {"type": "null"}]}
