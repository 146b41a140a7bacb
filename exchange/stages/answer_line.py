"""What somebody meant who answered the mail of a lead: a word, what it was worth, and a note. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from exchange import limits

SENTENCE = "a sentence"
"""Stands in the place of a word for a line that is none: the line itself is the note."""

_QUOTED = re.compile(
    r"^\s*(?:>|\|)|^\s*-{2,}\s*(?:original|forwarded|reply|urspr|mensaje)|^_{5,}\s*$|^-- ?$"
    r"|^\s*(?:from|von|de|sent|gesendet|enviado)\s*:\s"
    r"|^\s*(?:on|am|el|le)\b.{5,200}\b(?:wrote|schrieb|escribi[oó]|a écrit)\b.{0,80}:\s*$"
    r"|^\s*sent from my ",
    re.IGNORECASE,
)
_ON_WROTE = re.compile(r"^\s*(?:on|am|el|le)\b.{5,200}$", re.IGNORECASE)
_WROTE = re.compile(r"\b(?:wrote|schrieb|escribi[oó]|a écrit)\s*:\s*$", re.IGNORECASE)
_SIGN = r"(?:USD|CAD|AUD|EUR|GBP|[$€£])"
_WORTH = re.compile(rf"^(.*?[^\W\d].*?)[\s:,=-]+((?:{_SIGN}\s?)?\d[\d.,]*(?:\s?{_SIGN})?)[.!]*$", re.IGNORECASE)
_ONE = r"\d{1,4}(?:\s?[-–]\s?\d{1,4})?(?!\d)"
_NUMBERED = re.compile(
    rf"^(?:lead|no\.?|nr\.?)?\s*#?\s*({_ONE}(?:(?:\s?[,&+]\s?|\sand\s){_ONE})*)\s?[:.)=–-]?\s+(\D.*)$", re.I
)
_SPAN = re.compile(r"(\d{1,4})(?:\s?[-–]\s?(\d{1,4}))?")
_EVERY = re.compile(r"^(?:all|every(?: one)?|alle|tod[ao]s)\s?[:.)=–-]?\s+(\D.*)$", re.IGNORECASE)
_CUT = re.compile(r"\s+[-–—]\s+|[,;:.!(]\s*|\s{3,}")


class Said(NamedTuple):
    """`value` is as it was written, None when there was none; `note` is the rest of the line."""

    word: str
    value: str | None
    note: str


class Numbered(NamedTuple):
    """A line about some leads of a mail, by their numbers; about all of them when there is none."""

    numbers: tuple[int, ...]
    line: str


def own_lines(text: str) -> tuple[str, ...]:
    """The lines that are the answer's own, without blank ones: nothing from the first quoted text, head of a quotation
    or signature on."""
    lines = text.replace("\u00a0", " ").split("\n")
    found: list[str] = []
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if _QUOTED.match(line) or (_ON_WROTE.match(line) and _WROTE.search(following)):
            break
        if line.strip():
            found.append(" ".join(line.split()))
    return tuple(found)


def read_numbered(line: str) -> Numbered | None:
    """`3 sold 1250`, `#4: wrong number`, `5, 6 and 9-11 no answer`, `all no answer`; None for any other line."""
    found = _EVERY.match(line)
    if found is not None:
        return Numbered((), found[1].strip())
    found = _NUMBERED.match(line)
    if found is None:
        return None
    numbers: list[int] = []
    for first, last in _SPAN.findall(found[1]):
        numbers += range(int(first), int(last or first) + 1)
    return Numbered(tuple(dict.fromkeys(numbers)), found[2].strip()) if numbers else None


def read_line(line: str, knows: Callable[[str], bool]) -> Said:
    """The word that begins the line. A longer line is believed only where `knows` says that its beginning is a word:
    `not sold yet` is not `sold`."""
    for word, value, note in _ways(line):
        if word and knows(word):
            return Said(word, value, note[: limits.NOTE_CHARACTERS])
    word, value, note = _ways(line)[-1]
    if len(word) <= limits.DISPOSITION_CHARACTERS and word.count(" ") < 4 and not re.search(r"@|(?:\d\D?){5}", word):
        return Said(word, value, note[: limits.NOTE_CHARACTERS])
    return Said(SENTENCE, None, line[: limits.NOTE_CHARACTERS])


def _ways(line: str) -> list[tuple[str, str | None, str]]:
    """The whole line, the line without its amount, and the part before a break, with and without an amount."""
    ways: list[tuple[str, str | None, str]] = [(line.strip(" .!"), None, "")]
    if found := _WORTH.match(line):
        ways.append((found[1].strip(), found[2].strip(), ""))
    parts = _CUT.split(line, maxsplit=1)
    if len(parts) == 2 and parts[0].strip():
        head, rest = parts[0].strip(), parts[1].strip(" )")
        if found := _WORTH.match(head):
            ways.append((found[1].strip(), found[2].strip(), rest))
        amount = _WORTH.match(f"x {rest}")
        if amount is not None and amount[1] == "x":
            ways.append((head, amount[2].strip(), ""))
        ways.append((head, None, rest))
    return ways
