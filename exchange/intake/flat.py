"""The flat record every door ends in, and the one set of limits it keeps.

The readers (JSON, form, multipart, XML) make leaves: `(full name, short name, text)`. `settle` names them, checks
them against `limits` and gives a `Flat`, or a `Refused` that tells every problem at once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias

from exchange import limits
from exchange.fields.characters import mend_mojibake
from exchange.model.lead import Problem
from exchange.model.reason import Reason
from exchange.stages.formats import Format

Repeats = Literal["refuse", "first", "last"]
Leaf: TypeAlias = tuple[str, str, str]  # full name, short name, text
Tree: TypeAlias = "str | bool | Pairs | list[Tree] | None"
Pairs: TypeAlias = "tuple[tuple[str, Tree], ...]"

EDGES = " \t\r\n"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NO_CHARACTER = re.compile(r"[\ud800-\udfff\ufffe\uffff]")  # neither UTF-8 nor XML can carry them on
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Flat:
    """A request behind the front door: name as sent → text with its edges trimmed, in the order it came.

    No name or value holds a control character or a lone surrogate, and none is above its limit. `warnings` is filled
    only when the seller's profile lets a repeated name pass.
    """

    fields: Mapping[str, str]
    format: Format
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A request the front door turns away, with its HTTP status.

    `closes` says that part of the body was left unread: the answer must close the connection.
    """

    reason: Reason
    status: int
    message: str
    problems: tuple[Problem, ...] = ()
    closes: bool = False


