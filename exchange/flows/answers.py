"""How answers are written: in the standard form or the campaign's own. A choice is a new version of its terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exchange.flows.by_hand import audit_line
from exchange.flows.doors import Write
from exchange.flows.market import Market
from exchange.flows.shapes import DocumentProblems
from exchange.flows.terms import change_campaign
from exchange.model.actor import Actor
from exchange.model.answer_shape import AnswerShape, ShapeField
from exchange.model.party import Campaign
from exchange.stages.answer_shapes import CUSTOM, MADE, PLAIN, shape_names, shape_of, shaped

STATUSES = frozenset({"accepted", "unsold", "duplicate", "rejected", "invalid", "queued", "error", "otherwise"})
_NAME = r"^[A-Za-z_][A-Za-z0-9_.-]{0,59}$"
_TYPE = r"^[a-z]+/[a-z0-9.+-]{1,60}(; ?charset=utf-8)?$"

Name = Annotated[str, Field(pattern=_NAME)]
Word = Annotated[str, Field(max_length=200)]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FieldOfAnswer(_Document):
    """`of` a field of ours, or a `constant`."""

    of: str = ""
    otherwise: Word | None = None
    constant: Word | None = None


class AnswerDocument(_Document):
    """A form of one's own, as a file or a text says it."""

    format: Literal["", "json", "xml", "nvp"] = ""
    root: Name = "response"
    content_type: Annotated[str, Field(pattern=_TYPE)] | Literal[""] = ""
    words: Mapping[str, Word] = {}
    codes: Mapping[str, Word] = {}
    fields: Annotated[Mapping[Name, str | FieldOfAnswer], Field(min_length=1, max_length=40)]


def write_answer(write: Write, fields: Mapping[str, Any], asked: str, campaign: Campaign | None) -> tuple[bytes, str]:
    """The answer in the campaign's form, in the format that form has or the request asked for."""
    shape = shape_of(campaign) if campaign is not None else None
    if shape is None:
        return write(fields, asked)
    body, content_type = write(shaped(fields, shape), shape.format or asked, shape.root)
    return body, shape.content_type or content_type


def read_shape(document: Mapping[str, Any]) -> AnswerShape:
    """A form of one's own. Raises `DocumentProblems` that tell everything wrong at once."""
    try:
        read = AnswerDocument.model_validate(document)
    except ValidationError as error:
        raise DocumentProblems(_told(error)) from None
    fields = {name: FieldOfAnswer(of=told) if isinstance(told, str) else told for name, told in read.fields.items()}
    problems = [problem for name, field in fields.items() for problem in _field_problems(name, field)]
    problems += [
        f"{table}: {status!r} is not one of {', '.join(sorted(STATUSES))}."
        for table, words in (("words", read.words), ("codes", read.codes))
        for status in words
        if status not in STATUSES
    ]
    if problems:
        raise DocumentProblems(problems)
    return AnswerShape(
        CUSTOM,
        tuple(ShapeField(name, each.of, each.otherwise or each.constant) for name, each in fields.items()),
        read.format,
        read.root,
        read.content_type,
        tuple(read.words.items()),
        tuple(read.codes.items()),
    )


def _field_problems(name: str, field: FieldOfAnswer) -> list[str]:
    if field.constant is not None:
        return [f"fields.{name}: say either of or constant."] if field.of or field.otherwise is not None else []
    if field.of not in (*PLAIN, *MADE):
        return [f"fields.{name}: {field.of!r} is not one of {', '.join((*PLAIN, *MADE))}."]
    return []


def _told(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, each['loc'])) or 'document'}: {each['msg']}." for each in error.errors()]


def with_answers(campaign: Campaign, name: str, document: Mapping[str, Any] | None) -> Campaign:
    """The campaign with another form of answers. `document` is for `custom`. Raises `DocumentProblems`."""
    if name not in shape_names():
        raise DocumentProblems([f"{name!r} is no form of answers; there are {', '.join(shape_names())}."])
    if name != CUSTOM:
        return replace(campaign, answers=name, answer_shape=None)
    if document is None:
        raise DocumentProblems(["a form of one's own needs a document that says its fields."])
    return replace(campaign, answers=CUSTOM, answer_shape=read_shape(document))


async def save_answers(market: Market, campaign: Campaign, actor: Actor) -> int:
    """Store the campaign with its new form, in force at once. Returns the number of its version."""
    before = market.deals.campaigns[campaign.id].answers
    line = audit_line(
        market.ids,
        market.clock.now(),
        actor,
        "campaign.answers",
        f"campaign:{campaign.id}",
        before={"answers": before},
        after={"answers": campaign.answers},
    )
    return await change_campaign(market, campaign, line)
