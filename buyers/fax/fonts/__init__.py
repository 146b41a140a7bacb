"""The fonts of the page, read once and only where a fax is made: they and what draws with them are large."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR: Final = "DejaVuSans"
BOLD: Final = "DejaVuSans-Bold"
INSTEAD: Final = "?"


@lru_cache(maxsize=2)
def face(name: str) -> Any:
    """A font by its name, known to the library that draws."""
    font = TTFont(name, str(Path(__file__).parent / f"{name}.ttf"))
    pdfmetrics.registerFont(font)
    return font


def read_fonts() -> None:
    for name in (REGULAR, BOLD):
        face(name)


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a line is, in points."""
    return float(face(BOLD if bold else REGULAR).stringWidth(text, size))


def printable(text: str) -> str:
    """The text with a question mark for each character that neither font has."""
    known, known_bold = face(REGULAR).face.charToGlyph, face(BOLD).face.charToGlyph
    return "".join(each if ord(each) in known and ord(each) in known_bold else INSTEAD for each in text)
