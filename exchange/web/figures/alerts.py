"""Alerts as programs read them."""

from __future__ import annotations

from typing import Any

from exchange.model.alert import UNTIL_OVER, Alert
from exchange.model.money import Money
from exchange.web.words import utc

HOME = "/console/alerts"


def alert_fields(alert: Alert, now: int) -> dict[str, Any]:
    stake = alert.stake
    muted = "until_over" if alert.muted_until == UNTIL_OVER else utc(alert.muted_until) if alert.muted(now) else None
    return {
        "id": alert.id,
        "rule": alert.rule,
        "about": alert.about,
        "title": alert.title,
        "effect": alert.effect,
        "likely_cause": alert.likely,
        "actions": [
            {"word": act.word, "path": act.path, "method": "POST" if act.post else "GET", "fields": dict(act.fields)}
            for act in alert.acts
        ],
        "money_an_hour": Money(stake.units, stake.currency).text if stake.currency else None,
        "currency": stake.currency or None,
        "leads_an_hour": stake.leads,
        "opened_at": utc(alert.opened_at),
        "seen_at": utc(alert.seen_at),
        "times": alert.times,
        "owner": alert.owner or None,
        "muted_until": muted,
        "closed_at": utc(alert.closed_at) if alert.closed_at is not None else None,
        "closed_by": alert.closed_by or None,
        "note": alert.note or None,
        "lasted_seconds": alert.lasted_ms(now) // 1_000,
    }
