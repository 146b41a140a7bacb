"""Messages as trees of plain values, and the fields of one part of such a tree."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from exchange.intake.flat import Flat, Leaf, Pairs, Tree, Unreadable, joined, leaves_of, settle, shown, unreadable
from exchange.model.source import Item
from exchange.stages.formats import Format

_HALVES = re.compile("[\ud800-\udfff]")


def plain(tree: Tree) -> Any:
    """Dictionaries and lists for a tree that was read. Raises `Unreadable` for a name sent twice."""
    if isinstance(tree, tuple):
        made = {name: plain(value) for name, value in tree}
        if len(made) < len(tree):
            twice = next(name for name in made if [each for each, _ in tree].count(name) > 1)
            unreadable(f"{shown(twice)} was sent more than once.", 422)
        return made
    return [plain(each) for each in tree] if isinstance(tree, list) else tree


def whole(tree: Any) -> Any:
    """The tree without halves of characters, which JSON can hold and nothing stores: U+FFFD stands in their place."""
    if isinstance(tree, dict):
        return {whole(name): whole(value) for name, value in tree.items()}
    if isinstance(tree, list):
        return [whole(each) for each in tree]
    return _HALVES.sub("\ufffd", tree) if isinstance(tree, str) and not tree.isascii() else tree


def find(place: str, tree: Any) -> Any:
    """What is at a place; nothing when the message is not of the shape that the place speaks of."""
    try:
        return jmespath.search(place, tree)
    except JMESPathError:
        return None


def text(value: Any) -> str:
    """A value as one text; a list as a form would send it. An object has none."""
    if isinstance(value, list):
        return joined([text(each) for each in value])
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else ""


def leaves(found: Mapping[str, Any]) -> list[Leaf]:
    """The members of an object as leaves, their names taken as they are. Raises `Unreadable`."""
    return leaves_of(_pairs(found))[0]


def _pairs(found: Mapping[str, Any]) -> Pairs:
    return tuple((name, _back(value)) for name, value in found.items())


def _back(value: Any) -> Tree:
    if isinstance(value, dict):
        return _pairs(value)
    return [_back(each) for each in value] if isinstance(value, list) else value


def settled(item: Item, found: Sequence[Leaf], format: Format) -> Item:
    """The item with these fields, or with everything that is wrong with them.

    A line break or a tab inside a value is read as a blank: a request could not carry it.
    """
    one_line = [(full, short, " ".join(value.split())) for full, short, value in found]
    try:
        flat = settle(one_line, [], format)
    except Unreadable as error:
        flat = error.refused
    if isinstance(flat, Flat):
        return replace(item, fields=flat.fields, problems=())
    return refused(item, *(problem.message for problem in flat.problems or ()), otherwise=flat.message)


def refused(item: Item, *problems: str, otherwise: str = "") -> Item:
    """The item as one that cannot be read."""
    return replace(item, fields=None, problems=problems or (otherwise,))
