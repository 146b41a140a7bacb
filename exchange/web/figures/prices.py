"""Suggestions about prices, and what hold-outs tell of floors, as pages and programs are told of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.flows.floor_trials import CampaignTrial
from exchange.flows.repricing import Suggestion
from exchange.model.money import Money
from exchange.stages.floor_trial import Arm
from exchange.stages.respond import rfc3339

VERDICTS: Mapping[str, str] = {
    "open": "Too few leads to tell yet.",
    "brings_more": "The floor brings more, with a chance of nine in ten.",
    "brings_less": "The floor loses money: undo it.",
}


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


def trial_fields(found: CampaignTrial) -> dict[str, Any]:
    trial, currency = found.trial, found.campaign.currency
    low, high = trial.bounds
    return {
        "campaign_id": found.campaign.id,
        "state": trial.state,
        "floor": Money(trial.floor, currency).text,
        "plain_floor": Money(trial.plain, currency).text,
        "currency": currency,
        "since": rfc3339(trial.since),
        "holdout": found.campaign.floor_holdout_bp / 10_000,
        **_arm("under", trial.under, currency),
        **_arm("held_out", trial.out, currency),
        "gain_a_lead": {
            name: Money(units, currency).text
            for name, units in zip(("low", "about", "high"), (low, trial.gain, high), strict=True)
        },
        "verdict": trial.verdict,
    }


def _arm(name: str, arm: Arm, currency: str) -> dict[str, Any]:
    margin = Money(arm.margin // arm.leads if arm.leads else 0, currency)
    return {
        f"{name}_leads": arm.leads,
        f"{name}_sold": arm.sold,
        f"{name}_a_lead": Money(arm.each, currency).text,
        f"{name}_margin_a_lead": margin.text,
    }
