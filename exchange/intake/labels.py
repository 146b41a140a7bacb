"""Labels and their values, from the lines of a text and the tables of a page. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from exchange import limits
from exchange.intake.markup import Row, definitions_of, page_of, tables_of

Pairs = list[tuple[str, str]]
WRAPPED_CHARACTERS = 60  # a line this long was broken by the mail program: the next one goes on with it
_QUOTED = re.compile(r"^(?:[ \t]*>)+ ?")
_MARKS = "*_•·-–—# \t"
_LINE = re.compile(r"^([^:=]{1,60}?)\s*[:=]+\s*(.*)$")
_LETTER = re.compile(r"[^\W\d_]")
_WORDS = 8
_SIGNATURE = "-- "
_ENDS = re.compile(r"^\W*(?:original message|forwarded message|begin forwarded message)\W*$", re.IGNORECASE)
_HEADERS = frozenset({"from", "to", "cc", "bcc", "subject", "date", "sent", "reply-to"})


def pairs_of_text(text: str) -> Pairs:
    """The `Label: value` lines, also with the value on the next line, or on several. What follows a signature's
    dashes is not read, and neither are the headers of a message that was forwarded."""
    pairs: Pairs = []
    open_label, forwarded, before = "", False, ""
    for line in _lines(text):
        if _ENDS.match(line):
            open_label, forwarded = "", True
            continue
        label, value = _label(line)
        if forwarded and label.lower() in _HEADERS:
            continue
        forwarded = forwarded and not (line or pairs)
        if label and value:
            pairs.append((label, value))
        elif not label and line and open_label:
            pairs.append((open_label, line.strip()))
        elif not label and line and pairs and _goes_on(before, line):
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]} {line.strip()}")
        open_label = label if label and not value else open_label if not line else ""
        before = line
    return pairs[: 2 * limits.FIELDS]


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        plain = _QUOTED.sub("", line)
        if plain.rstrip("\r") in (_SIGNATURE, _SIGNATURE.rstrip()):
            return
        yield plain.rstrip()


def _goes_on(before: str, line: str) -> bool:
    return bool(before) and (len(before) >= WRAPPED_CHARACTERS or line[0] in " \t")


def _label(line: str) -> tuple[str, str]:
    """A line's label and value; no label when it is none, no value when that stands elsewhere."""
    cells = [cell for each in line.lstrip(_MARKS).split("\t") if (cell := each.strip())]
    if len(cells) == 2:
        label, value = cells[0].rstrip(": *_"), cells[1].strip("*_ ")
    else:
        found = _LINE.match(cells[0]) if len(cells) == 1 else None
        label, value = (found[1].strip(_MARKS), found[2].strip("*_ ")) if found is not None else ("", "")
    if not _LETTER.search(label) or len(label.split()) > _WORDS or value.startswith("//"):
        return "", ""
    return label, value


def records_of_page(text: str) -> list[Pairs]:
    """The leads of a page's tables and definition lists: one of all label-and-value rows, and one a row of each table
    with a row of headings."""
    page = page_of(text)
    if page is None:
        return []
    single, several = list(definitions_of(page)), list[Pairs]()
    for rows in tables_of(page):
        listed = _listed(rows)
        several += listed
        if not listed:
            single += _paired(rows)
    if len(several) > 1 and len(single) < 2:
        return several
    whole = [*single, *(several[0] if len(several) == 1 else [])]
    return [whole] if whole else []


def _listed(rows: list[Row]) -> list[Pairs]:
    """A table whose first row names the columns. Rows of another width are no leads."""
    told = [row for row in rows if row.cells]
    if len(told) < 2 or not told[0].heading or len(told[0].cells) < 2 or any(row.heading for row in told[1:]):
        return []
    names = [cell.rstrip(": ") for cell in told[0].cells]
    return [list(zip(names, row.cells, strict=True)) for row in told[1:] if len(row.cells) == len(names)]


def _paired(rows: list[Row]) -> Pairs:
    """Rows of a label and a value, of several such pairs, or a label above its value."""
    pairs: Pairs = []
    above = ""
    for row in rows:
        cells = row.cells
        if len(cells) == 1:
            label, value = _label(cells[0])
            if label and value and not above:
                pairs.append((label, value))
            elif above and not row.heading:
                pairs.append((above, cells[0]))
            above = cells[0].rstrip(": ") if row.heading else ""
            continue
        above = ""
        if len(cells) == 2:
            pairs.append((cells[0].rstrip(": "), cells[1]))
        elif len(cells) % 2 == 0 and all(cell.endswith(":") for cell in cells[::2]):
            pairs += [(label.rstrip(": "), value) for label, value in zip(cells[::2], cells[1::2], strict=True)]
    most = limits.FIELD_NAME_CHARACTERS
    return [(label, value) for label, value in pairs if len(label) <= most and _LETTER.search(label)]
