"""What stands at the side of every page of the console, and at the foot of a small screen."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """`key` is what its pages call themselves, `icon` one of `icons.py`; `foot` is its word on a small screen."""

    path: str
    key: str
    icon: str
    word: str
    foot: str = ""


class Group(NamedTuple):
    """Entries under a heading; the first group has none."""

    title: str
    entries: tuple[Entry, ...]


def rail(role: str = "operator") -> tuple[Group, ...]:
    """What somebody of this role finds."""
    return _console() if role == "operator" else _seller() if role == "seller" else ()


def _seller() -> tuple[Group, ...]:
    return (Group("", (Entry("/seller/postbacks", "postbacks", "out", "Postbacks", "Postbacks"),)),)


def _console() -> tuple[Group, ...]:
    return (
        Group(
            "",
            (
                Entry("/console", "dashboard", "home", "Dashboard", "Home"),
                Entry("/console/leads", "leads", "list", "Leads", "Leads"),
                Entry("/console/deliveries", "deliveries", "out", "Deliveries"),
                Entry("/console/forms", "forms", "book", "Forms"),
                Entry("/console/unclear", "unclear", "question", "Unclear", "Unclear"),
                Entry("/console/sources", "sources", "in", "Sources", "Sources"),
            ),
        ),
        Group(
            "Supply",
            (
                Entry("/console/campaigns", "campaigns", "tag", "Campaigns"),
                Entry("/console/imports", "imports", "in", "Imports"),
            ),
        ),
        Group(
            "Buyers",
            (
                Entry("/console/store", "store", "list", "Store"),
                Entry("/console/connectors", "connectors", "plug", "Connectors"),
                Entry("/console/inbox", "inbox", "tag", "Unmapped answers"),
                Entry("/console/buyers/new", "buyers-new", "person", "New buyer"),
            ),
        ),
        Group("Settings", (Entry("/console/webhooks", "webhooks", "out", "Webhooks"),)),
        Group("Help", (Entry("/console/help/terms", "terms", "book", "Words used here", "Words"),)),
    )
