"""A format taught by example: somebody marked the values in one mail, and the same places are found in the next. Pure.

A place is a line by what stands around its values on it, or, when nothing does, by the line above. Values are found
from one fixed text to the next and never by a pattern, so no mail can make it slow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple


class Mark(NamedTuple):
    """A value somebody marked: the field it belongs to, and where it stands in the text."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TaughtLine:
    """A line with values: `pieces` is what stands before, between and after them, one more than `fields`.

    `under` is the nearest line above that stays the same, used when the line begins with a value; it is then the
    `below`-th line after that, blank ones not counted. Where there is none and nothing stands around the values, it is
    the `below`-th line of all. `runs` says that the last value goes on to the next blank line.
    """

    fields: tuple[str, ...]
    pieces: tuple[str, ...]
    under: str = ""
    below: int = 0
    runs: bool = False


@dataclass(frozen=True, slots=True)
class TaughtFormat:
    """A kind of mail. `subject` is a part of the subjects it comes with; empty: of any."""

    lines: tuple[TaughtLine, ...]
    subject: str = ""


class CannotTeach(Exception):
    """The marks are no format; the sentence says what to mark otherwise."""


class _Line(NamedTuple):
    """A line that is not blank: where it stands in the whole text, its words with single spaces, and its number."""

    start: int
    end: int
    text: str
    number: int


def teach(text: str, marks: Sequence[Mark], subject: str = "") -> TaughtFormat:
    """The format in which these marks are found again. Raises `CannotTeach`."""
    if not marks:
        raise CannotTeach("Mark at least one value.")
    ordered = sorted(marks, key=lambda mark: mark.start)
    if len({mark.field for mark in ordered}) < len(ordered):
        raise CannotTeach("Each field can be marked once.")
    for before, after in pairwise(ordered):
        if after.start <= before.end:
            raise CannotTeach(f"The values of {before.field} and {after.field} touch: leave what stands between them.")
    lines = _lines(text)
    marked = {each.number: [mark for mark in ordered if each.start <= mark.start < each.end] for each in lines}
    if sum(map(len, marked.values())) < len(ordered):
        raise CannotTeach("A mark holds nothing but blanks.")
    taught = [_taught(text, lines, at, marked) for at, each in enumerate(lines) if marked[each.number]]
    found = TaughtFormat(tuple(taught), subject)
    if read_taught(found, text) is None:
        raise CannotTeach("These places cannot be told apart in the mail: mark whole values, with a label before them.")
    return found


def read_taught(format: TaughtFormat, text: str) -> dict[str, str] | None:
    """The values by their fields; None when fewer than half of the lines are there: it is another kind of mail."""
    lines = _lines(text)
    found: dict[str, str] = {}
    hits = 0
    for taught in format.lines:
        values = _found(taught, lines)
        if values is not None:
            hits += 1
            found |= {name: value for name, value in zip(taught.fields, values, strict=True) if value}
    return found if found and 2 * hits >= len(format.lines) else None


def _taught(text: str, lines: Sequence[_Line], at: int, marked: dict[int, list[Mark]]) -> TaughtLine:
    line, marks = lines[at], marked[lines[at].number]
    edges = [line.start, *(edge for mark in marks for edge in (mark.start, min(mark.end, line.end))), line.end]
    raw = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    pieces = [_blanks(piece, at == 0, at == len(raw) - 1) for at, piece in enumerate(raw)]
    runs = marks[-1].end > line.end
    under, below = ("", 0) if pieces[0] else _above(lines, at, marked)
    if not under and not any(piece.strip() for piece in pieces):
        below = at + 1
    return TaughtLine(tuple(mark.field for mark in marks), tuple(pieces), under, below, runs)


def _above(lines: Sequence[_Line], at: int, marked: dict[int, list[Mark]]) -> tuple[str, int]:
    """The nearest line before this one that holds no value, and how far up it is."""
    for up in range(1, at + 1):
        if not marked[lines[at - up].number]:
            return lines[at - up].text, up
    return "", 0


def _blanks(piece: str, first: bool, last: bool) -> str:
    """Runs of blanks as one; none at the ends of a line."""
    plain = " ".join(piece.split())
    if not plain:
        return "" if first or last else " "
    before = " " if piece[:1].isspace() and not first else ""
    after = " " if piece[-1:].isspace() and not last else ""
    return f"{before}{plain}{after}"


def _lines(text: str) -> list[_Line]:
    found: list[_Line] = []
    start = 0
    for number, line in enumerate(text.split("\n")):
        if plain := " ".join(line.split()):
            found.append(_Line(start, start + len(line), plain, number))
        start += len(line) + 1
    return found


def _found(taught: TaughtLine, lines: Sequence[_Line]) -> list[str] | None:
    """The values of the first line that looks like the taught one."""
    for at, line in enumerate(lines):
        if not _stands(taught, lines, at):
            continue
        values = _values(taught.pieces, line.text)
        if values is not None:
            if taught.runs:
                values[-1] = " ".join([values[-1], *_rest(lines, at)])
            return values
    return None


def _stands(taught: TaughtLine, lines: Sequence[_Line], at: int) -> bool:
    """Whether a line stands where the taught one did."""
    if taught.under:
        return at >= taught.below and lines[at - taught.below].text == taught.under
    return not taught.below or at + 1 == taught.below


def _rest(lines: Sequence[_Line], at: int) -> list[str]:
    """The lines that follow directly."""
    texts: list[str] = []
    for before, line in pairwise(lines[at:]):
        if line.number != before.number + 1:
            break
        texts.append(line.text)
    return texts


def _values(pieces: Sequence[str], line: str) -> list[str] | None:
    first, *between, last = pieces
    if not (line.startswith(first) and line.endswith(last)):
        return None
    at, end = len(first), len(line) - len(last)
    values: list[str] = []
    for piece in between:
        stop = line.find(piece, at, end)
        if stop < 0:
            return None
        values.append(line[at:stop].strip())
        at = stop + len(piece)
    return [*values, line[at:end].strip()] if at <= end else None
