"""Which characters may pass, and how the edges of a value are trimmed. Every field type reads its text through here."""

from __future__ import annotations

import re

from exchange import limits
from exchange.model.lead import Problem
from exchange.model.vertical import FieldSpec

# White space and the invisible characters that copying from web pages leaves at both ends.
EDGE = (
    " \t\n\r\v\f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f"
    "\u205f\u3000\u200b\u200c\u200d\u2060\ufeff\xad"
)

# Controls, lone surrogates, line separators, and the marks that turn the direction of what is printed after them.
_FORBIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_INVISIBLE = re.compile(r"[\xad\u200b\u2060\ufeff]")
_MOJIBAKE = re.compile(r"[ÃÂâ]")
_MENDED_CHARACTERS = 400
_SPACES = re.compile(r"\s+")


def problem(
    spec: FieldSpec,
    code: str,
    rule: str,
    raw: str,
    allowed: tuple[str, ...] = (),
    closest: str | None = None,
    *,
    quote: bool = True,
) -> Problem:
    """A problem whose sentence is `<name> <rule>.`; personal values are never quoted in it, only in `got`."""
    got = printable(raw)[: limits.GOT_CHARACTERS]
    said = f' Got "{got}".' if quote and not spec.personal else ""
    return Problem(spec.name, code, f"{spec.name} {rule}.{said}", got, allowed, closest)


def printable(raw: str) -> str:
    """The text without anything that would change the line it is printed on; looks at the start only."""
    head = raw[: limits.GOT_CHARACTERS * 2]
    return head if head.isprintable() else "".join(char if char.isprintable() else "?" for char in head).strip()


def is_blank(raw: str) -> bool:
    return not raw.strip(EDGE)


def read_text(raw: str, spec: FieldSpec, most: int) -> str | Problem:
    """The value trimmed, of 1 to `most` characters, without controls; else the problem."""
    if len(raw) > most + 2_000:  # before any other work: trimming may take that much off, no more
        return problem(spec, "length", f"must have at most {most:,} characters, it has {len(raw):,}", raw, quote=False)
    text = raw.strip(EDGE)
    if not text:
        return problem(spec, "blank", "must not be blank", "", quote=False)
    if len(text) > most:
        return problem(spec, "length", f"must have at most {most:,} characters, it has {len(text):,}", raw, quote=False)
    if not text.isprintable():
        if _FORBIDDEN.search(text):
            return problem(spec, "pattern", "must not hold control characters", raw, quote=False)
        text = _INVISIBLE.sub("", text).strip(EDGE)
        if not text:
            return problem(spec, "blank", "must not be blank", "", quote=False)
    return text


def one_line(text: str) -> str:
    """Runs of white space become one space."""
    return _SPACES.sub(" ", text) if "  " in text or not text.isascii() else text


def mend_mojibake(text: str) -> str:
    """UTF-8 that somebody read as Windows-1252 (`ChloÃ©`) becomes what it was; anything else, long text too, stays.

    Ask it before `read_text`: half of such a pair may be a control character.
    """
    if text.isascii() or len(text) > _MENDED_CHARACTERS or not _MOJIBAKE.search(text):
        return text
    text = text.strip(EDGE)
    for wrong in ("cp1252", "latin-1"):
        try:
            mended = text.encode(wrong).decode("utf-8")
        except UnicodeError:
            continue
        return mended if mended.isprintable() and mended.strip(EDGE) == mended else text
    return text
