"""The keys of every page: one table, which the help shows and the script takes its ways from."""

from __future__ import annotations

from typing import NamedTuple

from exchange.web.rail import Entry, Group


class Key(NamedTuple):
    """Keys as they are pressed, one after the other or one of several, and what they do."""

    keys: tuple[str, ...]
    does: str


class Keys(NamedTuple):
    title: str
    keys: tuple[Key, ...]


class Way(NamedTuple):
    """`g` and this letter open an entry of the rail."""

    letter: str
    entry: Entry


TABLE: tuple[Keys, ...] = (
    Keys(
        "Everywhere",
        (
            Key(("?",), "This list"),
            Key(("/",), "Search"),
            Key(("Ctrl K",), "Search from anywhere, while typing too"),
            Key(("Shift T",), "Next theme"),
            Key(("Esc",), "Close what is open"),
        ),
    ),
    Keys(
        "In lists",
        (
            Key(("j", "k"), "Next and previous row"),
            Key(("Enter",), "Open it"),
            Key(("x",), "Choose it"),
            Key(("Shift X",), "Choose all rows from the one chosen last"),
            Key(("f",), "Filter"),
            Key(("e",), "Export as CSV"),
            Key(("a", "d", "q"), "Approve a return, decline it, ask its buyer"),
        ),
    ),
    Keys(
        "On a record",
        (
            Key(("[", "]"), "Previous and next of the list you came from"),
            Key(("o",), "Open or close every line of a timeline"),
            Key(("c",), "Copy its link"),
            Key((".",), "Go to what can be done with it"),
        ),
    ),
)
_WAYS = {
    "d": ("dashboard", "home"),
    "l": ("leads",),
    "v": ("live",),
    "r": ("returns",),
    "a": ("alerts",),
    "s": ("sellers", "campaigns", "statements"),
    "b": ("buyers", "billing"),
    "t": ("trees",),
    "p": ("payouts",),
    "x": ("analytics", "quality"),
    "m": ("simulator",),
    "u": ("unclear",),
}
"""Each letter with the entries it may mean: the first that somebody's rail has."""


def ways(rail: tuple[Group, ...]) -> tuple[Way, ...]:
    found = {entry.key: entry for group in rail for entry in group.entries}
    return tuple(
        Way(letter, found[next(key for key in keys if key in found)])
        for letter, keys in _WAYS.items()
        if any(key in found for key in keys)
    )
