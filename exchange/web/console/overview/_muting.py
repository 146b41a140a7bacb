"""Muting in live traffic: `mute=seller:cedar`, `mute=source:cedar:north` and `mute=outcome:rejected` in its address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from exchange.flows.deals import Deals
from exchange.model.muted import Muted
from exchange.web.figures.traffic import Sent
from exchange.web.listed.lead_rows import LeadLine

_MOST = 40
_LONGEST = 240
_OFFERED = 8
_TITLES: Mapping[str, str] = {"seller": "Sellers", "source": "Sub IDs", "outcome": "Outcomes"}
KINDS: Mapping[str, tuple[str, ...]] = {
    "leads": ("seller", "source", "outcome"),
    "requests": ("seller", "source", "outcome"),
    "deliveries": ("seller", "outcome"),
}
"""What can be muted in each tab."""


def read_mutes(given: Iterable[str], tab: str) -> tuple[str, ...]:
    """Those of an address that the tab knows, each once."""
    known = (each[:_LONGEST] for each in given if _known(each, tab))
    return tuple(dict.fromkeys(known))[:_MOST]


def _known(mute: str, tab: str) -> bool:
    kind, _, value = mute.partition(":")
    return kind in KINDS[tab] and bool(value) and (kind != "source" or all(value.partition(":")))


def kept_by(mutes: Sequence[str], tab: str) -> tuple[str, ...]:
    """Those that go along to another tab: the outcomes of each are its own."""
    return tuple(each for each in read_mutes(mutes, tab) if not each.startswith("outcome:"))


def with_mutes(url: str, mutes: Sequence[str]) -> str:
    told = urlencode([("mute", each) for each in mutes])
    return f"{url}{'&' if '?' in url else '?'}{told}" if told else url


def muted_of(mutes: Sequence[str]) -> Muted:
    values: dict[str, list[str]] = {kind: [] for kind in _TITLES}
    for each in mutes:
        kind, _, value = each.partition(":")
        values[kind].append(value)
    sources = tuple((seller, sub_id) for seller, _, sub_id in (each.partition(":") for each in values["source"]))
    return Muted(tuple(values["seller"]), sources, tuple(values["outcome"]))


def in_words(deals: Deals, mute: str) -> str:
    """`Cedar`, `north of Cedar`, `no bid`."""
    kind, _, value = mute.partition(":")
    if kind == "outcome":
        return value.replace("_", " ")
    seller_id, _, sub_id = value.partition(":")
    seller = deals.sellers.get(seller_id)
    name = seller.name if seller is not None else seller_id
    return f"{sub_id} of {name}" if kind == "source" else name


def offers(deals: Deals, rows: Sequence[Any]) -> list[tuple[str, list[tuple[str, str, int]]]]:
    """What of these rows can be muted, by kind: as an address says it, in words, and how many rows that is."""
    found = Counter(mute for row in rows for mute in _marks(deals, row))
    groups = []
    for kind, title in _TITLES.items():
        told = [(mute, in_words(deals, mute), times) for mute, times in found.most_common() if mute.startswith(kind)]
        if told:
            groups.append((title, told[:_OFFERED]))
    return groups


def _marks(deals: Deals, row: Any) -> Iterable[str]:
    if isinstance(row, LeadLine):
        campaign = deals.campaigns.get(row.campaign_id)
        seller, sub_id, outcome = campaign.seller_id if campaign is not None else "", row.sub_id1 or "", row.state
    elif isinstance(row, Sent):
        seller, sub_id, outcome = row.seller_id, "", row.outcome
    else:
        seller, sub_id, outcome = row["seller_id"] or "", "", row["status"] or ""
    if seller:
        yield f"seller:{seller}"
    if seller and sub_id:
        yield f"source:{seller}:{sub_id}"
    if outcome:
        yield f"outcome:{outcome}"
