"""A file of leads: what it is, how its columns become fields, its rows, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Literal

FileKind = Literal["csv", "json"]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a mapping file says: their column to our field (empty: leave it out), and values for every row."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeadFile:
    """A file of leads wherever it lies. `open` begins it anew each time; `name` is for sentences."""

    name: str
    open: Callable[[], BinaryIO]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is to be read. `columns` is empty for JSON lines."""

    kind: FileKind
    charset: str
    delimiter: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """A file that was looked through. `rows` counts data rows; `sha256` is of the file as it came."""

    file: LeadFile
    layout: Layout
    rows: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """One data row, numbered from 1: its cells as they were, and its fields, or what made it unreadable."""

    number: int
    cells: tuple[str, ...]
    fields: Mapping[str, str] | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row, in the words of the seller API."""

    status: str
    reason: str = ""
    lead_id: str = ""
    price: str = ""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column seems to be. `how`: name, alias, like (spelled alike), content, or nothing when `field` is empty.

    `samples` are its first values that differ; `fits` is the share of looked-at values that the field's type can read.
    """

    column: str
    samples: tuple[str, ...]
    field: str
    how: str
    fits: float
