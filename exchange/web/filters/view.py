"""What the builder shows of each part of a filter: its choices, its values, what is wrong with it, and its sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from exchange import limits
from exchange.fields import field_types
from exchange.model.party import Clause, Group
from exchange.model.vertical import FieldSpec, Presence, Vertical
from exchange.stages.filter_words import OPERATORS, tell_rule
from exchange.stages.filters import BadFilter, Shape, compile_filter
from exchange.web.filters.tree import PARTS_MOST, ROOT, Rule, RuleGroup, several, walk

_NONE = frozenset({"is_set", "is_not_set"})
_TWO = frozenset({"between", "age_between"})
_ONE = frozenset({"equals", "not_equals"})
_MANY_WORDS = ("one_of", "none_of", "starts_with", "contains_word", "_in", "networks", "area_codes")
_SPACELESS = frozenset({"postal_code"})  # types whose values have no blank in them: a pasted list may be split by it


class Choice(NamedTuple):
    """An option of a list, or a box to tick."""

    value: str
    word: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class RuleLine:
    """`widget` says how its values are asked for: none, choice, boxes, one, two, list or zips."""

    path: str
    depth: int
    fields: Sequence[Choice]
    operators: Sequence[Choice]
    widget: str
    choices: Sequence[Choice]
    text: str
    second: str
    example: str
    notes: Sequence[str]
    wrong: str
    unfinished: bool  # what is wrong is only that something is still to be given
    told: str


@dataclass(frozen=True, slots=True)
class GroupLine:
    path: str
    depth: int
    need: str
    empty: bool
    may_nest: bool


@dataclass(frozen=True, slots=True)
class Builder:
    """A filter to be changed. `group` is None while something is wrong, or when it asks for nothing."""

    lines: Sequence[RuleLine | GroupLine]
    sentences: Sequence[str]
    group: Group | None
    problems: Sequence[str]
    full: bool
    forbidden: Sequence[tuple[str, str]]  # fields that the law keeps out, with the law


def build(tree: RuleGroup, vertical: Vertical, currency: str = "USD") -> Builder:
    shape = Shape(vertical, field_types(), currency)
    lines: list[RuleLine | GroupLine] = []
    problems: list[str] = []
    for path, part in walk(tree):
        depth = path.count(".")
        if isinstance(part, RuleGroup):
            lines.append(GroupLine(path, depth, part.need, not part.parts, depth < limits.DEPTH - 4))
            if path != ROOT and not part.parts:
                problems.append("A group has no rule: add one, or remove the group.")
            continue
        line = _line(path, part, shape)
        lines.append(line)
        if line.wrong:
            problems.append(line.wrong)
    group = None if problems else _group(tree, shape)
    told = _sentences(group, vertical, currency)
    return Builder(lines, told, group, problems, len(lines) > PARTS_MOST, vertical.no_filters)


def filter_of(tree: RuleGroup, vertical: Vertical, currency: str = "USD") -> Group | None:
    """The filter a form tells. Raises `BadFilter` with all that is wrong with it."""
    built = build(tree, vertical, currency)
    if built.problems:
        raise BadFilter(built.problems)
    return built.group


def _group(tree: RuleGroup, shape: Shape) -> Group | None:
    group = _made(tree, shape)
    return group if group.clauses else None


def _made(tree: RuleGroup, shape: Shape) -> Group:
    parts = (_made(each, shape) if isinstance(each, RuleGroup) else clause_of(each, shape) for each in tree.parts)
    return Group(tree.need, tuple(parts))


def clause_of(rule: Rule, shape: Shape) -> Clause:
    """A rule as the auction reads it, its values in their clean form. A value that cannot be read stays as typed."""
    spec = shape.vertical.by_name.get(rule.field)
    if spec is None or spec.type not in shape.types:
        return Clause(rule.field, rule.operator, ())
    rule = _settled(rule, spec, shape)
    return Clause(rule.field, rule.operator, tuple(_clean(value, spec, rule, shape) for value in _values(rule, spec)))


def _values(rule: Rule, spec: FieldSpec) -> tuple[str, ...]:
    match _widget(rule.operator, spec):
        case "none":
            return ()
        case "boxes":
            return tuple(each for each in _allowed(spec) if each in rule.ticked) or several(rule.text)
        case "two":
            return tuple(each.strip() for each in (rule.text, rule.second) if each.strip())
        case "list" | "zips":
            return several(rule.text, blanks=spec.type in _SPACELESS)
        case _:
            return (rule.text.strip(),) if rule.text.strip() else ()


def _clean(value: str, spec: FieldSpec, rule: Rule, shape: Shape) -> str:
    if rule.operator not in ("equals", "not_equals", "one_of", "none_of"):
        return value.removeprefix("$").replace(",", "") if value[:1] in "$0123456789" else value
    answer = shape.types[spec.type].parse(value, spec, 0)
    return getattr(answer, "clean", value)


def _widget(operator: str, spec: FieldSpec) -> str:
    if operator in _NONE:
        return "none"
    if operator in _TWO:
        return "two"
    if operator in _ONE or not operator.endswith(_MANY_WORDS):
        return "choice" if operator in _ONE and _allowed(spec) else "one"
    if _allowed(spec) and operator in ("one_of", "none_of"):
        return "boxes"
    return "zips" if spec.type == "postal_code" and operator != "starts_with" else "list"


def _allowed(spec: FieldSpec) -> tuple[str, ...]:
    return ("yes", "no") if spec.type in ("boolean", "consent") else spec.allowed


def _line(path: str, rule: Rule, shape: Shape) -> RuleLine:
    vertical = shape.vertical
    spec = vertical.by_name.get(rule.field)
    fields = [
        Choice(each.name, each.label, each.name == rule.field)
        for each in vertical.fields
        if vertical.why_no_filter(each.name) is None and each.type in shape.types
    ]
    if spec is None or spec.type not in shape.types:
        wrong = "Choose a field." if not rule.field else f"{vertical.title} has no field {rule.field[:40]!r}."
        return RuleLine(path, path.count("."), fields, (), "none", (), "", "", "", (), wrong, not rule.field, "")
    known, rule = shape.types[spec.type].operators, _settled(rule, spec, shape)
    values, widget = _values(rule, spec), _widget(rule.operator, spec)
    unfinished = not values and widget != "none"
    wrong, told = (f"{spec.label}: give a value.", "") if unfinished else _judged(rule, shape)
    return RuleLine(
        path,
        path.count("."),
        fields,
        [Choice(name, word, name == rule.operator) for name, word in OPERATORS.items() if name in known],
        widget,
        [Choice(each, each.replace("_", " "), each in values) for each in _allowed(spec)],
        rule.text,
        rule.second,
        spec.example or shape.types[spec.type].examples(spec)[0],
        tuple(_notes(spec)),
        wrong,
        unfinished,
        told,
    )


def _settled(rule: Rule, spec: FieldSpec, shape: Shape) -> Rule:
    """With an operator that the field has: when none was chosen yet, the one it is mostly asked for by."""
    known = shape.types[spec.type].operators
    if rule.operator in known:
        return rule
    wanted = ("is_set",) if spec.personal else ()
    if spec.type in ("boolean", "consent"):
        wanted = ("equals",)
    elif spec.type in ("integer", "number", "amount"):
        wanted = ("at_least",)
    first = next((each for each in (*wanted, "one_of") if each in known), next(iter(known)))
    return replace(rule, operator=first)


def _notes(spec: FieldSpec) -> Iterator[str]:
    if spec.ping is Presence.ABSENT:
        yield "Comes with the post only: a ping cannot be chosen by it."
    elif spec.ping is Presence.OPTIONAL:
        yield "May be left out of a lead."


def _judged(rule: Rule, shape: Shape) -> tuple[str, str]:
    """What is wrong with one rule, and its sentence when nothing is."""
    clause = clause_of(rule, shape)
    try:
        compile_filter(Group("all", (clause,)), shape)
    except BadFilter as bad:
        return " ".join(bad.problems), ""
    return "", tell_rule(clause, shape.vertical, shape.currency)


def _sentences(group: Group | None, vertical: Vertical, currency: str) -> tuple[str, ...]:
    if group is None:
        return ()
    if group.need == "any" and len(group.clauses) > 1:
        return (f"{tell_rule(group, vertical, currency)}.",)
    return tuple(f"{tell_rule(part, vertical, currency)}." for part in group.clauses)
