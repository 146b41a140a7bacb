"""A seller's statement in words and amounts: what every form of it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.flows.seller_statements import Document, Part
from exchange.stages.reasons import show_exact, show_money
from exchange.web.bills.told import Row, Told, day, last_day

KINDS: Mapping[str, str] = MappingProxyType(
    {"sold": "Leads sold", "returned": "Leads returned", "adjusted": "Adjustments"}
)
STATES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "running": ("Running", "info", "pulse"),
        "prepared": ("To approve", "warn", "clock"),
        "issued": ("To pay", "info", "out"),
        "paid": ("Paid", "good", "check"),
        "carried": ("Carried over", "", "dash"),
        "discarded": ("Discarded", "", "cross"),
    }
)
"""How a statement stands: word, tone, icon."""
_BEFORE = ("carried",)
_AFTER = ("released", "held", "rounding", "carry")


def told(market: Market, document: Document) -> Told:
    """For paper and page. What is zero is left out, but for what is to pay."""
    parts = {part.key: part for part in document.parts}
    issuer = market.issuer
    return Told(
        "Statement" if document.run is not None else "Running statement",
        document.number or "",
        _lines(issuer.name or market.name, issuer.address),
        _lines(document.party.name, document.party.address, document.party.tax_id),
        _heading(document),
        _shown(parts[key] for key in _BEFORE),
        tuple(
            Row(KINDS[line.kind], campaign_name(market, line.campaign_id), line.entries, document.money(line.units))
            for line in document.lines
        ),
        _shown(parts[key] for key in _AFTER),
        ("To pay", show_money(parts["pay"].money)),
        _notes(market, document),
        "Campaign",
    )


def campaign_name(market: Market, campaign_id: str) -> str:
    campaign = market.deals.campaigns.get(campaign_id)
    return campaign.name if campaign is not None else campaign_id


def _shown(parts: Iterable[Part]) -> tuple[tuple[str, str], ...]:
    """What is below a cent is told as it is where it is what the line is about."""
    shown = {"rounding": show_exact}
    return tuple((part.word, shown.get(part.key, show_money)(part.money)) for part in parts if part.money.units)


def _heading(document: Document) -> tuple[tuple[str, str], ...]:
    zone = document.party.zone
    last = last_day(document.until, zone)
    run = document.run
    found = [("Issued", day(run.issued_at, zone))] if run is not None and run.issued_at is not None else []
    found += [
        ("Due", day(document.due_at, zone)),
        ("Period", f"{day(document.since, zone)} to {last}" if document.since else f"up to {last}"),
        ("Time zone", zone),
        ("Currency", document.currency),
        ("Paid by", document.method.title),
    ]
    return tuple(found)


def _notes(market: Market, document: Document) -> tuple[str, ...]:
    if document.number is None:
        changes = document.run is None
        return ("Not issued yet: it changes with every sale and every return." if changes else "Not issued yet.",)
    name = market.issuer.name or market.name
    notes = [f"Self-billed: issued by {name} on behalf of {document.party.name}."]
    for each in document.payments:
        if each.paid_at is not None:
            paid = day(each.paid_at, document.party.zone)
            back = f", came back: {each.bounce_reason}" if each.bounce_reason else ""
            notes.append(f"{show_money(each.money)} paid on {paid}, reference {each.reference}{back}.")
    return tuple(notes)


def _lines(*parts: str) -> tuple[str, ...]:
    return tuple(line.strip() for part in parts for line in part.split("\n") if line.strip())
