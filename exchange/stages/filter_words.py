"""What a filter's clause wants and what a lead has, in a few words: `$150 or more`, `$101 to $150`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from exchange import limits
from exchange.fields.choice import range_of
from exchange.model.lead import FieldValue
from exchange.model.party import Clause, Group
from exchange.model.vertical import FieldSpec, Vertical
from exchange.stages.reasons import currency_sign

_LISTED = 6  # longer lists are counted, not repeated
_NUMBER = re.compile(r"\$?([0-9]+)(\.[0-9]+)?")
_PLURALS = (("postal_code", "ZIPs"), ("state", "states"))
OPERATORS: Mapping[str, str] = MappingProxyType(
    {
        "equals": "is",
        "one_of": "is one of",
        "at_least": "is at least",
        "at_most": "is at most",
        "between": "is between",
        "age_at_least": "is an age of at least",
        "age_at_most": "is an age of at most",
        "age_between": "is an age between",
        "older_than": "is older than (years)",
        "younger_than": "is younger than (years)",
        "on_or_after": "is on or after",
        "on_or_before": "is on or before",
        "after": "is after",
        "before": "is before",
        "not_before": "is not before",
        "not_after": "is not after",
        "starts_with": "starts with",
        "contains_word": "has one of the words",
        "domain_in": "is at one of the domains",
        "domain_not_in": "is at none of the domains",
        "host_in": "is on one of the hosts",
        "in_networks": "is in one of the networks",
        "in_area_codes": "is in one of the area codes",
        "not_in_area_codes": "is in none of the area codes",
        "not_equals": "is not",
        "none_of": "is none of",
        "is_set": "was sent",
        "is_not_set": "was left out",
    }
)
"""Every operator as a person chooses it, in the order in which they are offered."""


def tell_rule(part: Clause | Group, vertical: Vertical, currency: str) -> str:
    """A rule or a group as a sentence without its full stop: `State is one of AZ, NV`."""
    if isinstance(part, Group):
        told = [tell_rule(inner, vertical, currency) for inner in part.clauses]
        if part.need == "any":
            return ", or ".join(told)
        return " and ".join(f"({each})" if ", or " in each else each for each in told)
    spec = vertical.by_name.get(part.field)
    if spec is None:
        return f"{part.field} {OPERATORS.get(part.operator, part.operator)} {', '.join(part.values)}"
    if part.operator in ("is_set", "is_not_set", "starts_with"):
        return f"{spec.label} {OPERATORS[part.operator]} {_list(list(part.values), spec)}".rstrip()
    return f"{spec.label} is {tell_clause(part, spec, currency)}"


def tell_clause(clause: Clause, spec: FieldSpec, currency: str) -> str:
    """What must be so, to stand behind "must be" or a field's name."""
    values = [_show(text, spec, currency) for text in clause.values]
    match clause.operator:
        case "is_set":
            return "sent"
        case "is_not_set":
            return "left out"
        case "equals":
            return values[0]
        case "not_equals":
            return f"other than {values[0]}"
        case "one_of":
            return values[0] if len(values) == 1 else f"one of {_list(values, spec)}"
        case "none_of":
            return f"none of {_list(values, spec)}"
        case "between":
            return f"{values[0]} to {values[1]}"
        case "at_least":
            return f"{values[0]} or more"
        case "at_most":
            return f"{values[0]} or less"
        case _:
            return _tell_rarer(clause, values, spec)


def _tell_rarer(clause: Clause, values: list[str], spec: FieldSpec) -> str:
    match clause.operator:
        case "on_or_after" | "not_before":
            return f"{values[0]} or later"
        case "on_or_before" | "not_after":
            return f"{values[0]} or earlier"
        case "age_at_least":
            return f"age {values[0]} or more"
        case "age_at_most":
            return f"age {values[0]} or less"
        case "age_between":
            return f"age {values[0]} to {values[1]}"
        case "older_than" | "younger_than" as operator:
            return f"{operator.replace('_', ' ')} {values[0]} years"
        case "starts_with":
            return f"a value that starts with {_list(values, spec)}"
        case "contains_word":
            return f"a text with {'the word' if len(values) == 1 else 'one of the words'} {_list(values, spec)}"
        case "domain_in" | "host_in":
            return f"at {_list(values, spec)}"
        case "domain_not_in":
            return f"elsewhere than at {_list(values, spec)}"
        case operator:
            return f"{operator.replace('_', ' ')} {_list(values, spec)}".rstrip()


def show_value(value: FieldValue, spec: FieldSpec, operators: tuple[str, ...], currency: str) -> str:
    """What the lead has, masked where it is personal, and as an age where the filter asks for one."""
    if "age" in value.parts and any("age" in operator or operator.endswith("er_than") for operator in operators):
        return f"age {value.parts['age']}"
    shown = _show(value.masked, spec, currency)
    return shown if len(shown) <= limits.GOT_CHARACTERS else f"{shown[: limits.GOT_CHARACTERS - 1]}…"


def _show(text: str, spec: FieldSpec, currency: str) -> str:
    """A value as people write it: `$101 to $150` of the bracket `101-150`, `$2,500` of an amount."""
    ends = range_of(text.strip()) if spec.type == "choice" else None
    if ends is not None and ends[0] != ends[1]:
        sign = currency_sign(currency) if _is_money(spec) else ""
        return f"{sign}{ends[0]:,} or more" if ends[1] is None else f"{sign}{ends[0]:,} to {sign}{ends[1]:,}"
    found = _NUMBER.fullmatch(text.strip()) if _is_money(spec) else None
    if found is None:
        return text.strip()
    whole, part = found.groups()
    return f"{currency_sign(currency)}{int(whole):,}{part.ljust(3, '0') if part else ''}"


def _is_money(spec: FieldSpec) -> bool:
    return spec.money or spec.type == "amount" or any("$" in choice for choice in spec.allowed)


def _list(values: list[str], spec: FieldSpec) -> str:
    if len(values) <= _LISTED:
        return ", ".join(values)
    plural = dict(_PLURALS).get(spec.type, "values")
    return f"its {len(values):,} {plural}"
