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
_CUT = re.compile(r"\s+[-–—]\s+|[,;:.!(]\s*|\s{3,}")


class Said(NamedTuple):
    """`value` is as it was written, None when there was none; `note` is the rest of the line."""

    word: str
    value: str | None
    note: str


def first_line(text: str) -> str:
    """The first line that is the answer's own: no quoted text, no head of a quotation, no signature. Empty for none."""
    lines = text.replace("\u00a0", " ").split("\n")
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if _QUOTED.match(line) or (_ON_WROTE.match(line) and _WROTE.search(following)):
            return ""
        if line.strip():
            return " ".join(line.split())
    return ""


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
