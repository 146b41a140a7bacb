"""Tables that ship with the package, and newer ones that an operator loads: one small text file each, plain or gzipped.

    # table: disposable_domains
    # version: 2026-11-09
    # source: https://github.com/disposable-email-domains/disposable-email-domains
    # licence: CC0-1.0
    mailinator.com

The lines before the first row say what the file is: `version` is the ISO day of its data, `source` and `licence` are
for people. Blank lines and other lines that start with # are left out. A `Kind` says how the rows are read; all kinds
stand in `exchange/stages/tables.py`. To add one:

1. the packaged file `exchange/data/NAME.txt` (or `.csv.gz`, …), and what made it beside it as `build_….py`;
2. where it is used, `NAME = Kind("name", "what it is for", "NAME.txt", read, stale_days=30)`; `read(rows)` makes the
   value that look-ups go to and raises `BadRow` for a line that does not fit;
3. its line in `exchange/stages/tables.py`, and in `docs/operating.md`.

A flow asks `market.tables.value(NAME)`: typed, made once, replaced whole when a newer table is taken up, never changed.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from itertools import islice
from typing import Any, Generic, NamedTuple, TypeVar, cast

from exchange import limits
from exchange.model.table import TableHead

T = TypeVar("T")
Rows = Sequence[str]
_HEADS = ("table", "version", "source", "licence")
_GZIP = b"\x1f\x8b"


class BadTable(Exception):
    """The file cannot be used. The sentence names the line and how to mend it."""


class BadRow(Exception):
    """A row does not fit: its number among the rows, from 0, what is wrong with it, and how it should be."""

    def __init__(self, row: int, told: str) -> None:
        super().__init__(row, told)
        self.row, self.told = row, told


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of table. `file` is the packaged one; after `stale_days` an operator is told that it is old.

    Of the packaged and a loaded one the newer is used; where the packaged one `gives_way`, the loaded one always is.
    """

    name: str
    meaning: str
    file: str
    read: Callable[[Rows], T]
    stale_days: int = 180
    gives_way: bool = False


class Table(NamedTuple):
    """A table in use. `value` is what its kind made of the rows; `loaded_by` is None for a packaged one."""

    head: TableHead
    rows: int
    sha256: str
    value: Any
    loaded_by: str | None = None
    loaded_at: int | None = None


class Tables:
    """All tables as they stand now: one of each kind. Never changed; a newer set replaces it whole."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        self._tables = dict(tables)

    def value(self, kind: Kind[T]) -> T:
        return cast(T, self._tables[kind.name].value)

    def __getitem__(self, name: str) -> Table:
        return self._tables[name]

    def __iter__(self) -> Iterator[Table]:
        return iter(self._tables.values())


@lru_cache(maxsize=64)
def packaged(kind: Kind[Any]) -> Table:
    """The table that ships with the package; read once in a process."""
    return read_table(kind, (files("exchange.data") / kind.file).read_bytes())


def read_table(kind: Kind[Any], content: bytes) -> Table:
    """The table that a file holds. Raises `BadTable`."""
    lines = _lines(content)
    head = _head(lines)
    if head.name != kind.name:
        raise BadTable(f"The file is a table of {head.name}, not of {kind.name}.")
    rows = list(filter(_is_row, lines))
    if not rows:
        raise BadTable("The file has no rows: they follow the lines that say what it is.")
    try:
        value = kind.read(rows)
    except BadRow as error:
        numbers = (number for number, line in enumerate(lines, start=1) if _is_row(line))
        raise BadTable(f"Line {next(islice(numbers, error.row, None))} {error.told}") from None
    return Table(head, len(rows), sha256(content).hexdigest(), value)


def _is_row(line: str) -> bool:
    return line != "" and line[0] != "#"


def head_of(content: bytes) -> TableHead:
    """What a file says of itself. Raises `BadTable`."""
    return _head(_lines(content))


def _head(lines: Sequence[str]) -> TableHead:
    told: dict[str, str] = {}
    for line in lines:
        if not line.startswith("#"):
            break
        name, colon, text = line[1:].partition(":")
        if colon and name.strip() in _HEADS:
            told.setdefault(name.strip(), text.strip())
    if missing := [name for name in _HEADS if not told.get(name)]:
        raise BadTable(
            f"The file does not say its {' and '.join(missing)}: it starts with lines such as "
            "`# table: disposable_domains`, `# version: 2026-11-09`, `# source: …` and `# licence: MIT`."
        )
    try:
        version = date.fromisoformat(told["version"]).isoformat()
    except ValueError:
        raise BadTable("The version must be the day of the data, such as 2026-11-09.") from None
    return TableHead(told["table"], version, told["source"], told["licence"])


def _lines(content: bytes) -> list[str]:
    if content.startswith(_GZIP):
        content = _unpacked(content)
    if len(content) > limits.TABLE_BYTES:
        raise BadTable(f"The file is larger than {limits.TABLE_BYTES // 1_000_000} MB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTable(f"The file is not UTF-8 (byte {error.start}): save it as UTF-8 text.") from None
    return [line.strip() for line in text.split("\n")]


def _unpacked(content: bytes) -> bytes:
    opened = zlib.decompressobj(wbits=31)
    try:
        text = opened.decompress(content, limits.TABLE_BYTES + 1)
    except zlib.error:
        raise BadTable("The file is a damaged gzip: pack it again, or pass it unpacked.") from None
    if not opened.eof and len(text) <= limits.TABLE_BYTES:
        raise BadTable("The file is a gzip that breaks off: fetch it again.")
    return text


def written(head: TableHead, rows: Sequence[str], *, packed: bool = False) -> bytes:
    """A table's file."""
    heads = zip(_HEADS, head, strict=True)
    text = "".join(f"# {name}: {said}\n" for name, said in heads) + "".join(f"{row}\n" for row in rows)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0) if packed else text.encode()
