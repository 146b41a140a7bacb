"""Names of people: exchanged ones put right, jokes, swear words, fillers and beaten keys told from rare names.

Real people are called Null, Test and Butts. So no surname alone is ever held against anybody: a joke is a pair, a
filler stands in both places, and keys are beaten twice.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from exchange.fields import name
from exchange.fields.known_names import KnownNames
from exchange.model.lead import FieldValue
from exchange.stages.scrub.notes import Fix, Found, Note
from exchange.stages.scrub.words import DOUBTFUL, JOKES, NAME_FILLERS, PROFANE, SURE_FILLERS

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_AT_HAND = frozenset("asdfghjklqwe")  # where two hands lie
_BEATEN, _BEATEN_AT_HAND = -8.0, -4.8  # `KnownNames.likeness`: of 20,000 rare and foreign names three are below
_LETTERS_LEAST = 7


def judge_names(first: FieldValue | None, last: FieldValue | None, known: KnownNames) -> Iterator[Found]:
    """Of two names the first is told about, unless only the last has what is wrong."""
    one, two = _folded(first), _folded(last)
    if not one or not two:
        yield from _judge_lone(first, last, one or two)
        return
    assert first is not None and last is not None
    pair = f"{one} {two}"
    if one in known.given and two in known.surnames:
        if pair in JOKES:
            yield Note("first_name", "name_joke")
        elif pair in DOUBTFUL:
            yield Note("first_name", "name_doubtful")
        return
    if (code := _code(one, two, pair, known)) is not None:
        yield Note("first_name", code)
    elif _exchanged(one, two, known):
        yield Fix(
            "first_name", "First and last name were exchanged", first._replace(clean=last.clean, masked=last.clean)
        )
        yield Fix(
            "last_name",
            "First and last name were exchanged",
            last._replace(clean=first.clean, masked=name.mask(first.clean)),
        )
    elif any(char.isdigit() for char in first.clean + last.clean):
        yield Note("first_name", "name_digits")


def _code(one: str, two: str, pair: str, known: KnownNames) -> str | None:
    if pair in JOKES:
        return "name_joke"
    if pair in DOUBTFUL:
        return "name_doubtful"
    if not PROFANE.isdisjoint((*one.split(), *two.split())):
        return "name_profane"
    one, two = one.replace(" ", ""), two.replace(" ", "")
    if (one in NAME_FILLERS and two in NAME_FILLERS) or one in SURE_FILLERS or two in SURE_FILLERS:
        return "name_placeholder"
    if one.isdigit() and two.isdigit():
        return "name_gibberish"
    beaten = [_is_beaten(word, known) for word in (one, two)]
    if _stranger(one, known) and _stranger(two, known) and (all(beaten) or _beaten_together(one, two, known)):
        return "name_gibberish"
    return "name_doubtful" if any(beaten) else None


def _judge_lone(first: FieldValue | None, last: FieldValue | None, word: str) -> Iterator[Found]:
    """One name, or names in other letters than a to z, of which little can be said."""
    texts = [value.clean for value in (first, last) if value is not None]
    if not texts:
        return
    field = "first_name" if first is not None else "last_name"
    if not any(char.isalpha() for text in texts for char in text):
        yield Note(field, "name_gibberish")
    elif not PROFANE.isdisjoint(word.split()):
        yield Note(field, "name_profane")
    elif word.replace(" ", "") in SURE_FILLERS:
        yield Note(field, "name_placeholder")


def _folded(value: FieldValue | None) -> str:
    """Small letters a to z, digits and single spaces; empty when the name has letters of other kinds."""
    if value is None:
        return ""
    text = value.clean.lower()
    if text in ("n/a", "n.a", "n.a."):
        return "none"
    if not text.isascii():
        text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
        if not text.isascii():
            return ""
    if text.isalpha():
        return text
    return " ".join("".join(char if char.isalnum() else " " if char in " -" else "" for char in text).split())


def _stranger(word: str, known: KnownNames) -> bool:
    return word not in known.given and word not in known.surnames


def _is_beaten(word: str, known: KnownNames) -> bool:
    """One word that no language has: one letter again and again, or keys side by side."""
    if len(word) < 3 or not word.isalpha() or not _stranger(word, known):
        return False
    return len(set(word)) == 1 or (len(word) > 3 and any(word in row or word[::-1] in row for row in _ROWS))


def _beaten_together(one: str, two: str, known: KnownNames) -> bool:
    letters = one + two
    if not letters.isalpha() or len(letters) < _LETTERS_LEAST or min(len(one), len(two)) < 3:
        return False
    likeness = known.likeness((one, two))
    return likeness < _BEATEN or (likeness < _BEATEN_AT_HAND and _AT_HAND.issuperset(letters))


def _exchanged(one: str, two: str, known: KnownNames) -> bool:
    """Sure when the first is a surname and never a first name, and the last the other way round."""
    return one in known.surnames and one not in known.given and two in known.given and two not in known.surnames
