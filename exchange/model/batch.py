"""A file of leads: what it is, how its columns become fields, its rows, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

FileKind = Literal["csv", "json"]


@dataclass(frozen=True, slots=True)
class Columns:
    """What a mapping file says: their column to our field (empty: leave it out), and values for every row."""

    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """A file that was looked through. `columns` is empty for JSON lines; `rows` counts data rows."""

    path: Path
    kind: FileKind
    charset: str
    delimiter: str
    columns: tuple[str, ...]
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
