"""The schemas of calls about media."""

from __future__ import annotations

from exchange.model.attribution import BY
from exchange.stages.attribution.models import MODELS
from exchange.web.api.answer_schemas import Schema, money, record, text


def media_schemas() -> dict[str, Schema]:
    """By name."""
    day = text("A day.", format="date")
    count = {"type": "integer", "minimum": 0}
    model = record(("conversions", "value"), conversions=text("Decimal."), value=money("After returns."))
    channel = record(
        ("name", "leads", "clicks", "cost", "models"),
        name=text(),
        leads=count,
        clicks=count,
        cost=money("What was spent."),
        models=record(MODELS, **dict.fromkeys(MODELS, model)),
    )
    week = record(
        ("week", "cohort", "cash"),
        week=text("Its Monday.", format="date"),
        cohort=money("What leads that came in it brought."),
        cash=money("What was booked in it."),
    )
    fields: dict[str, Schema] = {
        "day": day,
        "source": text("Such as google.", maxLength=120),
        "campaign": text(maxLength=120),
        "creative": text(maxLength=120),
        "cost": money("What was spent on the day."),
        "currency": text(minLength=3, maxLength=3),
        "clicks": {"type": ["integer", "string"]},
    }
    period: dict[str, Schema] = {"from": day, "to": day}
    return {
        "MediaCost": record(("day", "source", "cost"), **fields),
        "CostKept": record(("status", *fields), status=text(enum=["kept", "unchanged"]), **{**fields, "clicks": count}),
        "Attribution": record(
            ("status", "from", "to", "currency", "by", "leads", "conversions", "value", "cost", "channels", "weeks"),
            status=text(enum=["ok"]),
            **period,
            currency=text(),
            by=text(enum=list(BY)),
            leads=count,
            conversions=count,
            value=money("After returns, as the books have it."),
            cost=money("What was spent."),
            cut={"type": "boolean"},
            channels={"type": "array", "items": channel},
            weeks={"type": "array", "items": week},
        ),
    }
