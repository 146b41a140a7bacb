"""What the columns of a file are: guessed by name, by alias, by likeness of spelling, and by what stands in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from rapidfuzz import fuzz, process

from exchange import limits
from exchange.intake.batch import records
from exchange.model.batch import Columns, Guess, Layout, LeadFile
from exchange.model.lead import Kind, Problem
from exchange.model.vertical import Vertical
from exchange.stages.field_names import Known, Names, fold

SAMPLES = 3
SAMPLE_CHARACTERS = 60
_ALIKE = 82  # of 100: letters that two names share, in order
_FITS = 0.9  # of the values must be readable before a content is believed
_LEAST_VALUES = 3  # fewer say too little about what a column holds

# Types whose values look like nothing else, surest first; a `city` or a `text` would fit everything.
_TELLING = ("email", "certificate", "leadid", "phone", "ip", "state", "postal_code", "dob", "instant", "choice")
_DIGITS = re.compile(r"\D")
_PHONE_DIGITS = 10


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    values: tuple[str, ...]  # without the blank ones

    @property
    def samples(self) -> tuple[str, ...]:
        different = dict.fromkeys(value[:SAMPLE_CHARACTERS] for value in self.values)
        return tuple(islice(different, SAMPLES))


def guess_columns(file: LeadFile, layout: Layout, names: Names, now: int) -> tuple[Guess, ...]:
    """A guess for every named column, in their order; no field is guessed twice. Raises `BadFile`."""
    columns = list(_columns(file, layout))
    by_name = {column.name: found for column in columns if (found := _by_name(column.name, names))}
    taken: dict[str, str] = {}
    for name in sorted(by_name, key=lambda name: by_name[name][1] != "name"):  # a field's own name goes first
        taken.setdefault(by_name[name][0], name)
    guesses: dict[str, tuple[str, str]] = {
        name: by_name[name] for field, name in taken.items() if names.known[field].goes.value != "ignored"
    }
    for column in columns:
        if column.name not in by_name and (like := _like(column, names, taken, now)):
            guesses[column.name] = (like, "like")
            taken[like] = column.name
    for column in columns:
        if column.name not in by_name and column.name not in guesses:
            if held := _by_content(column, names, taken, now):
                guesses[column.name] = (held, "content")
                taken[held] = column.name
    return tuple(_told(column, *guesses.get(column.name, ("", "")), names, now) for column in columns)


def missing_fields(fields: Iterable[str], names: Names, vertical: Vertical) -> tuple[str, ...]:
    """Required fields of a post, consent with them, that neither these fields give nor the line makes of them."""
    given = set(fields)
    made = {"first_name", "last_name"} if "full_name" in given else set()
    made |= {"state"} if "zip" in given else set()
    needed = (names.required[Kind.DIRECT] | set(vertical.consent.required)) - given - made
    return tuple(name for name in names.known if name in needed)


def as_mapping(guesses: Iterable[Guess]) -> Mapping[str, str]:
    """The guesses that a mapping must say: names and aliases are understood without it."""
    return {guess.column: guess.field for guess in guesses if guess.how in ("like", "content")}


def _columns(file: LeadFile, layout: Layout) -> Iterator[_Column]:
    """The columns with the values of the first rows."""
    rows = islice(records(file, layout, Columns()), limits.COLUMN_ROWS)
    if layout.kind == "csv":
        found: dict[str, list[str]] = {name: [] for name in layout.columns if name}
        for row in rows:
            for name, cell in zip(layout.columns, row.cells, strict=False):
                if name and cell.strip():
                    found[name].append(" ".join(cell.split()))
    else:
        found = {}
        for row in rows:
            for name, value in (row.fields or {}).items():
                found.setdefault(name, []).extend([value] if value else [])
    for name, values in found.items():
        yield _Column(name, tuple(values))


def _by_name(column: str, names: Names) -> tuple[str, str] | None:
    name = names.canonical(column)
    if name is None:
        return None
    return name, "name" if fold(column) == fold(name) else "alias"


def _like(column: _Column, names: Names, taken: Mapping[str, str], now: int) -> str | None:
    """The field that is spelled alike, when what stands in the column can be read as it."""
    near = process.extractOne(fold(column.name), names.folded.keys(), scorer=fuzz.ratio, score_cutoff=_ALIKE)
    name = names.folded[near[0]] if near else ""
    if not name or name in taken or names.known[name].goes.value == "ignored":
        return None
    return name if not column.values or _fits(column, names.known[name], now) >= _FITS else None


def _by_content(column: _Column, names: Names, taken: Mapping[str, str], now: int) -> str | None:
    """The field whose type alone can read what stands in the column; required ones before others."""
    if len(column.values) < _LEAST_VALUES:
        return None
    needed = names.required[Kind.DIRECT]
    for kind in _TELLING:
        free = [each for each in names.known.values() if each.spec.type == kind and each.spec.name not in taken]
        for known in sorted(free, key=lambda each: (each.spec.name not in needed, not each.declared)):
            if (known.declared or known.spec.personal) and _fits(column, known, now) >= _FITS:
                return known.spec.name
    return None


def _fits(column: _Column, known: Known, now: int) -> float:
    """The share of the values that the field's type can read."""
    if not column.values:
        return 0.0
    good = sum(_reads(known, value, now) for value in column.values)
    return good / len(column.values)


def _reads(known: Known, value: str, now: int) -> bool:
    if known.spec.type == "phone" and len(_DIGITS.sub("", value)) < _PHONE_DIGITS:
        return False
    return not isinstance(known.parse(value, known.spec, now), Problem)


def _told(column: _Column, field: str, how: str, names: Names, now: int) -> Guess:
    fits = _fits(column, names.known[field], now) if field else 0.0
    return Guess(column.name, column.samples, field, how, fits)
