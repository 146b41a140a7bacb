"""A colour of one's own: refused where it could not be read, and with shades that can be, in both themes."""

from __future__ import annotations

from itertools import product

import pytest

from exchange.model.colour import LEAST, WHITE, BadColour, Colour, contrast, dark_shades, light_shades, read_colour

GROUNDS = {"light": ("#ffffff", "#f5f6f8", "#eef0f3"), "dark": ("#141920", "#1a2029", "#0c0f14")}


def of(text: str) -> Colour:
    return Colour(*bytes.fromhex(text[1:]))


def test_contrast_is_counted_as_wcag_does() -> None:
    assert (21.0, 1.0) == (round(contrast(WHITE, of("#000000")), 2), contrast(WHITE, WHITE))
    assert (4.48, 4.0) == tuple(round(contrast(WHITE, of(each)), 2) for each in ("#777777", "#ff0000"))


@pytest.mark.parametrize("text", ["#ffcc00", "#ffffff", "#00ff00", "#999999", "#4f8cff"])
def test_a_colour_too_light_is_told_the_nearest_that_is_not(text: str) -> None:
    with pytest.raises(BadColour) as told:
        read_colour(text)

    near = str(told.value).split()[-1].rstrip(".")
    assert near == read_colour(near).text and "WCAG AA" in str(told.value)


def test_every_shade_can_be_read_on_what_it_stands_on() -> None:
    read = []
    for parts in product(range(0, 256, 51), repeat=3):
        try:
            read.append(read_colour(Colour(*parts).text))
        except BadColour:
            continue
    for colour in read:
        for theme, shades in (("light", light_shades(colour)), ("dark", dark_shades(colour))):
            for ground in (*map(of, GROUNDS[theme]), shades.weak, shades.ink):
                assert contrast(shades.accent, ground) >= LEAST, (theme, colour.text, ground.text)
    assert 60 <= len(read) <= 80


@pytest.mark.parametrize("text", ["", "#fff", "1f4fd1", "#1f4fd", "#1f4fd1;", "rgb(0,0,0)", "#1f4fg1"])
def test_what_is_no_colour_is_told_what_one_is(text: str) -> None:
    with pytest.raises(BadColour, match="a colour such as #1f4fd1"):
        read_colour(text)
