"""A lead's time in the store: when it was listed and at what price, who held it, and who took it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.money import Money
from exchange.stages.store import asking
from exchange.storage.database import Row
from exchange.storage.store import rule_of
from exchange.web.story.line import Line
from exchange.web.story.records import Story
from exchange.web.words import money, plural, utc

_ENDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "bought": ("check", "good", "paid and read it"),
        "released": ("return", "", "gave it back"),
        "lapsed": ("clock", "", "let its two minutes pass"),
    }
)


def told_store(market: Market, story: Story) -> list[Line]:
    """One line for the listing, two for each claim, one for its end."""
    lines: list[Line] = []
    for item in story.rows.store_items:
        if item["gone_at"] == item["listed_at"]:
            lines.append(Line(item["gone_at"], None, "clock", "warn", "Not put in the store", item["gone"]))
            continue
        lines.append(_listed(item))
        if item["gone"] is not None:
            lines.append(Line(item["gone_at"], None, "clock", "warn", "Taken off the store", item["gone"]))
        elif item["state"] == "over":
            lines.append(Line(item["ends_at"], None, "clock", "", "Taken off the store", "Its days there were over"))
    for claim in story.rows.store_claims:
        lines += _claim(market, claim)
    return lines


def _listed(item: Row) -> Line:
    rule, at = rule_of(item), item["listed_at"]
    falls = [f"{money(asking(rule, at, at + after))} after {after // 3_600_000} h" for after, _ in rule.falls]
    facts = [", ".join(falls), plural(item["views"], "view")] if falls else [plural(item["views"], "view")]
    return Line(at, None, "list", "info", f"Listed in the store at {money(rule.first)}", ". ".join(facts))


def _claim(market: Market, claim: Row) -> list[Line]:
    name, price = market.deals.buyer_name(claim["contract_id"]), Money(claim["price_units"], claim["currency"])
    held = f"Held by {name} until {utc(claim['expires_at'])}, at {money(price)}"
    lines = [Line(claim["made_at"], None, "clock", "info", held, f"By {claim['made_by']}")]
    if claim["state"] in _ENDS:
        icon, tone, told = _ENDS[claim["state"]]
        at = claim["ended_at"] if claim["ended_at"] is not None else claim["expires_at"]
        lines.append(Line(at, None, icon, tone, f"{name} {told}"))
    return lines
