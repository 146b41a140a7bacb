"""A suggestion about prices as programs are told of it."""

from __future__ import annotations

from typing import Any

from exchange.flows.repricing import Suggestion


def idea_fields(idea: Suggestion) -> dict[str, Any]:
    return {
        "kind": idea.kind.value,
        "subject": idea.subject,
        "sentence": idea.sentence,
        "a_week": {"low": idea.low.text, "about": idea.middle.text, "high": idea.high.text},
        "currency": idea.middle.currency,
        "leads": idea.leads,
        "changed": idea.changed,
        "lead_ids": list(idea.lead_ids),
        "before": idea.before,
        "after": idea.after,
    }
