"""What the search box finds: leads by anything that names one, sellers, buyers, campaigns and contracts by their names,
and pages. A phone or an email is found by its keyed hash alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from aiohttp import web

from exchange.fields import email, phone
from exchange.flows.deals import Deals
from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.lead import FieldValue
from exchange.model.vertical import FieldSpec, Presence
from exchange.storage.database import Row
from exchange.storage.lead_filters import LeadFilter
from exchange.storage.leads import find_by_any_id, list_leads, read_lead_of
from exchange.web.rail import Group

SHOWN = 6
"""So many of each kind."""
_SHORT = 2
_SETTINGS = (
    ("Preferences: theme, keyboard, motion", "/console/preferences"),
    ("Theme: light, dark or automatic", "/console/preferences"),
    ("Keyboard shortcuts", "/console/preferences"),
    ("Words used here, glossary", "/console/help/terms"),
    ("Return rules and terms", "/console/returns/terms"),
    ("Payment providers and taxes of invoices", "/console/billing"),
    ("Retention: how long data is kept", "/console/settings/data"),
    ("Backup, restore and export", "/console/settings/data"),
    ("Name, time zone and currency", "/console/settings/general"),
    ("Mail, texts and other providers", "/console/settings/providers"),
    ("Verticals and fields", "/console/settings/verticals"),
    ("Import a file of leads", "/console/imports"),
    ("Add a buyer", "/console/buyers/new"),
)
"""What people look for that no entry of the rail is called."""


class Found(NamedTuple):
    """One result: what kind it is, its words, what tells it from others, and where it is."""

    kind: str
    word: str
    hint: str
    path: str


class Kind(NamedTuple):
    title: str
    results: tuple[Found, ...]


async def find(request: web.Request, market: Market, actor: Actor, text: str, rail: Sequence[Group]) -> list[Kind]:
    """Grouped results, leads first."""
    if not text:
        return []
    leads = await _leads(market, actor, text)
    named = list(_named(market.deals, text.casefold(), _patterns(request))) if len(text) >= _SHORT else []
    pages = list(_pages(rail, text.casefold())) if len(text) >= _SHORT else []
    groups: dict[str, list[Found]] = {}
    for each in (*leads, *named, *pages):
        groups.setdefault(each.kind, []).append(each)
    return [Kind(kind, tuple(results[:SHOWN])) for kind, results in groups.items()]


async def _leads(market: Market, actor: Actor, text: str) -> list[Found]:
    """The one that is meant, and others of the same phone or email."""
    phone_index, email_index = indexes(market, text)
    lead_id = await market.db.read(find_by_any_id, text, phone_index, email_index)
    row = await market.db.read(read_lead_of, actor, lead_id) if lead_id is not None else None
    if row is None:
        return []
    found = [row]
    if phone_index is not None:
        found += await market.db.read(list_leads, actor, LeadFilter(row["mode"], phone_index=phone_index))
    if email_index is not None:
        found += await market.db.read(list_leads, actor, LeadFilter(row["mode"], email_index=email_index))
    told = {each["id"]: each for each in found}
    return [
        Found("Leads", each["initials"] or each["id"], _hint(each), f"/console/leads/{each['id']}")
        for each in told.values()
    ]


def _hint(row: Row) -> str:
    return ", ".join(str(part) for part in (row["state"], row["city"], row["us_state"], row["id"]) if part)


def _named(deals: Deals, text: str, patterns: frozenset[str]) -> Iterable[Found]:
    """Parties whose name or id holds the text; those that begin with it come first."""
    for kind, home, other, parties in (
        ("Sellers", "/console/sellers/{seller_id}", "/console/leads?seller=", deals.sellers.values()),
        ("Buyers", "/console/buyers/{buyer_id}", "/console/leads?buyer=", deals.buyers.values()),
        ("Campaigns", "/console/campaigns/{campaign_id}", "/console/leads?campaign=", deals.campaigns.values()),
        ("Contracts", "/console/contracts/{contract_id}", "/console/leads?contract=", deals.contracts.values()),
    ):
        hits = [each for each in parties if text in each.name.casefold() or text in each.id.casefold()]
        for each in sorted(hits, key=lambda hit: (not hit.name.casefold().startswith(text), hit.name.casefold())):
            own = home.partition("{")[0]
            path = f"{own}{each.id}" if home in patterns else f"{other}{each.id}"
            yield Found(kind, each.name, each.id, path)


def _patterns(request: web.Request) -> frozenset[str]:
    """The pages there are, so that a party opens on its own where it has one."""
    return frozenset(resource.canonical for resource in request.app.router.resources())


def _pages(rail: Sequence[Group], text: str) -> Iterable[Found]:
    for group in rail:
        for entry in group.entries:
            if text in entry.word.casefold():
                yield Found("Pages", entry.word, group.title, entry.path)
    for word, path in _SETTINGS:
        if text in word.casefold():
            yield Found("Pages", word, "", path)


def indexes(market: Market, text: str) -> tuple[bytes | None, bytes | None]:
    """The keyed hashes of a text as a phone and as an email, where it is one."""
    now = market.clock.now()
    found: list[bytes | None] = []
    for kind, parse in (("phone", phone.TYPE.parse), ("email", email.TYPE.parse)):
        spec = FieldSpec(kind, kind, kind, Presence.OPTIONAL, Presence.OPTIONAL, personal=True)
        value = parse(text, spec, now)
        found.append(market.vault.index(kind, value.clean.lower()) if isinstance(value, FieldValue) else None)
    return found[0], found[1]
