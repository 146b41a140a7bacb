"""Files of leads in: CSV in any usual dress, and JSON lines. A row becomes the same flat record as a request.

A file is looked through once before anything of it is used, so that one that cannot be read to its end is refused
whole. Reading it takes the memory of one row.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence

from exchange import limits
from exchange.intake.decode import decode
from exchange.intake.flat import Flat, Refused, Unreadable, settle
from exchange.model.batch import Batch, Columns, Layout, LeadFile, Record

CHUNK_BYTES = 1 << 20
SNIFFED_LINES = 20
DELIMITERS = (",", ";", "\t", "|")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_NO_TEXT = ((b"PK\x03\x04", "an archive"), (b"\xd0\xcf\x11\xe0", "an old document"), (b"%PDF", "a PDF"))


class BadFile(Exception):
    """The file cannot be imported; the sentence says what to do."""


def look_through(file: LeadFile) -> Batch:
    """Read the whole file once. Raises `BadFile` when a line of it cannot be read, and `OSError`."""
    digest, charset, start = _bytes(file)
    head = start.decode(charset, "replace").lstrip("\ufeff \t\r\n")
    if not head:
        raise BadFile(f"{file.name} is empty.")
    if head.startswith("["):
        raise BadFile(f"{file.name} is one JSON array. Write one object a line (jq -c '.[]').")
    if head.startswith("{") and charset == "utf-16":
        raise BadFile(f"{file.name} is UTF-16. JSON lines are UTF-8: save it as that.")
    if head.startswith("{"):
        return Batch(file, Layout("json", charset, "", ()), _counted(file, _json_lines(file)), digest)
    delimiter = _delimiter(file, charset)
    columns, rows = _count(file, charset, delimiter)
    return Batch(file, Layout("csv", charset, delimiter, columns), rows, digest)


def _counted(file: LeadFile, rows: Iterable[object]) -> int:
    count = 0
    for count, _ in enumerate(rows, start=1):
        if count > limits.IMPORT_ROWS:
            raise BadFile(f"{file.name} has more than {limits.IMPORT_ROWS:,} rows. Cut it into several files.")
    return count


def _bytes(file: LeadFile) -> tuple[bytes, str, bytes]:
    """Its hash, its character set, and how it begins. What is not UTF-8 is Windows-1252."""
    hasher = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    start, utf8 = b"", True
    with file.open() as source:
        while chunk := source.read(CHUNK_BYTES):
            hasher.update(chunk)
            start = start or chunk
            if utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    utf8 = False
    for mark, what in _NO_TEXT:
        if start.startswith(mark):
            raise BadFile(f"{file.name} is {what}. Save it as CSV.")
    marked = next((charset for mark, charset in _MARKS if start.startswith(mark)), None)
    if marked is None and b"\0" in start:
        raise BadFile(f"{file.name} is no text.")
    return hasher.digest(), marked or ("utf-8" if utf8 else "cp1252"), start[:CHUNK_BYTES]


def _delimiter(file: LeadFile, charset: str) -> str:
    """The one that cuts the first lines into most columns, the same number in each."""
    with io.TextIOWrapper(file.open(), encoding=charset, errors="replace", newline="") as text:
        lines = [text.readline(limits.BODY_BYTES) for _ in range(SNIFFED_LINES)]
    found: dict[str, int] = {}
    for delimiter in DELIMITERS:
        try:
            counted = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if any(cells)]
        except csv.Error:
            continue
        widths = set(counted[:-1] if len(counted) > 2 else counted)  # the last may go on behind these lines
        found[delimiter] = min(widths) if len(widths) == 1 else min(widths, default=1) - 1
    return max(DELIMITERS, key=lambda delimiter: found.get(delimiter, 0))


def _count(file: LeadFile, charset: str, delimiter: str) -> tuple[tuple[str, ...], int]:
    rows = _cells(file, charset, delimiter)
    first = next(rows, None)
    if first is None:
        raise BadFile(f"{file.name} has no header.")
    header = tuple(" ".join(cell.split()) for cell in first)
    named = [name for name in header if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise BadFile(f"{file.name} has the column {', '.join(twice)} more than once.")
    if len(header) > limits.FIELDS:
        raise BadFile(f"{file.name} has {len(header):,} columns; {limits.FIELDS} are read at most.")
    return header, _counted(file, rows)


def _cells(file: LeadFile, charset: str, delimiter: str) -> Iterator[list[str]]:
    """Every row that is not blank."""
    with io.TextIOWrapper(file.open(), encoding=charset, errors="strict", newline="") as text:
        row = _Row(text)
        reader = csv.reader(row, delimiter=delimiter)
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield cells
                row.begin()
            if not row.is_closed(delimiter):
                opened = reader.line_num - len(row.before) + 1
                raise BadFile(f"{file.name}, line {opened}: a quote is opened in this row and never closed.")
        except csv.Error as error:
            line = reader.line_num
            raise BadFile(f"{file.name}, line {line}: {error}. Perhaps a quote before it was not closed.") from error
        except UnicodeDecodeError as error:
            raise BadFile(f"{file.name}, line {reader.line_num}: no {charset}. Save it as UTF-8.") from error


class _Row:
    """Lines of a text, as a reader of rows takes them; those of the row before are kept."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self._lines: list[str] = []
        self.before: list[str] = []

    def __iter__(self) -> _Row:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self._lines.append(line)
        return line

    def begin(self) -> None:
        self.before, self._lines = self._lines, []

    def is_closed(self, delimiter: str) -> bool:
        """Whether every quote of the row before was closed: at the end of a text a usual reader does not mind."""
        try:
            list(csv.reader(self.before, delimiter=delimiter, strict=True))
        except csv.Error as error:
            return "end of data" not in str(error)
        return True


