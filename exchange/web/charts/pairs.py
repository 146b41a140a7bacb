"""Two bars side by side for each group: what was expected, and what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from markupsafe import Markup

from exchange.web.charts.svg import drawing, label, line, rect, tag

_WIDTH, _HEIGHT = 560.0, 232.0
_LEFT, _TOP, _BOTTOM = 40.0, 12.0, 186.0
_ROW, _LETTER = 12.0, 6.2  # of the labels: from one row to the next, and of a letter at most
_STEPS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two shares of one, and what the group is called; `words` tells both."""

    name: str
    expected: float
    came: float
    words: str


def pairs(groups: Sequence[Pair], summary: str) -> Markup:
    """Shares in percent, from nothing to the next round number."""
    most = max([max(each.expected, each.came) for each in groups], default=0.0)
    top = next((step for step in _STEPS if step >= most), 1.0)
    scale, step = (_BOTTOM - _TOP) / top, (_WIDTH - _LEFT) / max(len(groups), 1)
    parts = [line(_LEFT, _BOTTOM, _WIDTH, _BOTTOM, "gl0")]
    for quarter in range(1, 5):
        y = _BOTTOM - top * quarter / 4 * scale
        parts.append(line(_LEFT, y, _WIDTH, y, "gl"))
        parts.append(label(_LEFT - 6, y + 3.5, f"{top * quarter / 4 * 100:.3g}%", "ax", "end"))
    for index, each in enumerate(groups):
        x, width = _LEFT + index * step + step * 0.16, step * 0.33
        heights = (max(each.expected, 0.0) * scale, max(each.came, 0.0) * scale)
        bars = (
            rect(x, _BOTTOM - heights[0], width, heights[0], "c-payout", 1.5),
            rect(x + width + 1, _BOTTOM - heights[1], width, heights[1], "c-margin", 1.5),
        )
        parts.append(tag("g", tag("title", f"{each.name}: {each.words}"), *bars))
        for row, words in enumerate(_rows(each.name, step)):
            parts.append(label(x + width, _BOTTOM + 16 + row * _ROW, words, "ax", "middle"))
    return drawing(_WIDTH, _HEIGHT, summary, parts, class_="chart")


def _rows(name: str, room: float) -> list[str]:
    """A name in the room below its bars: two rows at most. Whole it stands in the title and in the table."""
    return wrap(name, max(int(room / _LETTER), 4), max_lines=2, placeholder="…", break_long_words=False)
