"""What stands at the side of every page of the console, and at the foot of a small screen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple

from exchange.model.rights import WHO, Right, Staff, staff_of


class Entry(NamedTuple):
    """`key` is what its pages call themselves, `icon` one of `icons.py`; `foot` is its word on a small screen.

    One that is `under` another by its key stands there while somebody is at one of the family, or when something of it
    waits: the rail stays short.
    """

    path: str
    key: str
    icon: str
    word: str
    foot: str = ""
    under: str = ""


class Group(NamedTuple):
    """Entries under a heading; the first group has none."""

    title: str
    entries: tuple[Entry, ...]


_NEEDS: Mapping[str, Right] = MappingProxyType(
    {
        "payouts": Right.BOOKS_SEE,
        "invoices": Right.BOOKS_SEE,
        "billing": Right.BOOKS_SEE,
        "ledger": Right.BOOKS_SEE,
        "reconcile": Right.BOOKS_SEE,
        "users": Right.SETTINGS,
        "keys": Right.SETTINGS,
        "security": Right.SETTINGS,
    }
)
"""What an entry of the console needs; the others are for all who run the exchange."""
_OPEN: Mapping[str, frozenset[str]] = MappingProxyType(
    {"agent": frozenset({"work"}), "finance": frozenset({"billing"})}
)
"""The entries that a duty opens; an admin finds all."""
DOCKED = 5
"""How many entries fit at the foot of a small screen."""


def rail(role: str = "operator", duty: str = "") -> tuple[Group, ...]:
    """What somebody of this role finds; of a buyer's people each what its duty opens."""
    if role == "buyer" and duty in _OPEN:
        own = tuple(entry for group in _buyer() for entry in group.entries if entry.key in _OPEN[duty])
        return (Group("", own),)
    if role == "operator":
        staff = staff_of(duty)
        kept = [group._replace(entries=tuple(each for each in group.entries if _opens(staff, each.key)))
                for group in _console()]  # fmt: skip
        return tuple(group for group in kept if group.entries)
    groups = {"seller": _seller, "buyer": _buyer}.get(role)
    return groups() if groups is not None else ()


def _opens(staff: Staff, key: str) -> bool:
    return key not in _NEEDS or staff in WHO[_NEEDS[key]]


def _buyer() -> tuple[Group, ...]:
    return (
        Group(
            "",
            (
                Entry("/buyer", "home", "home", "Home", "Home"),
                Entry("/buyer/leads", "leads", "list", "Leads", "Leads"),
                Entry("/buyer/dispositions", "dispositions", "tag", "Dispositions", under="leads"),
                Entry("/buyer/returns", "returns", "return", "Returns", "Returns"),
                Entry("/buyer/store", "store", "shop", "Store"),
                Entry("/buyer/contracts", "contracts", "file", "Contracts", "Contracts"),
                Entry("/buyer/deliveries", "deliveries", "out", "Deliveries"),
            ),
        ),
        Group(
            "Your company",
            (
                Entry("/buyer/follow-up", "work", "person", "Follow-up"),
                Entry("/buyer/agents", "agents", "person", "Agents", under="work"),
                Entry("/buyer/users", "users", "person", "Users"),
                Entry("/buyer/quality", "quality", "chart", "Quality"),
                Entry("/buyer/billing", "billing", "money", "Billing", "Billing"),
                Entry("/buyer/webhooks", "webhooks", "plug", "Webhooks"),
                Entry("/buyer/keys", "keys", "shield", "API keys", under="webhooks"),
            ),
        ),
    )


def _seller() -> tuple[Group, ...]:
    return (
        Group(
            "",
            (
                Entry("/seller", "home", "home", "Home", "Home"),
                Entry("/seller/leads", "leads", "list", "Leads", "Leads"),
                Entry("/seller/campaigns", "campaigns", "tag", "Campaigns", "Campaigns"),
                Entry("/seller/imports", "imports", "in", "Imports"),
                Entry("/seller/statements", "statements", "money", "Statements", "Statements"),
                Entry("/seller/returns", "returns", "return", "Returns", "Returns"),
                Entry("/seller/quality", "quality", "pulse", "Quality"),
                Entry("/seller/postbacks", "postbacks", "out", "Postbacks"),
                Entry("/seller/keys", "keys", "shield", "Keys"),
                Entry("/seller/users", "users", "person", "Users"),
            ),
        ),
    )