def _json_lines(file: LeadFile) -> Iterator[bytes]:
    with file.open() as source:
        number = 0
        while line := source.readline(limits.BODY_BYTES + 2):
            number += 1
            if len(line) > limits.BODY_BYTES:
                raise BadFile(f"{file.name}, line {number} is larger than {limits.BODY_BYTES // 1024} KB.")
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if line.strip():
                yield line.strip()


def records(file: LeadFile, layout: Layout, mapping: Columns, after: int = 0) -> Iterator[Record]:
    """The data rows from number `after` + 1 on, as flat records, or with what is wrong with them."""
    if layout.kind == "json":
        for number, line in enumerate(_json_lines(file), start=1):
            if number > after:
                yield _json_record(number, line, mapping)
        return
    rows = _cells(file, layout.charset, layout.delimiter)
    next(rows, None)
    for number, cells in enumerate(rows, start=1):
        if number > after:
            yield _record(number, layout.columns, cells, mapping)


def _record(number: int, columns: Sequence[str], cells: Sequence[str], mapping: Columns) -> Record:
    """A line break or a tab inside a cell is read as a blank: a request could not carry it."""
    extra = [cell for cell in cells[len(columns) :] if cell.strip()]
    if extra:
        told = f"the row has {len(cells)} cells, the header {len(columns)}"
        return Record(number, tuple(cells), None, (told,))
    pairs = [(name, " ".join(cell.split())) for name, cell in zip(columns, cells, strict=False)]
    return _flat(number, tuple(cells), pairs, mapping)


def _json_record(number: int, line: bytes, mapping: Columns) -> Record:
    cells = (line.decode("utf-8", "replace"),)
    found = decode(line, "application/json")
    if isinstance(found, Refused):
        told = tuple(problem.message for problem in found.problems) or (found.message,)
        return Record(number, cells, None, told)
    return _flat(number, cells, list(found.fields.items()), mapping)


def _flat(number: int, cells: tuple[str, ...], pairs: list[tuple[str, str]], mapping: Columns) -> Record:
    named = [(mapping.columns.get(name, name), value) for name, value in pairs]
    leaves = [(name, name, value) for name, value in named if name]
    known = {name for name, _, _ in leaves}
    leaves += [(name, name, value) for name, value in mapping.constants.items() if name not in known]
    try:
        found = settle(leaves, [], "nvp")
    except Unreadable as error:
        found = error.refused
    if isinstance(found, Flat):
        return Record(number, cells, found.fields, ())
    return Record(number, cells, None, tuple(problem.message for problem in found.problems) or (found.message,))
