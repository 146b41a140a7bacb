"""The leads a contract missed, in words: each failing check with its count, its worth and where to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from aiohttp import web

from exchange.flows.missed import Missed, missed_leads
from exchange.model.actor import Actor
from exchange.model.party import Contract
from exchange.model.vertical import Vertical
from exchange.web.keys import MARKET
from exchange.web.words import money, plural

PERIODS: Mapping[str, int] = MappingProxyType({"1": 1, "7": 7, "30": 30})
_WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "contract_active": ("The contract was paused", ""),
        "buyer_active": ("The buyer was paused or away", ""),
        "mode": ("It takes the other kind of leads", ""),
        "schedule": ("Outside its hours", "schedule"),
        "geo": ("Outside its area", "where"),
        "source": ("The seller or sub ID", "sources"),
        "grade": ("The grade", "quality"),
        "fraud": ("The fraud score", "quality"),
        "consent": ("Proof of consent", "quality"),
        "named_seller": ("The consumer did not name it", ""),
        "quiet_hours": ("The consumer's calling hours", "quality"),
        "duplicate_buyer": ("Bought before", "quality"),
        "suppression": ("On its suppression list", ""),
        "conflict": ("A company of its group was there", ""),
        "pacing": ("It is spread over its hours", "caps"),
        "budget": ("Its budget is spent", "caps"),
        "balance": ("Too little balance or credit", ""),
        "price": ("Its price is under the floor", "price"),
        "health": ("It did not answer", ""),
        "rate": ("Its pings a second", "caps"),
        "tier": ("Sold in an earlier tier", "what"),
        "deadline": ("No time left to ask it", "delivery"),
    }
)


@dataclass(frozen=True, slots=True)
class Told:
    """`section` is the part of the form where it is changed; empty where no term does it."""

    name: str
    word: str
    section: str
    leads: int
    alone: int
    worth: str
    part: float


@dataclass(frozen=True, slots=True)
class Page:
    found: Missed
    days: str
    lines: tuple[Told, ...]
    sentence: str


async def missed_page(request: web.Request, actor: Actor, contract: Contract) -> Page:
    """Raises `NotYours`."""
    market = request.app[MARKET]
    days = request.query.get("days", "")
    days = days if days in PERIODS else "7"
    found = await missed_leads(market, actor, contract, PERIODS[days])
    vertical = market.verticals[contract.vertical]
    most = max((each.leads for each in found.checks), default=1)
    lines = tuple(
        Told(each.name, *check_words(each.name, vertical), each.leads, each.alone, _worth(found, each.leads),
             each.leads / most)
        for each in found.checks
    )  # fmt: skip
    return Page(found, days, lines, _sentence(found))


def check_words(name: str, vertical: Vertical) -> tuple[str, str]:
    """What kept it out, and the section of its terms that says so."""
    kind, _, part = name.partition(":")
    if kind == "filter":
        labels = (vertical.by_name[each].label if each in vertical.by_name else each for each in part.split("|"))
        return f"Its filter: {' or '.join(labels)}", "filters"
    if kind == "cap":
        return f"Its cap of {'all time' if part == 'total' else f'the {part}'}", "caps"
    return _WORDS.get(kind, (kind.replace("_", " ").capitalize(), ""))


def _worth(found: Missed, leads: int) -> str:
    value = found.value(leads)
    return f"about {money(value)}" if value is not None else ""


def _sentence(found: Missed) -> str:
    if not found.leads:
        return f"No lead of this vertical came in the last {plural(found.days, 'day')}."
    if found.whole:
        reach = f"Of {plural(found.leads, 'lead')} in the last {plural(found.days, 'day')}"
    else:
        reach = f"Of the newest {found.leads:,} leads, which came within {found.span_ms / 3_600_000:.1f} hours,"
    worth = _worth(found, found.missed)
    return f"{reach} it bought {found.bought:,} and could not have {found.missed:,}{f', {worth}' if worth else ''}."


def as_fields(told: Page) -> Mapping[str, object]:
    """The same for programs."""
    return {
        "leads": told.found.leads,
        "bought": told.found.bought,
        "missed": told.found.missed,
        "days": told.found.days,
        "whole": told.found.whole,
        "checks": [{"check": each.name, "leads": each.leads, "alone": each.alone} for each in told.found.checks],
    }
