"""Texts written for people, read as labels and values: "ZIP: 85016", a table of two columns, a list of terms."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_LABELLED = re.compile(r"\s*([^\s:][^:]{0,59}?)\s*:(?!//)\s*(.*?)\s*", re.DOTALL)
_CELL = "\t"
_BREAKS = frozenset(("address", "br", "div", "dl", "h1", "h2", "h3", "h4", "li", "ol", "p", "table", "tr", "ul"))
_CELLS = frozenset(("td", "th", "dt"))
_UNSEEN = frozenset(("script", "style", "head", "title"))


def labelled(text: str) -> list[tuple[str, str]]:
    """The labels and values of a text, line by line. A label alone on its line is followed by its value on the next."""
    found: list[tuple[str, str]] = []
    waiting = ""
    for line in text.splitlines():
        pair = _pair(line)
        if pair is None:
            if waiting and line.strip():
                found.append((waiting, _one_line(line)))
                waiting = ""
            continue
        label, value = pair
        waiting = "" if value else label
        if value:
            found.append((label, value))
    return found


def _pair(line: str) -> tuple[str, str] | None:
    cells = [cell for cell in map(_one_line, line.split(_CELL)) if cell]
    if len(cells) == 2 and not cells[0].endswith("://"):
        return cells[0].rstrip(": "), cells[1]
    found = _LABELLED.fullmatch(_one_line(line))
    return (found[1], found[2]) if found is not None else None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def text_of_html(html: str) -> str:
    """What a page says, in lines; the cells of a table's row stay on one, apart by tabs."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _CELLS:
            self.parts.append(_CELL)
        elif tag in _BREAKS or tag == "dd":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(re.sub(r"\s+", " ", data))  # line breaks of the source mean nothing in HTML
