"""What every kind of connection has in common: a document laid over its preset, checked whole, and made a connector."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from exchange.connector import Connector, ReadsDispositions

Presets = Mapping[str, Mapping[str, Any]]
"""Documents by name; a preset's `variants` lie between it and the connection."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a document; `path` is `ping.reading.outcomes.0.when`."""

    path: str
    message: str


class ConnectionProblems(ValueError):
    """Everything wrong with one connection, at once."""

    def __init__(self, name: str, problems: Sequence[Problem]) -> None:
        lines = [f"{problem.path}: {problem.message}" for problem in problems]
        super().__init__(f"connection {name}: {len(problems)} problem(s)\n" + "\n".join(lines))
        self.name = name
        self.problems = tuple(problems)

    @classmethod
    def of(cls, name: str, error: ValidationError) -> ConnectionProblems:
        return cls(name, [_problem(item) for item in error.errors()])


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document found good: the secrets it names, the addresses it speaks to by their place in it, its connector, and
    the fields of leads that its messages draw on, as far as it tells them."""

    name: str
    connector: str
    secrets: frozenset[str]
    urls: Mapping[str, str]
    build: Callable[[], Connector]
    reports: ReadsDispositions | None = None
    fields: frozenset[str] = frozenset()


Family = Callable[[str, Mapping[str, Any]], Loaded]
"""Reads the documents of some connectors, by name and already laid over their preset. Raises `ConnectionProblems`."""


def load(document: Mapping[str, Any], presets: Presets, families: Mapping[str, Family]) -> Loaded:
    """Lay the document over its preset and let the family of its connector read it. Raises `ConnectionProblems`."""
    name = name_of(document)
    laid = laid_over(document, presets)
    family = families.get(str(laid.get("connector")))
    if family is None:
        known = ", ".join(sorted(families))
        raise ConnectionProblems(name, [Problem("connector", f"{laid.get('connector')!r} is not one of {known}")])
    return family(name, laid)


def name_of(document: Mapping[str, Any]) -> str:
    return str(document.get("connection", "?"))


def laid_over(document: Mapping[str, Any], presets: Presets) -> dict[str, Any]:
    """The document on top of its preset and variant. Raises `ConnectionProblems` when there is no such."""
    name, chosen, variant = name_of(document), document.get("preset"), document.get("variant")
    if chosen is None:
        return dict(document)
    if not isinstance(chosen, str) or chosen not in presets:
        raise ConnectionProblems(name, [Problem("preset", f"{chosen!r} is not one of {', '.join(sorted(presets))}")])
    under = {key: value for key, value in presets[chosen].items() if key not in ("preset", "variants")}
    if variant is not None:
        variants = presets[chosen].get("variants") or {}
        if not isinstance(variant, str) or variant not in variants:
            known = ", ".join(sorted(variants)) or "none"
            raise ConnectionProblems(name, [Problem("variant", f"{variant!r} is not a variant of {chosen}: {known}")])
        under = lay_over(under, variants[variant])
    return _without_unused_stages(lay_over(under, document), document)


def _without_unused_stages(laid: dict[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """A preset may know more than a buyer uses: what the connection does not mention and has no address is gone."""
    for stage in ("ping", "ask", "return", "revoke"):
        if stage in laid and stage not in document and "url" not in laid[stage]:
            del laid[stage]
    return laid


def lay_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` on top of `under`, mapping by mapping; lists are replaced, and a null removes what lies under it."""
    laid = dict(under)
    for key, value in over.items():
        below = laid.get(key)
        if value is None:
            laid.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(below, Mapping) and not _is_value(below, value):
            laid[key] = lay_over(below, value)
        else:
            laid[key] = value
    return laid


_VALUE_KEYS = frozenset({"field", "constant", "secret", "term", "tracking", "setting", "join", "where", "text", "each"})


def _is_value(below: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """A value or a carry is replaced whole: half of one and half of another means nothing."""
    return bool(_VALUE_KEYS & below.keys() and _VALUE_KEYS & value.keys())


def _problem(item: Any) -> Problem:
    path = ".".join(str(part) for part in item["loc"]) or "document"
    return Problem(path, str(item["msg"]).removeprefix("Value error, "))
