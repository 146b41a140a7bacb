"""Typed tests for filters, made once when a contract is loaded and called for every lead.

A field that the lead does not carry fails every test but `is_not_set`, `not_equals` and `none_of`: what is not there
is not one of the things excluded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from exchange.fields.field_type import Operator, Parse, Test
from exchange.model.lead import FieldValue, Problem
from exchange.model.vertical import FieldSpec

VALUES_MOST = 50_000  # every ZIP of the country fits


class Ordered(Protocol):
    def __lt__(self, other: Any, /) -> bool: ...
    def __le__(self, other: Any, /) -> bool: ...


Value = TypeVar("Value", bound=Ordered)
Read = Callable[[str, FieldSpec], str]


def clean_by(parse: Parse) -> Read:
    """Reads an operator's value as the field's own type would, without the field's limits."""

    def read(text: str, spec: FieldSpec) -> str:
        answer = parse(text, replace(spec, least=None, most=None, pattern=None), 0)
        if isinstance(answer, Problem):
            raise ValueError(answer.message)
        return answer.clean

    return read


def presence() -> Mapping[str, Operator]:
    def is_set(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count("is_set", values, spec, 0, 0)
        return lambda value: value is not None

    def is_not_set(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count("is_not_set", values, spec, 0, 0)
        return lambda value: value is None

    return {"is_set": is_set, "is_not_set": is_not_set}


def membership(read: Read) -> Mapping[str, Operator]:
    def equals(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count("equals", values, spec, 1, 1)
        wanted = read(values[0], spec)
        return lambda value: value is not None and value.clean == wanted

    def not_equals(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count("not_equals", values, spec, 1, 1)
        unwanted = read(values[0], spec)
        return lambda value: value is None or value.clean != unwanted

    def one_of(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count("one_of", values, spec, 1, VALUES_MOST)
        wanted = frozenset(read(text, spec) for text in values)
        return lambda value: value is not None and value.clean in wanted

    def none_of(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count("none_of", values, spec, 1, VALUES_MOST)
        unwanted = frozenset(read(text, spec) for text in values)
        return lambda value: value is None or value.clean not in unwanted

    return {**presence(), "equals": equals, "not_equals": not_equals, "one_of": one_of, "none_of": none_of}


def ordering(
    bound: Callable[[str, FieldSpec], Value],
    low: Callable[[FieldValue], Value | None],
    high: Callable[[FieldValue], Value | None],
    names: tuple[str, str, str] = ("at_least", "at_most", "between"),
) -> Mapping[str, Operator]:
    """Inclusive bounds. A value that is itself a range passes when all of it does; an open end is `None`."""
    least_name, most_name, between_name = names

    def at_least(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count(least_name, values, spec, 1, 1)
        return _above(bound(values[0], spec), low)

    def at_most(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count(most_name, values, spec, 1, 1)
        return _below(bound(values[0], spec), high)

    def between(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count(between_name, values, spec, 2, 2)
        first, last = bound(values[0], spec), bound(values[1], spec)
        if last < first:
            raise ValueError(
                f"{spec.name} {between_name} needs the lower value first: {values[0]} is above {values[1]}."
            )
        above, below = _above(first, low), _below(last, high)
        return lambda value: above(value) and below(value)

    return {least_name: at_least, most_name: at_most, between_name: between}


def words() -> Mapping[str, Operator]:
    """Tests on text, blind to case. `contains_word` never matches inside a longer word."""

    def starts_with(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count("starts_with", values, spec, 1, VALUES_MOST)
        heads = tuple(text.strip().casefold() for text in values)
        if not all(heads):
            raise ValueError(f"{spec.name} starts_with needs text: an empty start fits everything.")
        return lambda value: value is not None and value.clean.casefold().startswith(heads)

    def contains_word(values: tuple[str, ...], spec: FieldSpec) -> Test:
        _count("contains_word", values, spec, 1, VALUES_MOST)
        wanted = frozenset(_one_word(text, spec) for text in values)
        return lambda value: value is not None and not wanted.isdisjoint(_words(value.clean))

    return {"starts_with": starts_with, "contains_word": contains_word}


def _above(bound: Value, low: Callable[[FieldValue], Value | None]) -> Test:
    def test(value: FieldValue | None) -> bool:
        least = None if value is None else low(value)
        return least is not None and bound <= least

    return test


def _below(bound: Value, high: Callable[[FieldValue], Value | None]) -> Test:
    def test(value: FieldValue | None) -> bool:
        most = None if value is None else high(value)
        return most is not None and most <= bound

    return test


def _words(text: str) -> list[str]:
    return "".join(char if char.isalnum() else " " for char in text.casefold()).split()


def _one_word(text: str, spec: FieldSpec) -> str:
    found = _words(text)
    if len(found) != 1:
        raise ValueError(f"{spec.name} contains_word takes single words, not {text[:40]!r}.")
    return found[0]


def _count(name: str, values: tuple[str, ...], spec: FieldSpec, least: int, most: int) -> None:
    if least <= len(values) <= most:
        return
    if most == 0:
        needs = "takes no value"
    elif least == most:
        needs = f"needs {least} value{'s' if least > 1 else ''}"
    else:
        needs = f"needs {least} to {most:,} values"
    raise ValueError(f"{spec.name} {name} {needs}, it has {len(values)}.")
