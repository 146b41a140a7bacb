"""A file of a list, read as it arrives: each row becomes what it is looked up by, or a line that says what is wrong."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import Enum
from typing import NamedTuple

from exchange import limits
from exchange.stages.suppression.forms import HASHES, MD5, PERSON, PHONE, PLAIN, SHA1, SHA256, hash_named, reader

TOLD = 20  # wrong rows are told one by one up to here, and counted after
_HEADER_NAMES = {
    "phone": ("phone", "phonenumber", "telephone", "number", "dnc", "mobile", "cell"),
    "email": ("email", "emailaddress", "mail", "address"),
    "person": (),
}
_HASH_NAMES = ("hash", "value", MD5, SHA1, SHA256)
_ACTIONS = ("op", "action", "change", "status", "type")
_ADDS = frozenset({"a", "add", "added", "+", "i", "insert", "new"})
_REMOVES = frozenset({"d", "delete", "deleted", "-", "r", "remove", "removed"})


class Mode(Enum):
    """What a file does to its list: it is all of it, its rows come to it or go, or each row says which."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"
    CHANGES = "changes"


class Wrong(NamedTuple):
    """One row that cannot be used. `what` quotes nothing of it: it may be somebody's phone."""

    line: int
    what: str
    fix: str

    def __str__(self) -> str:
        return f"line {self.line:,}: {self.what}. {self.fix}"


class Batch(NamedTuple):
    """Rows of one piece of a file: what comes and what goes."""

    added: list[str]
    removed: list[str]


class BadList(Exception):
    """The file cannot be a list at all. The sentence says what to do."""


