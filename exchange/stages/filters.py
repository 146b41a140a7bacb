"""Filters: trees of typed clauses, compiled once per contract to tests, each of which can say what it wants.

The clauses of an `all` group stand alone, so that each that fails is told by itself; an `any` group is one criterion
that names its alternatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exchange import limits
from exchange.fields import FieldType, Test
from exchange.model.lead import FieldValue
from exchange.model.party import Clause, Group
from exchange.model.vertical import FieldSpec, Presence, Vertical
from exchange.stages.filter_words import show_value, tell_clause
from exchange.stages.reasons import NONE

Values = Mapping[str, FieldValue]


class BadFilter(ValueError):
    """A filter that cannot be compiled: all that is wrong with it, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a filter is compiled against. `currency` is the contract's: its sign stands before amounts."""

    vertical: Vertical
    types: Mapping[str, FieldType]
    currency: str = "USD"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that must hold. `clause_test` tests `fields[0]` alone; it is None when several fields are asked.

    `at_ping` is False when a field never comes with a ping: then only the post can decide.
    """

    fields: tuple[str, ...]
    required: str
    holds: Callable[[Values], bool]
    clause_test: Test | None
    got: Callable[[Values], str]
    at_ping: bool

    @property
    def name(self) -> str:
        return "filter:" + "|".join(self.fields)


def compile_filter(group: Group | None, shape: Shape) -> tuple[Criterion, ...]:
    """All criteria must hold. Raises `BadFilter` with every problem of the whole tree."""
    if group is None:
        return ()
    problems = list(_problems(group, shape, limits.DEPTH))
    if problems:
        raise BadFilter(problems)
    return tuple(compile_part(part, shape) for part in demands(group))


def demands(group: Group | None) -> Iterator[Clause | Group]:
    """The parts of a filter that must all hold: clauses, and `any` groups of several."""
    if group is None:
        return
    if group.need == "any" and len(group.clauses) > 1:
        yield group
        return
    for part in group.clauses:
        if isinstance(part, Clause):
            yield part
        else:
            yield from demands(part)


def compile_part(part: Clause | Group, shape: Shape) -> Criterion:
    """One criterion of a filter without problems; `compile_filter` finds those."""
    leaves = tuple(_leaves(part))
    specs = {clause.field: shape.vertical.by_name[clause.field] for clause in leaves}
    fields = tuple(specs)
    return Criterion(
        fields=fields,
        required=_tell(part, shape, alone=len(fields) == 1),
        holds=_compile(part, shape),
        clause_test=_test(part, shape) if isinstance(part, Clause) else None,
        got=_got(tuple(specs.values()), leaves, shape.currency),
        at_ping=all(spec.ping is not Presence.ABSENT for spec in specs.values()),
    )


def _leaves(part: Clause | Group) -> Iterator[Clause]:
    if isinstance(part, Clause):
        yield part
        return
    for inner in part.clauses:
        yield from _leaves(inner)


def _problems(part: Clause | Group, shape: Shape, depth: int) -> Iterator[str]:
    if isinstance(part, Clause):
        yield from _clause_problems(part, shape)
        return
    if part.need not in ("all", "any"):
        yield f"A group needs all or any of its clauses, not {part.need[:20]!r}."
    if part.need == "any" and not part.clauses:
        yield "A group that needs any of its clauses has none."
    if depth == 0:
        yield f"Groups nest at most {limits.DEPTH} deep."
        return
    for inner in part.clauses:
        yield from _problems(inner, shape, depth - 1)


def _clause_problems(clause: Clause, shape: Shape) -> Iterator[str]:
    spec = shape.vertical.by_name.get(clause.field)
    if spec is None:
        yield f"{shape.vertical.name} has no field {clause.field[:40]!r}."
        return
    if spec.type not in shape.types:
        yield f"{spec.name} has the unknown type {spec.type!r}."
        return
    try:
        _test(clause, shape)
    except ValueError as problem:
        yield str(problem)


def _test(clause: Clause, shape: Shape) -> Test:
    spec = shape.vertical.by_name[clause.field]
    return shape.types[spec.type].compile(clause.operator, clause.values, spec)


def _compile(part: Clause | Group, shape: Shape) -> Callable[[Values], bool]:
    if isinstance(part, Clause):
        name, test = part.field, _test(part, shape)
        return lambda values: test(values.get(name))
    inner = tuple(_compile(each, shape) for each in part.clauses)
    if part.need == "any":
        return lambda values: any(holds(values) for holds in inner)
    return lambda values: all(holds(values) for holds in inner)


def _tell(part: Clause | Group, shape: Shape, *, alone: bool) -> str:
    """What is required; every alternative names its field unless it is `alone`."""
    if isinstance(part, Clause):
        words = tell_clause(part, shape.vertical.by_name[part.field], shape.currency)
        return words if alone else f"{part.field} {words}"
    told = [_tell(inner, shape, alone=alone) for inner in part.clauses]
    return (", or " if part.need == "any" else " and ").join(told)


def _got(specs: tuple[FieldSpec, ...], leaves: tuple[Clause, ...], currency: str) -> Callable[[Values], str]:
    operators = {spec.name: tuple(leaf.operator for leaf in leaves if leaf.field == spec.name) for spec in specs}

    def show(values: Values, spec: FieldSpec) -> str:
        value = values.get(spec.name)
        return NONE if value is None else show_value(value, spec, operators[spec.name], currency)

    if len(specs) == 1:
        return lambda values: show(values, specs[0])
    return lambda values: "; ".join(f"{spec.name} {show(values, spec)}" for spec in specs)
