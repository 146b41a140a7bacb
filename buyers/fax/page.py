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
CUT: Final = "…, see portal"
TABLE_LINES: Final = 3
"""A value that needs more lines than these is a note, and stands below the table with all the width."""

_RIGHT: Final = WIDTH - MARGIN
_FOOT: Final = HEIGHT - MARGIN - 40
_LABELS: Final = 150.0
_BODY, _LEADING = 11.0, 15.0
_SMALL: Final = 8.5


class Text(NamedTuple):
    """One line of text; `y` is its baseline, `width` what the font makes of it."""

    x: float
    y: float
    size: float
    text: str
    bold: bool
    width: float


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
    if content.name:
        steps.append(_text(MARGIN, y, 22, fitted(content.name, 22, _RIGHT - MARGIN, bold=True), bold=True))
        y += 26
    for line in content.contact:
        steps.append(_text(MARGIN, y, 14, fitted(line, 14, _RIGHT - MARGIN)))
        y += 20
    steps += _body(content.rows, y + 8)
    return *steps, *_foot(content.foot)


def _body(rows: Sequence[Labelled], top: float) -> list[Step]:
    """The table, then the notes; what found no room at all is counted in the last line."""
    value_width = _RIGHT - MARGIN - _LABELS
    wrapped = [(label, wrap(value, _BODY, value_width)) for label, value in rows]
    table = [(label, lines) for label, lines in wrapped if len(lines) <= TABLE_LINES]
    notes = [row for row, (_, lines) in zip(rows, wrapped, strict=True) if len(lines) > TABLE_LINES]
    steps: list[Step] = []
    y, last = top, _FOOT - _LEADING
    left = len(rows)
    for label, lines in table:
        if y + _LEADING * len(lines) > last:
            break
        steps.append(_text(MARGIN, y + _BODY, _BODY, fitted(label, _BODY, _LABELS - 10, bold=True), bold=True))
        steps += [
            _text(MARGIN + _LABELS, y + _BODY + _LEADING * number, _BODY, line) for number, line in enumerate(lines)
        ]
        y += _LEADING * len(lines) + 3
        left -= 1
    for label, value in notes if left == len(notes) else []:
        room = int((last - y - 8) // _LEADING) - 1
        if room < 1:
            break
        lines = cut(wrap(value, _BODY, _RIGHT - MARGIN), room, _BODY, _RIGHT - MARGIN)
        shown = (label, *lines)
        steps += [
            _text(MARGIN, y + 8 + _BODY + _LEADING * number, _BODY, line, bold=number == 0)
            for number, line in enumerate(shown)
        ]
        y += 8 + _LEADING * len(shown)
        left -= 1
    if left:
        more = f"{left} more field{'s' if left != 1 else ''}{CUT}"
        steps.append(_text(MARGIN, _FOOT - 4, _BODY, more, bold=True))
    return steps


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


def wrap(text: str, size: float, width: float) -> list[str]:
    """The text in lines no wider than `width`: between words, and inside one that is wider by itself."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if width_of(longer, size) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while width_of(word, size) > width:
            head = _head(word, size, width)
            lines.append(head)
            word = word[len(head) :]
        line = word
    return [*lines, line] if line or not lines else lines


def cut(lines: Sequence[str], most: int, size: float, width: float) -> list[str]:
    """At most so many lines; where there were more, the last one says where the rest is."""
    if len(lines) <= most:
        return list(lines)
    kept = list(lines[:most])
    kept[-1] = _ended(kept[-1], size, width, CUT, bold=False)
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