class RowReader:
    """Reads a file piece by piece. `hash_name` empty: the first row says how the list is hashed."""

    def __init__(self, kind: str, hash_name: str, mode: Mode, column: str = "") -> None:
        self.kind, self.hash_name, self.mode = kind, hash_name or (SHA256 if kind == PERSON else ""), mode
        self._column = column
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._rest = ""
        self.line = 0
        self.rows = 0
        self.wrong: list[Wrong] = []
        self.wrong_rows = 0
        self._read: Callable[[str], str | None] | None = None
        self._place: int | None = None
        self._action: int | None = None
        self._delimiter = ","
        self._begun = False

    def feed(self, data: bytes) -> Batch:
        """The rows that are whole now. Raises `BadList`."""
        text = self._rest + self._decoder.decode(data)
        lines = text.split("\n")
        self._rest = lines.pop()
        if len(self._rest) > limits.LIST_LINE_CHARACTERS:
            raise BadList(f"Line {self.line + len(lines) + 1:,} is too long: this is not a list of one value a line.")
        return self._rows(lines)

    def end(self) -> Batch:
        """The last row, which may lack its end of line. Raises `BadList` for a file without rows."""
        last = self._rest + self._decoder.decode(b"", True)
        self._rest = ""
        found = self._rows([last]) if last else Batch([], [])
        if not self.rows and not self.wrong_rows:
            raise BadList("The file has no rows. Send one value a line.")
        return found

    def _rows(self, lines: list[str]) -> Batch:
        batch = Batch([], [])
        removes = self.mode is Mode.REMOVE
        for raw in lines:
            self.line += 1
            text = raw.strip()
            if not text or (not self._begun and self._begin(text)):
                continue
            cells: Sequence[str] = () if self._place is None else self._cells(text)
            value = text if self._place is None else self._cell(cells, self._place)
            assert self._read is not None
            token = self._read(value)
            if token is None:
                self._note(value)
                continue
            self.rows += 1
            gone = removes
            if self.mode is Mode.CHANGES:
                action = self._cell(cells, self._action if self._action is not None else len(cells) - 1).lower()
                if action not in _ADDS and action not in _REMOVES:
                    self.rows -= 1
                    self._add(
                        Wrong(self.line, "it does not say whether it comes or goes", "Write A or D in its column")
                    )
                    continue
                gone = action in _REMOVES
            (batch.removed if gone else batch.added).append(token)
        return batch

    def _begin(self, text: str) -> bool:
        """Understand the file by its first line. True when that is a line of names, not a row."""
        self._begun = True
        self._delimiter = next((sign for sign in (",", ";", "\t", "|") if sign in text), ",")
        cells = self._cells(text)
        names = ["".join(filter(str.isalnum, cell.lower())) for cell in cells]
        wanted = (*_HEADER_NAMES[self.kind], *_HASH_NAMES)
        place = self._named_column(cells, names, wanted)
        is_header = place is not None
        if place is None:
            place = next((index for index, cell in enumerate(cells) if self._fits(cell)), None)
        if place is None and self.kind == PHONE and self._in_two(cells):
            place = -1
        if self.mode is Mode.CHANGES:
            self._action = next((index for index, name in enumerate(names) if is_header and name in _ACTIONS), None)
        several = len(cells) > 1
        if self.mode is Mode.CHANGES and not several:
            raise BadList("A file of changes needs a column that says A (comes) or D (goes) for each row.")
        self._place = place if several and place is not None else (0 if several else None)
        if not self.hash_name:
            self.hash_name = PLAIN if is_header else self._hash_of(cells, place)
            self._read = None if is_header else reader(self.kind, self.hash_name)
        else:
            self._read = reader(self.kind, self.hash_name)
        if is_header and self._read is None:
            self._read = self._first_decides
        return is_header

    def _first_decides(self, value: str) -> str | None:
        """The first value below a line of names says how the list is hashed."""
        self.hash_name = hash_named(value) or PLAIN
        self._read = reader(self.kind, self.hash_name)
        return self._read(value)

    def _named_column(self, cells: Sequence[str], names: Sequence[str], wanted: Sequence[str]) -> int | None:
        if self._column.isdecimal():
            place = int(self._column) - 1
            if not 0 <= place < len(cells):
                raise BadList(f"There is no column {self._column}: the first line has {len(cells)}.")
            return place if not self._fits(cells[place]) else None
        if self._column:
            folded = "".join(filter(str.isalnum, self._column.lower()))
            if folded not in names:
                raise BadList(
                    f"There is no column {self._column[:60]!r} in the first line. Name one that is, or its number."
                )
            return names.index(folded)
        found = [index for name in wanted for index, each in enumerate(names) if each == name]
        if not found:
            found = [index for name in wanted for index, each in enumerate(names) if name in each and len(each) < 30]
        found = [index for index in found if not self._fits(cells[index])]
        return found[0] if found else None

    def _hash_of(self, cells: Sequence[str], place: int | None) -> str:
        value = self._cell(cells, place) if place is not None and place >= 0 else cells[0]
        return hash_named(value.strip()) or PLAIN

    def _fits(self, cell: str) -> bool:
        names = (self.hash_name,) if self.hash_name else (PLAIN, hash_named(cell) or PLAIN)
        return any(reader(self.kind, name)(cell) is not None for name in names)

    def _in_two(self, cells: Sequence[str]) -> bool:
        """`602,5550142`: an area code and a number, as the National Registry writes them."""
        return len(cells) > 1 and [len(cell) for cell in cells[:2]] == [3, 7] and "".join(cells[:2]).isdecimal()

    def _cells(self, text: str) -> list[str]:
        if '"' in text:
            with suppress(csv.Error):
                return [cell.strip() for cell in next(csv.reader([text], delimiter=self._delimiter))]
        return [cell.strip() for cell in text.split(self._delimiter)]

    def _cell(self, cells: Sequence[str], place: int) -> str:
        if place == -1:
            return "".join(cells[:2])
        return cells[place] if place < len(cells) else ""

    def _note(self, value: str) -> None:
        other = hash_named(value)
        if other is not None and other != self.hash_name:
            what = f"it is {_a(other)}, and the list holds {_plural(self.kind, self.hash_name)}"
            fix = "Put values of one kind into one list"
        elif self.hash_name == PLAIN:
            what = f"it is not {_a(self.kind)}"
            fix = "Write ten digits, or + and the country" if self.kind == PHONE else "Write one address a line"
        else:
            what = f"it is not {_a(self.hash_name)}"
            fix = f"Write {_a(self.hash_name)} in hex or Base64"
        self._add(Wrong(self.line, what, fix))

    def _add(self, wrong: Wrong) -> None:
        self.wrong_rows += 1
        if len(self.wrong) < TOLD:
            self.wrong.append(wrong)


def _a(name: str) -> str:
    words = {
        MD5: "an MD5",
        SHA1: "a SHA-1",
        SHA256: "a SHA-256",
        "phone": "a phone number",
        "email": "an email address",
    }
    return words.get(name, name)


def _plural(kind: str, hash_name: str) -> str:
    assert hash_name in HASHES
    return f"{kind}s in plain" if hash_name == PLAIN else f"{_a(hash_name).split()[1]} of {kind}s"
