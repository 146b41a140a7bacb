"""The form of a campaign's answers: names and words of another system, so that a seller keeps its parser."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShapeField:
    """One field as it is sent. `of` is a field of our own answer, or word, code, id or errors; empty for a constant.

    `otherwise` is sent where the answer has no such field; None leaves it out. Of a constant it is the value.
    """

    name: str
    of: str
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """`format` is json, xml or nvp, empty for whatever the request asks for. `words` and `codes` are by our status;
    the key `otherwise` stands for every other one.
    """

    name: str
    fields: tuple[ShapeField, ...]
    format: str = ""
    root: str = "response"
    content_type: str = ""
    words: tuple[tuple[str, str], ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
