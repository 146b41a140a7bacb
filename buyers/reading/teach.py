"""A document with one more rule: what somebody said about a value, written as they would have written it."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from buyers.reading.document import Shape
from buyers.reading.rules import Carries
from exchange.model.teaching import Proposal, Taught

PARTS = tuple(name for name in Carries.model_fields if name not in ("legs", "expires", "echo"))


def shape_in(laid: Mapping[str, Any], stage: str) -> Shape:
    """How the replies of a stage are taken, as a document that was laid over its preset says."""
    reading = _reading(laid, stage)
    columns = reading.get("columns")
    return Shape(
        str(reading.get("as", "auto")),
        str(reading.get("delimiter", ",")),
        bool(reading.get("header", False)),
        columns if isinstance(columns, int) else None,
        reading.get("pair_separator"),
        str(reading.get("pair_sign", "=")),
    )


def with_rule(document: Mapping[str, Any], laid: Mapping[str, Any], stage: str, taught: Taught) -> dict[str, Any]:
    """The document, saying what was taught. `laid` is the same over its preset, whose outcomes it then repeats.

    A rule for the same place and text is replaced. Raises `ValueError` where there is no such stage or part.
    """
    if taught.part:
        return _with_part(document, laid, stage, taught)
    told: dict[str, Any] = {"means": taught.means, "when": {"where": taught.place, "equals": taught.text}}
    if taught.final != "buyer":
        told["final"] = taught.final
    others = [outcome for outcome in _outcomes(laid, stage) if not _same_test(outcome, taught)]
    return _with_reading(document, stage, {"outcomes": [told, *others] if taught.first else [*others, told]})


def with_proposal(document: Mapping[str, Any], stage: str, proposal: Proposal) -> dict[str, Any]:
    """The document with proposed rules in the place of those it had for the stage. Raises `ValueError`."""
    if not isinstance(document.get(stage), Mapping):
        raise ValueError(f"the connection has no {stage}")
    changes = {"outcomes": [dict(each) for each in proposal.outcomes], "carries": dict(proposal.carries)}
    return _with_reading(document, stage, changes)


def _with_part(document: Mapping[str, Any], laid: Mapping[str, Any], stage: str, taught: Taught) -> dict[str, Any]:
    if taught.part not in PARTS:
        raise ValueError(f"{taught.part!r} is no part of an answer: {', '.join(PARTS)}")
    _outcomes(laid, stage)
    kept = dict(_reading(document, stage).get("carries") or {})
    return _with_reading(document, stage, {"carries": {**kept, taught.part: {"where": taught.place}}})


def _same_test(outcome: Any, taught: Taught) -> bool:
    when = outcome.get("when") if isinstance(outcome, Mapping) else None
    if not isinstance(when, Mapping) or when.keys() != {"where", "equals"}:
        return False
    return when["where"] == taught.place and str(when["equals"]).casefold() == taught.text.casefold()


def _with_reading(document: Mapping[str, Any], stage: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = deepcopy(dict(document))
    reading = made.setdefault(stage, {}).setdefault("reading", {})
    reading.update(changes)
    return made


def _outcomes(laid: Mapping[str, Any], stage: str) -> list[Any]:
    if not isinstance(laid.get(stage), Mapping):
        raise ValueError(f"the connection has no {stage}")
    outcomes = _reading(laid, stage).get("outcomes")
    return list(outcomes) if isinstance(outcomes, list) else []


def _reading(document: Mapping[str, Any], stage: str) -> Mapping[str, Any]:
    found = document.get(stage)
    reading = found.get("reading") if isinstance(found, Mapping) else None
    return reading if isinstance(reading, Mapping) else {}
