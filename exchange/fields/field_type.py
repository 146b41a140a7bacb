"""What every field type answers: how to read a value, test it, mask it and describe it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

Test = Callable[[FieldValue | None], bool]
Operator = Callable[[tuple[str, ...], FieldSpec], Test]
Parse = Callable[[str, FieldSpec, int], FieldValue | Problem]


@dataclass(frozen=True, slots=True)
class FieldType:
    """`parse(raw, spec, now)` takes any text, in time linear in its length, and never raises.

    `meaning` is one sentence for the documentation. `parts` names what `FieldValue.parts` holds.
    """

    name: str
    meaning: str
    parse: Parse
    operators: Mapping[str, Operator]
    mask: Callable[[str], str]
    json_schema: Callable[[FieldSpec], dict[str, object]]
    examples: Callable[[FieldSpec], tuple[str, ...]]
    parts: tuple[str, ...] = ()

    def compile(self, operator: str, values: tuple[str, ...], spec: FieldSpec) -> Test:
        """A test of one value, made once. `ValueError` holds a sentence when the operator or a value does not fit."""
        make = self.operators.get(operator)
        if make is None:
            known = ", ".join(sorted(self.operators))
            raise ValueError(f"{spec.name} is a {self.name}, which has no operator {operator!r}. It has: {known}.")
        return make(values, spec)
