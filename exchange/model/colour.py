"""A colour of the operator's own, and the shades that pages make of it so that all of them can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LEAST = 4.5
"""The contrast that text of this size needs by WCAG 2.2 AA (1.4.3)."""
_HEX = re.compile(r"#[0-9a-f]{6}")
_STEPS = 100


class BadColour(ValueError):
    """The sentence says what a colour is, or which one near it could be read."""


class Colour(NamedTuple):
    """Red, green and blue, 0 to 255."""

    red: int
    green: int
    blue: int

    @property
    def text(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"

    def mixed(self, other: Colour, share: float) -> Colour:
        """With so much of another."""
        return Colour(*(round(mine + (theirs - mine) * share) for mine, theirs in zip(self, other, strict=True)))

    @property
    def light(self) -> float:
        """Relative luminance."""
        red, green, blue = (_linear(each / 255) for each in self)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Shades(NamedTuple):
    """Of one theme: for text and filled buttons, for text on those, and two for grounds and edges."""

    accent: Colour
    ink: Colour
    weak: Colour
    line: Colour


WHITE, BLACK = Colour(255, 255, 255), Colour(0, 0, 0)
_PAGE = Colour(0xEE, 0xF0, 0xF3)  # the darkest ground that text stands on in the light theme
_DARK, _RAISED, _DARK_INK = Colour(0x14, 0x19, 0x20), Colour(0x1A, 0x20, 0x29), Colour(0x0B, 0x10, 0x20)


def contrast(one: Colour, other: Colour) -> float:
    """From 1 to 21, as WCAG counts it."""
    high, low = sorted((one.light, other.light), reverse=True)
    return (high + 0.05) / (low + 0.05)


def read_colour(text: str) -> Colour:
    """One that can be read as text on a light page. Raises `BadColour`."""
    told = text.strip().lower()
    if not _HEX.fullmatch(told):
        raise BadColour("a colour such as #1f4fd1.")
    found = Colour(*bytes.fromhex(told[1:]))
    if not _is_read(found):
        near = next(each for each in _towards(found, BLACK) if _is_read(each))
        raise BadColour(
            f"its contrast is {contrast(found, _PAGE):.1f} to 1, and text on a page needs {LEAST} to 1 (WCAG AA). "
            f"The nearest darker one that can be read is {near.text}."
        )
    return found


def light_shades(colour: Colour) -> Shades:
    return Shades(colour, WHITE, colour.mixed(WHITE, 0.92), colour.mixed(WHITE, 0.7))


def dark_shades(colour: Colour) -> Shades:
    """The same colour, as much lighter as it must be on dark ground."""
    found = next(each for each in _towards(colour, WHITE) if _is_read_in_the_dark(each))
    return Shades(found, _DARK_INK, _weak_of(found), _DARK.mixed(found, 0.35))


def _weak_of(colour: Colour) -> Colour:
    return _DARK.mixed(colour, 0.12)


def _is_read(colour: Colour) -> bool:
    shades = light_shades(colour)
    return all(contrast(colour, ground) >= LEAST for ground in (WHITE, _PAGE, shades.weak))


def _is_read_in_the_dark(colour: Colour) -> bool:
    return all(contrast(colour, ground) >= LEAST for ground in (_RAISED, _weak_of(colour), _DARK_INK))


def _towards(colour: Colour, end: Colour) -> Iterator[Colour]:
    return (colour.mixed(end, step / _STEPS) for step in range(_STEPS + 1))


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
