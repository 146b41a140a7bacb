"""The page of a fax as drawing steps, worked out once: the PDF that is sent and the picture that is shown are of these.

Letter paper, in points from the upper left corner. Whatever a lead holds, it is one page: a text that has no room is
cut where it ends, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from buyers.fax.fonts import width_of

WIDTH: Final = 612.0
HEIGHT: Final = 792.0
MARGIN: Final = 54.0
CUT: Final = "… (cut)"
TABLE_LINES: Final = 3
"""A value that needs more lines than these is a note, and stands below the table with all the width."""
HEAD_LINES: Final = 3
"""A name, an address of mail or a street is on these many lines at most."""

_RIGHT: Final = WIDTH - MARGIN
_FOOT: Final = HEIGHT - MARGIN - 40
_LAST: Final = _FOOT - 15
_BODY, _LEADING = 11.0, 15.0
_SMALL: Final = 8.5
_GAP: Final = 16.0


class Text(NamedTuple):
    """One line of text; `y` is its baseline, `width` what the font makes of it."""

    x: float
    y: float
    size: float
    text: str
    bold: bool
    width: float


class _Shape(NamedTuple):
    """How the table stands: in so many columns, each with so much room for labels."""

    columns: int
    size: float
    leading: float
    labels: float
    apart: float  # between rows

    @property
    def width(self) -> float:
        return (_RIGHT - MARGIN - _GAP * (self.columns - 1)) / self.columns


_SHAPES: Final = (
    _Shape(1, _BODY, _LEADING, 150.0, 3.0),
    _Shape(2, 9.0, 12.0, 110.0, 2.0),
    _Shape(2, 8.0, 10.0, 100.0, 1.0),
)
"""The first in which every field has room is taken. Smaller letters than the last ones do not survive a fax."""


class Rule(NamedTuple):
    """A line across the page."""

    y: float
    thickness: float


Step = Text | Rule
Labelled = tuple[str, str]


class Content(NamedTuple):
    """What a page says. Its texts are single lines without control characters; only notes may be long."""

    heading: str
    received: str
    name: str
    contact: tuple[str, ...]
    rows: tuple[Labelled, ...]
    foot: tuple[str, ...]


def lay_out(content: Content) -> tuple[Step, ...]:
    """The steps that draw it."""
    steps: list[Step] = [
        _text(MARGIN, MARGIN + 16, 18, fitted(content.heading, 18, _RIGHT - MARGIN - 130, bold=True), bold=True),
        _text(_RIGHT - width_of(content.received, _SMALL), MARGIN + 16, _SMALL, content.received),
        Rule(MARGIN + 28, 1.5),
    ]
    y = MARGIN + 62
    for text, sizes, leading, bold in (
        *((content.name, (22, 16), 26, True),) * bool(content.name),
        *((line, (14, 11), 20, False) for line in content.contact),
    ):
        grown, y = _grown(text, sizes, leading, y, bold=bold)
        steps += grown
    steps += _body(content.rows, y + 8)
    return *steps, *_foot(content.foot)


def _grown(text: str, sizes: Sequence[float], leading: float, y: float, *, bold: bool) -> tuple[list[Step], float]:
    """Whom to call: in smaller letters, then on several lines, rather than cut. The steps, and where they end."""
    room = _RIGHT - MARGIN
    for size in sizes:
        if width_of(text, size, bold=bold) <= room:
            return [_text(MARGIN, y, size, text, bold=bold)], y + leading
    size = sizes[-1]
    lines = cut(wrap(text, size, room, bold=bold), HEAD_LINES, size, room, bold=bold)
    below = size + 4
    steps: list[Step] = [_text(MARGIN, y + below * number, size, line, bold=bold) for number, line in enumerate(lines)]
    return steps, y + below * (len(lines) - 1) + leading


def _body(rows: Sequence[Labelled], top: float) -> list[Step]:
    """The table, then the notes; what found no room at all is counted in the last line."""
    steps: list[Step] = []
    left = 0
    for shape in _SHAPES:
        steps, left = _shaped(rows, top, shape)
        if not left:
            return steps
    more = f"{left} more field{'s have' if left != 1 else ' has'} no room here: ask us, by the reference below."
    return [*steps, _text(MARGIN, _FOOT - 4, _BODY, more, bold=True)]


def _shaped(rows: Sequence[Labelled], top: float, shape: _Shape) -> tuple[list[Step], int]:
    """The rows in this shape, and how many found no room."""
    wrapped = [(label, wrap(value, shape.size, shape.width - shape.labels)) for label, value in rows]
    table = [(label, lines) for label, lines in wrapped if len(lines) <= TABLE_LINES]
    notes = [row for row, (_, lines) in zip(rows, wrapped, strict=True) if len(lines) > TABLE_LINES]
    steps, y, left = _table(table, top, shape)
    if left:
        return steps, left + len(notes)
    for number, (label, value) in enumerate(notes):
        room = int((_LAST - y - 8) // shape.leading) - 1
        if room < 1:
            return steps, len(notes) - number
        lines = cut(wrap(value, shape.size, _RIGHT - MARGIN), room, shape.size, _RIGHT - MARGIN)
        shown = (fitted(label, shape.size, _RIGHT - MARGIN, bold=True), *lines)
        steps += [
            _text(MARGIN, y + 8 + shape.size + shape.leading * below, shape.size, line, bold=below == 0)
            for below, line in enumerate(shown)
        ]
        y += 8 + shape.leading * len(shown)
    return steps, 0


def _table(table: Sequence[tuple[str, Sequence[str]]], top: float, shape: _Shape) -> tuple[list[Step], float, int]:
    """Its steps, where it ends, and how many rows found no room. Columns are as long as each other."""
    heights = [shape.leading * len(lines) + shape.apart for _, lines in table]
    fair = top + sum(heights) / shape.columns
    steps: list[Step] = []
    column, y, bottom = 0, top, top
    for number, ((label, lines), height) in enumerate(zip(table, heights, strict=True)):
        if column < shape.columns - 1 and (y >= fair or y + height > _LAST):
            column, y = column + 1, top
        if y + height - shape.apart > _LAST:
            return steps, bottom, len(table) - number
        x, baseline = MARGIN + column * (shape.width + _GAP), y + shape.size
        steps.append(_text(x, baseline, shape.size, fitted(label, shape.size, shape.labels - 8, bold=True), bold=True))
        steps += [
            _text(x + shape.labels, baseline + shape.leading * below, shape.size, line)
            for below, line in enumerate(lines)
        ]
        y += height
        bottom = max(bottom, y)
    return steps, bottom, 0


def _foot(lines: Sequence[str]) -> list[Step]:
    page = "Page 1 of 1"
    room = _RIGHT - MARGIN
    steps: list[Step] = [Rule(_FOOT + 8, 0.75)]
    for number, line in enumerate(lines[:3]):
        wide = room - (width_of(page, _SMALL) + 20 if number == 0 else 0)
        steps.append(_text(MARGIN, _FOOT + 22 + 12 * number, _SMALL, fitted(line, _SMALL, wide)))
    steps.append(_text(_RIGHT - width_of(page, _SMALL), _FOOT + 22, _SMALL, page))
    return steps


def _text(x: float, y: float, size: float, text: str, *, bold: bool = False) -> Text:
    return Text(x, y, size, text, bold, width_of(text, size, bold=bold))


def wrap(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """The text in lines no wider than `width`: between words, and inside one that is wider by itself."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width_of(longer, size, bold=bold) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while width_of(word, size, bold=bold) > width:
            head = _head(word, size, width, bold=bold)
            lines.append(head)
            word = word[len(head) :]
        line = word
    return [*lines, line] if line or not lines else lines


def cut(lines: Sequence[str], most: int, size: float, width: float, *, bold: bool = False) -> list[str]:
    """At most so many lines; where there were more, the last one says where the rest is."""
    if len(lines) <= most:
        return list(lines)
    kept = list(lines[:most])
    kept[-1] = _ended(kept[-1], size, width, CUT, bold=bold)
    return kept


def fitted(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """One line no wider than `width`."""
    return text if width_of(text, size, bold=bold) <= width else _ended(text, size, width, "…", bold=bold)


def _ended(text: str, size: float, width: float, end: str, *, bold: bool) -> str:
    room = width - width_of(end, size, bold=bold)
    return _head(text, size, room, bold=bold).rstrip(" ,;") + end


def _head(text: str, size: float, width: float, *, bold: bool = False) -> str:
    """As much of its beginning as fits, one character at least: found by halving, as lines may be long."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if width_of(text[:middle], size, bold=bold) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low]