def _console() -> tuple[Group, ...]:
    return (
        Group(
            "",
            (
                Entry("/console", "dashboard", "home", "Dashboard", "Home"),
                Entry("/console/live", "live", "pulse", "Live traffic"),
                Entry("/console/leads", "leads", "list", "Leads", "Leads"),
                Entry("/console/unclear", "unclear", "question", "Unclear", under="leads"),
                Entry("/console/disputes", "disputes", "return", "Disputes", under="leads"),
                Entry("/console/deliveries", "deliveries", "out", "Deliveries", under="leads"),
                Entry("/console/overlaps", "overlaps", "copy", "Overlaps", under="leads"),
                Entry("/console/returns", "returns", "return", "Returns", "Returns"),
                Entry("/console/dispositions", "dispositions", "check", "Dispositions", under="returns"),
                Entry("/console/words", "words", "tag", "Unmapped words", under="returns"),
                Entry("/console/alerts", "alerts", "bell", "Alerts", "Alerts"),
            ),
        ),
        Group(
            "Supply",
            (
                Entry("/console/sellers", "sellers", "person", "Sellers"),
                Entry("/console/campaigns", "campaigns", "tag", "Campaigns", under="sellers"),
                Entry("/console/forms", "forms", "book", "Forms", under="sellers"),
                Entry("/console/attribution", "attribution", "path", "Attribution", under="sellers"),
                Entry("/console/imports", "imports", "in", "Imports"),
                Entry("/console/sources", "sources", "in", "Sources", under="imports"),
            ),
        ),
        Group(
            "Demand",
            (
                Entry("/console/buyers", "buyers", "building", "Buyers", "Buyers"),
                Entry("/console/connectors", "connectors", "plug", "Connectors", under="buyers"),
                Entry("/console/inbox", "inbox", "tag", "Unmapped answers", under="buyers"),
                Entry("/console/webhooks", "webhooks", "out", "Webhooks", under="buyers"),
                Entry("/console/trees", "trees", "tree", "Ping trees"),
                Entry("/console/store", "store", "shop", "Lead store"),
                Entry("/console/nurture", "nurture", "return", "Nurture", under="store"),
            ),
        ),
        Group(
            "Money",
            (
                Entry("/console/payouts", "payouts", "money", "Payouts"),
                Entry("/console/invoices", "invoices", "file", "Invoices"),
                Entry("/console/billing", "billing", "person", "Buyers' accounts", under="invoices"),
                Entry("/console/ledger", "ledger", "book", "Ledger"),
                Entry("/console/reconcile", "reconcile", "copy", "Reconcile", under="ledger"),
            ),
        ),
        Group(
            "Understand",
            (
                Entry("/console/analytics", "analytics", "chart", "Analytics"),
                Entry("/console/quality", "quality", "star", "Lead quality"),
                Entry("/console/simulator", "simulator", "flask", "Simulator"),
                Entry("/console/screen", "screen", "shield", "Screen", under="quality"),
                Entry("/console/verifiers", "verifiers", "check", "Verifiers", under="quality"),
            ),
        ),
        _system(),
    )


def _system() -> Group:
    return Group(
        "System",
        (
            Entry("/console/suppression", "suppression", "shield", "Suppression"),
            Entry("/console/revocations", "revocations", "return", "Consent taken back", under="suppression"),
            Entry("/console/privacy", "privacy", "eye", "Privacy", under="suppression"),
            Entry("/console/audit", "audit", "book", "Audit log"),
            Entry("/console/settings", "settings", "gear", "Settings"),
            Entry("/console/health", "health", "pulse", "Health", under="settings"),
            Entry("/console/users", "users", "person", "Users"),
            Entry("/console/keys", "keys", "key", "Keys", under="users"),
            Entry("/console/security", "security", "shield", "Security", under="users"),
            Entry("/console/help/terms", "terms", "book", "Words used here", under="users"),
        ),
    )


def shown(groups: tuple[Group, ...], here: str, waiting: Collection[str]) -> tuple[Group, ...]:
    """The rail of somebody who is at the page `here`; something of the entries `waiting` wants a person."""
    family = next((each.under or each.key for group in groups for each in group.entries if each.key == here), "")
    return tuple(
        group._replace(
            entries=tuple(
                each for each in group.entries if not each.under or each.under == family or each.key in waiting
            )
        )
        for group in groups
    )


def crowded(groups: tuple[Group, ...]) -> bool:
    """Whether more is in the rail than its foot has room for."""
    return sum(len(group.entries) for group in groups) > DOCKED


def dock(groups: tuple[Group, ...]) -> tuple[Entry, ...]:
    """All of a short rail; of a longer one the first entries that have a word for it."""
    entries = tuple(entry for group in groups for entry in group.entries)
    return entries if len(entries) <= DOCKED else tuple(entry for entry in entries if entry.foot)[:DOCKED]