class Unreadable(Exception):
    """Raised by a reader to end the reading; `decode` turns it into its `Refused`."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.refused = refused


def unreadable(message: str, status: int = 400) -> NoReturn:
    """End the reading: `status` 400 is a body that cannot be read, 413 one too large, 415 a type not taken."""
    reason = {413: Reason.TOO_LARGE, 415: Reason.MEDIA_TYPE, 422: Reason.INVALID}.get(status, Reason.BAD_REQUEST)
    raise Unreadable(Refused(reason, status, message))


def too_many_fields() -> NoReturn:
    unreadable(f"More than {limits.FIELDS} fields were sent.", 422)


def too_deep(what: str) -> NoReturn:
    unreadable(f"{what}: nested deeper than {limits.DEPTH} levels.")


def shown(text: str) -> str:
    """A name as a sentence may repeat it: cut to 80 characters, nothing unprintable in it."""
    return _NOT_SHOWN.sub("\ufffd", text[: limits.GOT_CHARACTERS])


def joined(items: Sequence[str]) -> str:
    """A list of plain values as one text: `A,B`. An item with a comma or a quote in it is quoted as in CSV."""
    return ",".join('"' + item.replace('"', '""') + '"' if "," in item or '"' in item else item for item in items)


def leaves_of(pairs: Pairs, repeats: Repeats = "refuse") -> tuple[list[Leaf], list[str]]:
    """The leaves of a nested record, and the full names that came twice in one object."""
    leaves: list[Leaf] = []
    twice: list[str] = []
    _walk(pairs, "", True, repeats, leaves, twice)
    return leaves, twice


def _walk(pairs: Pairs, prefix: str, short: bool, repeats: Repeats, leaves: list[Leaf], twice: list[str]) -> None:
    if len(pairs) + len(leaves) > 2 * limits.FIELDS:
        too_many_fields()
    if len({name for name, _ in pairs}) < len(pairs):
        pairs = _once(pairs, prefix, repeats, twice)
    for name, value in pairs:
        full = prefix + name
        if type(value) is str:
            leaves.append((full, name if short else full, value))
        elif isinstance(value, tuple):
            _walk(value, full + ".", short, repeats, leaves, twice)
        elif isinstance(value, list):
            _walk_list(value, prefix, name, short, repeats, leaves, twice)
        else:
            leaves.append((full, name if short else full, _word(value)))


def _walk_list(
    items: list[Tree], prefix: str, name: str, short: bool, repeats: Repeats, leaves: list[Leaf], twice: list[str]
) -> None:
    full = prefix + name
    kinds = set(map(type, items))
    if tuple not in kinds and list not in kinds:
        if len(items) > limits.FIELD_CHARACTERS:
            unreadable(f"{shown(full)} has {len(items):,} items, too many for one field.", 422)
        leaves.append((full, name if short else full, joined([_word(item).strip(EDGES) for item in items])))
        return
    if len(items) > limits.FIELDS:
        too_many_fields()
    numbered = tuple((str(index), item) for index, item in enumerate(items))
    _walk(numbered, full + ".", False, repeats, leaves, twice)


def _word(value: Tree) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else "true" if value else "false"


def _once(pairs: Pairs, prefix: str, repeats: Repeats, twice: list[str]) -> Pairs:
    """The pairs with each name once, as `repeats` says; the names that came again are noted."""
    twice += [prefix + name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if repeats == "last":
        return tuple(dict(pairs).items())
    kept: dict[str, Tree] = {}
    for name, value in pairs:
        kept.setdefault(name, value)
    return tuple(kept.items())


def settle(leaves: list[Leaf], twice: list[str], format: Format, repeats: Repeats = "refuse") -> Flat | Refused:
    """Name the leaves and check them.

    A leaf goes by its short name (`first_name`) when no other leaf has the same one, else by its full name
    (`contact.first_name`).
    """
    if len(leaves) > limits.FIELDS:
        too_many_fields()
    fields: dict[str, str] = {}
    problems: list[Problem] = []
    repeated = dict.fromkeys(name.strip(EDGES) for name in twice)
    for name, value in _named(leaves):
        name = name.strip(EDGES)
        value = value.strip(EDGES)
        if not (name.isprintable() and 0 < len(name) <= limits.FIELD_NAME_CHARACTERS):
            problems += _name_problems(name)
        if not value.isprintable():
            value = mend_mojibake(value)  # half of a letter read wrongly may look like a control character
        if not (value.isprintable() and len(value) <= limits.FIELD_CHARACTERS):
            problems += _value_problems(name, value)
        if name in fields:
            repeated[name] = None
            if repeats != "last":
                continue
        fields[name] = value
    conflicts = [Problem(shown(name), "conflict", f"{shown(name)} was sent more than once") for name in repeated]
    if repeats == "refuse":
        problems += conflicts
    if problems:
        return _invalid(problems[: limits.PROBLEMS_TOLD])
    if not conflicts:
        return Flat(fields, format)
    warnings = (problem._replace(message=f"{problem.message}; the {repeats} was taken") for problem in conflicts)
    return Flat(fields, format, tuple(warnings)[: limits.PROBLEMS_TOLD])


def _named(leaves: list[Leaf]) -> list[tuple[str, str]]:
    if len({leaf[1] for leaf in leaves}) == len(leaves):
        return [(short, value) for _, short, value in leaves]
    counts = Counter(short for _, short, _ in leaves)
    return [(short if counts[short] == 1 else full, value) for full, short, value in leaves]


def _name_problems(name: str) -> list[Problem]:
    if not name:
        return [Problem("", "pattern", "A value was sent without a field name")]
    if len(name) > limits.FIELD_NAME_CHARACTERS:
        most = limits.FIELD_NAME_CHARACTERS
        return [Problem(shown(name), "length", f"The field name {shown(name)}… is longer than {most} characters")]
    if _CONTROL.search(name) or _NO_CHARACTER.search(name):
        return [Problem(shown(name), "pattern", f"The field name {shown(name)} contains a control character")]
    return []


def _value_problems(name: str, value: str) -> list[Problem]:
    field = shown(name)
    if len(value) > limits.FIELD_CHARACTERS:
        told = f"{field} is {len(value):,} characters long; at most {limits.FIELD_CHARACTERS:,} are taken"
        return [Problem(field, "length", told)]
    if found := _CONTROL.search(value):
        told = f"{field} contains the control character U+{ord(found[0]):04X} at position {found.start() + 1}"
        return [Problem(field, "pattern", told)]
    if found := _NO_CHARACTER.search(value):
        told = f"{field} contains U+{ord(found[0]):04X}, which is no character, at position {found.start() + 1}"
        return [Problem(field, "pattern", told)]
    return []


def _invalid(problems: list[Problem]) -> Refused:
    first = problems[0].message + "."
    message = first if len(problems) == 1 else f"{len(problems)} things are wrong with the fields. The first: {first}"
    return Refused(Reason.INVALID, 422, message, tuple(problems))
