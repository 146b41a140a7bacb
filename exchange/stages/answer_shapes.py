"""Answers in the form another system gives them. Logic-less: names, words and codes, nothing else. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from exchange.model.answer_shape import AnswerShape, ShapeField
from exchange.model.party import Campaign

STANDARD = "standard"
CUSTOM = "custom"
OTHERWISE = "otherwise"
PLAIN = (
    "status",
    "lead_id",
    "ping_id",
    "price",
    "currency",
    "expires_at",
    "exclusive",
    "times_sold",
    "redirect_url",
    "seller_lead_id",
    "reason",
    "message",
    "price_changed",
    "test",
    "request_id",
    "took_ms",
)
MADE = ("word", "code", "id", "errors")
"""What a shape's field may be made of: a field of our answer; its word or code; lead or ping id; errors in one text."""

_MESSAGE = (ShapeField("message", "message"), ShapeField("errors", "errors"))
_SHAPES: Mapping[str, AnswerShape] = MappingProxyType(
    {
        "matched": AnswerShape(
            "matched",
            (
                ShapeField("status", "word"),
                ShapeField("lead_id", "id"),
                ShapeField("price", "price", "0.00"),
                ShapeField("redirect_url", "redirect_url"),
                *_MESSAGE,
            ),
            format="xml",
            words=(("accepted", "Matched"), ("queued", "Pending"), (OTHERWISE, "Unmatched")),
        ),
        "success": AnswerShape(
            "success",
            (
                ShapeField("result", "word"),
                ShapeField("ping_id", "ping_id"),
                ShapeField("lead_id", "lead_id"),
                ShapeField("price", "price", "0.00"),
                ShapeField("redirect_url", "redirect_url"),
                *_MESSAGE,
            ),
            words=(("accepted", "success"), ("queued", "pending"), (OTHERWISE, "failed")),
        ),
        "accepted": AnswerShape(
            "accepted",
            (
                ShapeField("status", "word"),
                ShapeField("code", "code"),
                ShapeField("id", "id"),
                ShapeField("price", "price", "0.00"),
                ShapeField("redirect_url", "redirect_url"),
                *_MESSAGE,
            ),
            words=(
                ("accepted", "ACCEPTED"),
                ("duplicate", "DUPLICATED"),
                ("queued", "PENDING"),
                (OTHERWISE, "ERROR"),
            ),
            codes=(("accepted", "1"), ("duplicate", "2"), ("queued", "4"), (OTHERWISE, "3")),
        ),
    }
)


def shape_names() -> tuple[str, ...]:
    """What a campaign's answers may be: the standard form, those that are known, and one of its own."""
    return (STANDARD, *_SHAPES, CUSTOM)


def shape_of(campaign: Campaign) -> AnswerShape | None:
    """The form of the campaign's answers; None is the standard one."""
    return campaign.answer_shape if campaign.answers == CUSTOM else _SHAPES.get(campaign.answers)


def shaped(fields: Mapping[str, Any], shape: AnswerShape) -> dict[str, Any]:
    """`fields` is our answer as `respond` gives it. The fields come in the shape's order."""
    told: dict[str, Any] = {}
    for field in shape.fields:
        value = _value(field, fields, shape)
        if value is not None:
            told[field.name] = value
    return told


def _value(field: ShapeField, fields: Mapping[str, Any], shape: AnswerShape) -> Any:
    status = str(fields.get("status", ""))
    match field.of:
        case "":
            return field.otherwise
        case "word":
            return _of_status(shape.words, status, status)
        case "code":
            return _of_status(shape.codes, status, field.otherwise)
        case "id":
            return fields.get("lead_id") or fields.get("ping_id") or field.otherwise
        case "errors":
            found = " ".join(problem["message"] for problem in fields.get("errors", ()))
            return found or field.otherwise
        case name:
            return fields.get(name, field.otherwise)


def _of_status(table: tuple[tuple[str, str], ...], status: str, without: str | None) -> str | None:
    words = dict(table)
    return words.get(status, words.get(OTHERWISE, without))
