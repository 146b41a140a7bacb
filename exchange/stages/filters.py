"""Filters: trees of typed clauses, compiled once per contract to tests, each of which can say what it wants.

The clauses of an `all` group stand alone, so that each that fails is told by itself; an `any` group is one criterion
that names its alternatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exchange import limits
from exchange.fields import FieldType, Test
from exchange.fields.operators import clean_by
from exchange.model.lead import FieldValue
from exchange.model.party import Clause, Group
from exchange.model.vertical import FieldSpec, Presence, Vertical
from exchange.stages.filter_words import show_value, tell_clause

Values = Mapping[str, FieldValue]
_EQUAL_AS_TEXT = ("choice", "state", "postal_code", "boolean")  # their equality is that of their clean text


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
    """One thing that must hold. `clause_test` tests `fields[0]` alone; it is None for a group.

    `takes` are the clean values that pass, where it is a matter of being one of them; else it is empty. `at_ping` is
    False when a field never comes with a ping: then only the post can decide.
    """

    fields: tuple[str, ...]
    required: str
    holds: Callable[[Values], bool]
    clause_test: Test | None
    takes: frozenset[str]
    got: Callable[[Values], str]
    at_ping: bool

    @property
    def name(self) -> str:
        return "filter:" + "|".join(self.fields)


Compiled = Mapping[tuple[Clause | Group, str], Criterion]  # by part and currency


def compile_filter(group: Group | None, shape: Shape, known: Compiled | None = None) -> Compiled:
    """The criteria that must all hold, by part and currency. Those in `known` are not compiled again.

    Raises `BadFilter` with every problem of the whole tree.
    """
    known = known or {}
    compiled: dict[tuple[Clause | Group, str], Criterion] = {}
    problems = [] if group is None else list(_group_problems(group, limits.DEPTH))
    for part in demands(group) if not problems else ():
        key = (part, shape.currency)
        try:
            compiled[key] = known.get(key) or _compile_part(part, shape)
        except BadFilter as bad:
            problems += bad.problems
    if problems:
        raise BadFilter(problems)
    return compiled


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


def _compile_part(part: Clause | Group, shape: Shape) -> Criterion:
    leaves = tuple(_leaves(part))
    tests = _tests(leaves, shape)
    specs = {clause.field: shape.vertical.by_name[clause.field] for clause in leaves}
    fields = tuple(specs)
    return Criterion(
        fields=fields,
        required=_tell(part, shape, alone=len(fields) == 1),
        holds=_holds(part, tests),
        clause_test=tests[part] if isinstance(part, Clause) else None,
        takes=_takes(part, shape),
        got=_got(tuple(specs.values()), leaves, shape.currency),
        at_ping=all(spec.ping is not Presence.ABSENT for spec in specs.values()),
    )


def _leaves(part: Clause | Group) -> Iterator[Clause]:
    if isinstance(part, Clause):
        yield part
        return
    for inner in part.clauses:
        yield from _leaves(inner)


def _group_problems(group: Group, depth: int) -> Iterator[str]:
    if group.need not in ("all", "any"):
        yield f"A group needs all or any of its clauses, not {group.need[:20]!r}."
    if group.need == "any" and not group.clauses:
        yield "A group that needs any of its clauses has none."
    if depth == 0:
        yield f"Groups nest at most {limits.DEPTH} deep."
        return
    for inner in group.clauses:
        if isinstance(inner, Group):
            yield from _group_problems(inner, depth - 1)


def _tests(leaves: tuple[Clause, ...], shape: Shape) -> Mapping[Clause, Test]:
    tests: dict[Clause, Test] = {}
    problems: list[str] = []
    for clause in leaves:
        spec = shape.vertical.by_name.get(clause.field)
        if spec is None:
            problems.append(f"{shape.vertical.name} has no field {clause.field[:40]!r}.")
        elif law := shape.vertical.why_no_filter(spec.name):
            problems.append(f"{shape.vertical.name} takes no filter on {spec.name}: {law}")
        elif spec.type not in shape.types:
            problems.append(f"{spec.name} has the unknown type {spec.type[:40]!r}.")
        else:
            try:
                tests[clause] = shape.types[spec.type].compile(clause.operator, clause.values, spec)
            except ValueError as problem:
                problems.append(str(problem))
    if problems:
        raise BadFilter(problems)
    return tests


def _holds(part: Clause | Group, tests: Mapping[Clause, Test]) -> Callable[[Values], bool]:
    if isinstance(part, Clause):
        name, test = part.field, tests[part]
        return lambda values: test(values.get(name))
    inner = tuple(_holds(each, tests) for each in part.clauses)
    if part.need == "any":
        return lambda values: any(holds(values) for holds in inner)
    return lambda values: all(holds(values) for holds in inner)


def _takes(part: Clause | Group, shape: Shape) -> frozenset[str]:
    if not isinstance(part, Clause) or part.operator not in ("equals", "one_of"):
        return frozenset()
    spec = shape.vertical.by_name[part.field]
    if spec.type not in _EQUAL_AS_TEXT:
        return frozenset()
    read = clean_by(shape.types[spec.type].parse)
    return frozenset(read(text, spec) for text in part.values)


def _tell(part: Clause | Group, shape: Shape, *, alone: bool) -> str:
    """What is required; every alternative names its field unless it is `alone`."""
    if isinstance(part, Clause):
        words = tell_clause(part, shape.vertical.by_name[part.field], shape.currency)
        return words if alone else f"{part.field} {words}"
    told = [_tell(inner, shape, alone=alone) for inner in part.clauses]
    return (", or " if part.need == "any" else " and ").join(told)


def _got(specs: tuple[FieldSpec, ...], leaves: tuple[Clause, ...], currency: str) -> Callable[[Values], str]:
    operators = {spec.name: tuple(leaf.operator for leaf in leaves if leaf.field == spec.name) for spec in specs}

    def show(values: Values, spec: FieldSpec, named: str = "") -> str:
        value = values.get(spec.name)
        return f"no {spec.name}" if value is None else named + show_value(value, spec, operators[spec.name], currency)

    if len(specs) == 1:
        return lambda values: show(values, specs[0])
    return lambda values: "; ".join(show(values, spec, f"{spec.name} ") for spec in specs)
