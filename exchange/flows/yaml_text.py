"""Documents as YAML, the way files have them: written for a person, and read back."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from exchange.flows.shapes import DocumentProblems
from exchange.yaml_files import read_yaml

_LINE_CHARACTERS = 100


def to_yaml(document: Mapping[str, Any]) -> str:
    yaml = YAML(typ="rt", pure=True)  # of its kinds the one that keeps names in their order
    yaml.default_flow_style = False
    yaml.width = _LINE_CHARACTERS
    yaml.allow_unicode = True
    out = io.StringIO()
    yaml.dump(_plain(document), out)
    return out.getvalue()


def from_yaml(text: str) -> Mapping[str, Any]:
    """Raises `DocumentProblems` with line and column."""
    problems: list[str] = []
    found = read_yaml(text.encode(), "the document", problems)
    if problems or not isinstance(found, Mapping):
        raise DocumentProblems(problems or ["the document: is not a mapping of names to values."])
    return found


def _plain(value: Any) -> Any:
    """Only what YAML knows, and no list twice in the same document, which it would write as an alias."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
