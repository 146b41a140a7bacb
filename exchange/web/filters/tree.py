"""A filter as the fields of a form: `f.0.need`, `f.0.1.field`, `f.0.1.op`, `f.0.1.v`, `f.0.2.1.field` … Pure.

A path says where a part stands: `0` is the whole, `0.2` its second part, `0.2.1` the first part of that. What was typed
is kept as it was typed, wrong or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from exchange import limits
from exchange.model.party import Clause, Group

ROOT = "0"
PARTS_MOST = 60
"""Rules and groups in one filter: more are no longer read by anybody."""

_NAME = re.compile(r"f\.(0(?:\.[0-9]{1,3}){0,6})\.(need|field|op|v|v2|is\..{1,200})", re.DOTALL)
_STEP = re.compile(r"(add|group|remove) (0(?:\.[0-9]{1,3}){0,6})")
_MANY = re.compile(r"[,;\n]+")
_BLANKS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: `text` and `second` are typed, `ticked` are the boxes of a list."""

    field: str = ""
    operator: str = ""
    text: str = ""
    second: str = ""
    ticked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleGroup:
    need: str = "all"  # all | any
    parts: tuple[Rule | RuleGroup, ...] = ()


def tree_of(group: Group | None) -> RuleGroup:
    """A filter as its form shows it."""
    if group is None:
        return RuleGroup()
    return RuleGroup(group.need, tuple(_part(each) for each in group.clauses))


def _part(part: Clause | Group) -> Rule | RuleGroup:
    if isinstance(part, Group):
        return tree_of(part)
    if part.operator in ("between", "age_between") and len(part.values) == 2:
        return Rule(part.field, part.operator, part.values[0], part.values[1], part.values)
    return Rule(part.field, part.operator, ", ".join(part.values), "", part.values)


def read_tree(form: Mapping[str, str]) -> RuleGroup:
    """What a form holds; fields that are no part of a filter are left alone."""
    parts: dict[tuple[int, ...], dict[str, str]] = {}
    for name, value in form.items():
        found = _NAME.fullmatch(name)
        if found is not None:
            parts.setdefault(_path(found[1]), {})[found[2]] = value
    root = parts.pop((0,), {})
    return _group((0,), root, dict(sorted(parts.items())[:PARTS_MOST]))


def _group(path: tuple[int, ...], own: Mapping[str, str], parts: Mapping[tuple[int, ...], dict[str, str]]) -> RuleGroup:
    inner = [each for each in parts if each[:-1] == path]
    made = tuple(_read_part(each, parts) for each in inner)
    return RuleGroup("any" if own.get("need") == "any" else "all", made)


def _read_part(path: tuple[int, ...], parts: Mapping[tuple[int, ...], dict[str, str]]) -> Rule | RuleGroup:
    own = parts[path]
    if "need" in own:
        return _group(path, own, parts)
    ticked = tuple(name.removeprefix("is.") for name in own if name.startswith("is."))
    return Rule(
        own.get("field", "")[:80],
        own.get("op", "")[:40],
        own.get("v", ""),
        own.get("v2", "")[: limits.FIELD_CHARACTERS],
        ticked,
    )


def apply_step(tree: RuleGroup, step: str) -> RuleGroup:
    """The filter after a button was pressed: `add 0`, `group 0`, `remove 0.2`. What is no such step changes nothing."""
    found = _STEP.fullmatch(step)
    if found is None:
        return tree
    path = _path(found[2])[1:]
    match found[1]:
        case "add":
            return _added(tree, path, Rule())
        case "group":
            return _added(tree, path, RuleGroup("any", (Rule(),)))
        case _:
            return _removed(tree, path) if path else RuleGroup()


def _added(group: RuleGroup, path: tuple[int, ...], new: Rule | RuleGroup) -> RuleGroup:
    if not path:
        return replace(group, parts=(*group.parts, new))
    return _inner(group, path, lambda inner: _added(inner, path[1:], new))


def _removed(group: RuleGroup, path: tuple[int, ...]) -> RuleGroup:
    at = path[0] - 1
    if len(path) > 1:
        return _inner(group, path, lambda inner: _removed(inner, path[1:]))
    return replace(group, parts=(*group.parts[:at], *group.parts[at + 1 :])) if 0 <= at < len(group.parts) else group


def _inner(group: RuleGroup, path: tuple[int, ...], change: Callable[[RuleGroup], RuleGroup]) -> RuleGroup:
    at = path[0] - 1
    found = group.parts[at] if 0 <= at < len(group.parts) else None
    if not isinstance(found, RuleGroup):
        return group
    return replace(group, parts=(*group.parts[:at], change(found), *group.parts[at + 1 :]))


def walk(group: RuleGroup, path: str = ROOT) -> Iterator[tuple[str, Rule | RuleGroup]]:
    """Every part with its path, a group before what is in it. Paths count anew, from 1."""
    yield path, group
    for number, part in enumerate(group.parts, start=1):
        if isinstance(part, RuleGroup):
            yield from walk(part, f"{path}.{number}")
        else:
            yield f"{path}.{number}", part


def several(text: str, *, blanks: bool = False) -> tuple[str, ...]:
    """The values of a list as it was typed or pasted: by commas, semicolons and lines, and by `blanks` where no value
    has any."""
    parts = (_BLANKS if blanks else _MANY).split(text)
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _path(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
