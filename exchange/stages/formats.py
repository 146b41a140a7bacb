"""The formats of requests and answers, and every name a seller may call one by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Format = Literal["json", "xml", "nvp"]
FORMATS: tuple[Format, ...] = ("json", "xml", "nvp")
_BY_NAME: Mapping[str, Format] = {
    "json": "json",
    "application/json": "json",
    "text/json": "json",
    "xml": "xml",
    "application/xml": "xml",
    "text/xml": "xml",
    "nvp": "nvp",
    "form": "nvp",
    "application/x-www-form-urlencoded": "nvp",
}


def format_named(word: str) -> Format | None:
    """The format a word or a media type names; None for one that nobody here writes."""
    return _BY_NAME.get(word.strip().lower())
