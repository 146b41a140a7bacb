"""A campaign's terms as a form types them, and back: every problem told at once, by the field it is about. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from exchange import limits
from exchange.model.lead import Problem
from exchange.model.money import BadMoney, Money
from exchange.model.party import Campaign, Cap, Disclosure, Gate, Group, Hours, Mismatch, Payout, Rate, Window
from exchange.model.verification import VerifierRule
from exchange.model.vertical import Vertical
from exchange.stages.checks.fit import CONSENT_NAMES
from exchange.stages.gate import filter_problems
from exchange.stages.macros import wrong_macros
from exchange.stages.price_rules import BadRule, floors_of, floors_text, parse_floors, parse_tiers, tier_text

CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "duplicate_scope": (
        ("vertical", "This vertical's leads"),
        ("campaign", "This campaign's leads"),
        ("seller", "This seller's leads"),
        ("exchange", "All leads of the exchange"),
    ),
    "duplicate_by": (("person", "The same person"), ("contact", "The same phone or email alone")),
    "expired": (("reject", "Refuse it with ping_expired"), ("reauction", "Price it anew")),
    "mismatch": (("reject", "Refuse it with ping_mismatch"), ("reping", "Price it anew")),
    "unclear_answer": (("queued", "Say queued, tell the outcome later"), ("unsold", "Say unsold")),
    "disclosure": (
        ("full", "Everything: the rule, what came, what was asked"),
        ("category", "Its category: data, quality, demand or price"),
        ("code", "The bare code"),
    ),
}
FLAGS = ("exclusive_only", "allow_loss", "even", "always_200", "query_string")
NUMBERS: Mapping[str, tuple[int, int]] = {
    "slots": (1, 20),
    "timeout_ms": (limits.TIMEOUT_MS_LEAST, limits.TIMEOUT_MS_MOST),
    "hold_seconds": (10, 3_600),
    "burst": (1, 10_000),
}
DAYS = ("duplicate_days", "duplicate_pending_days", "duplicate_unsold_days", "duplicate_refused_days")
"""Whole days, or nothing: as the vertical says."""
POINTS = ("refuse_at", "hold_at")
URLS = ("redirect_sold", "redirect_unsold", "postback_url")
CAPS = tuple((window, unit) for window in Window for unit in ("count", "money"))
CONSENT = tuple(name for name in CONSENT_NAMES if name != "trustedform_url")
_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]?\d|2[0-3]):([0-5]\d)|(24):(00))")
_SUB_IDS = 1_000


def cap_field(window: Window, unit: str) -> str:
    return f"cap_{window.value}_{unit}"


def typed_of(campaign: Campaign) -> dict[str, str]:
    """A campaign as its form shows it; its filter is another form's business."""
    gate, screen = campaign.gate, campaign.screen
    typed = {
        "name": campaign.name,
        "payout_fixed": campaign.payout.fixed.text,
        "payout_share": _percent(campaign.payout.share_bp),
        "payout_tiers": "\n".join(map(tier_text, campaign.payout_tiers)),
        "floor": campaign.floor.text,
        "floors": floors_text(floors_of(campaign)),
        "min_margin": campaign.min_margin.text,
        "min_margin_share": _percent(campaign.min_margin_bp),
        "slots": str(campaign.slots),
        "timeout_ms": str(campaign.timeout_ms),
        "hold_seconds": str(campaign.price_hold_ms // 1000),
        "per_second": f"{campaign.rate.per_second:g}",
        "burst": str(campaign.rate.burst),
        "zone": gate.zone,
        "allowed_sub_ids": "\n".join(gate.allowed_sub_ids),
        "blocked_sub_ids": "\n".join(campaign.blocked_sub_ids),
        "refuse_at": _or_nothing(screen.refuse_at),
        "hold_at": _or_nothing(screen.hold_at),
        **{name: _or_nothing(getattr(campaign, name)) for name in (*DAYS, *URLS)},
        **{name: _plain(getattr(campaign, name)) for name in CHOICES},
        **{name: "yes" for name in FLAGS if getattr(gate if name == "even" else campaign, name)},
        **{f"consent.{name}": "yes" for name in gate.consent},
        **{f"hours_{day}": _spans(gate.hours, day) for day in range(7)},
        "verify": "vertical" if campaign.verifiers is None else "own",
        **{f"verify.{rule.verifier}": "yes" for rule in campaign.verifiers or ()},
    }
    for cap in gate.caps:
        if not cap.weekdays:
            shown = Money(cap.most, campaign.currency).text if cap.unit == "money" else str(cap.most)
            typed[cap_field(cap.window, cap.unit)] = shown
    return typed


def read_terms(
    campaign: Campaign, typed: Mapping[str, str], filters: Group | None, vertical: Vertical
) -> tuple[Campaign, list[Problem]]:
    """The campaign with what was typed, and all that is wrong with it. What has no field stays as it is."""
    problems: list[Problem] = []
    read = _Reader(typed, campaign.currency, problems)
    numbers = {name: read.number(name, least, most) for name, (least, most) in NUMBERS.items()}
    points: dict[str, Any] = {name: read.number(name, 0, 100, optional=True) for name in POINTS}
    floors = read.by(parse_floors, "floors", floors_of(campaign))
    rate = replace(
        campaign.rate, per_second=read.decimal("per_second", 0.1, 1_000), burst=numbers["burst"] or Rate().burst
    )
    values: dict[str, Any] = {
        "name": read.line("name", 120, needed=True),
        "payout": Payout(read.money("payout_fixed"), read.percent("payout_share")),
        "payout_tiers": read.by(parse_tiers, "payout_tiers", campaign.payout_tiers),
        "floor": read.money("floor"),
        "floors": floors.by_state,
        "floor_holdout_bp": floors.holdout_bp,
        "min_margin": read.money("min_margin"),
        "min_margin_bp": read.percent("min_margin_share"),
        "slots": numbers["slots"] or 1,
        "timeout_ms": numbers["timeout_ms"] or campaign.timeout_ms,
        "price_hold_ms": (numbers["hold_seconds"] or 120) * 1000,
        "rate": rate,
        "blocked_sub_ids": read.lines("blocked_sub_ids"),
        "screen": replace(campaign.screen, **points),
        "gate": _gate(campaign.gate, typed, filters, read),
        "verifiers": _verifiers(campaign, typed, vertical),
        **{name: read.number(name, 0, 3_650, optional=True) for name in DAYS},
        **{name: read.choice(name) for name in CHOICES},
        **{name: typed.get(name) == "yes" for name in FLAGS if name != "even"},
        **_urls(read),
    }
    enums = {"mismatch": Mismatch(values["mismatch"]), "disclosure": Disclosure(values["disclosure"])}
    changed = replace(campaign, **{**values, **enums})
    wrong = filter_problems(filters, vertical, campaign.currency)
    problems += [Problem("filters", "not_allowed", told) for told in wrong]
    problems += _at_odds(changed)
    return changed, problems


def rules_known(campaign: Campaign, vertical: Vertical) -> dict[str, VerifierRule]:
    """By verifier, the steps a campaign may have: its vertical's, and those it has of its own."""
    return {each.verifier: each for each in (*vertical.verifiers, *(campaign.verifiers or ()))}


def _verifiers(campaign: Campaign, typed: Mapping[str, str], vertical: Vertical) -> tuple[VerifierRule, ...] | None:
    if typed.get("verify") != "own":
        return None
    known = rules_known(campaign, vertical)
    return tuple(rule for name, rule in known.items() if typed.get(f"verify.{name}") == "yes")


def _at_odds(campaign: Campaign) -> Iterator[Problem]:
    """What is right by itself and wrong together."""
    if both := sorted(set(campaign.gate.allowed_sub_ids) & set(campaign.blocked_sub_ids)):
        yield Problem("blocked_sub_ids", "conflict", f"{', '.join(both[:5])}: listed as allowed and as blocked.")
    if not campaign.payout.fixed.units and not campaign.payout.share_bp and not campaign.payout_tiers:
        yield Problem("payout_share", "missing", "Say what a lead earns: an amount, a percentage, or both.")
    if campaign.exclusive_only and campaign.slots > 1:
        yield Problem("slots", "conflict", "Sold exclusively only, a lead has one buyer: set 1.")


def _gate(before: Gate, typed: Mapping[str, str], filters: Group | None, read: _Reader) -> Gate:
    caps = [cap for cap in before.caps if cap.weekdays]
    for window, unit in CAPS:
        name = cap_field(window, unit)
        most = read.money(name, optional=True).units if unit == "money" else read.number(name, 1, 10**9, optional=True)
        if most:
            caps.append(Cap(window, unit, most))
    return Gate(
        read.lines("allowed_sub_ids"),
        tuple(name for name in CONSENT if typed.get(f"consent.{name}") == "yes"),
        filters,
        read.zone("zone", before.zone),
        _hours(typed, read),
        tuple(caps),
        typed.get("even") == "yes",
    )


def _hours(typed: Mapping[str, str], read: _Reader) -> tuple[Hours, ...]:
    """Days with the same hours stand together."""
    days: dict[tuple[int, int], list[int]] = {}
    for day in range(7):
        for part in filter(None, (each.strip() for each in typed.get(f"hours_{day}", "").split(","))):
            found = _SPAN.fullmatch(part)
            if found is None:
                read.wrong(f"hours_{day}", "pattern", "Hours are written 09:00-17:30, several with commas.", part)
                continue
            closes = 1_440 if found[5] else int(found[3]) * 60 + int(found[4])
            days.setdefault((int(found[1]) * 60 + int(found[2]), closes), []).append(day)
    return tuple(Hours(tuple(each), opens, closes) for (opens, closes), each in days.items())


def _urls(read: _Reader) -> dict[str, Any]:
    found: dict[str, Any] = {name: read.line(name, 2_000) for name in URLS}
    for name, url in found.items():
        if url and not url.startswith(("https://", "http://")):
            read.wrong(name, "pattern", "An address begins with https://.", url)
        elif url and name == "postback_url" and (told := wrong_macros(url)):
            read.wrong(name, "not_allowed", told, url)
    return {**found, "postback_url": found["postback_url"] or None}


class _Reader:
    """Reads typed values; what cannot be read is told, and something harmless stands in its place."""

    def __init__(self, typed: Mapping[str, str], currency: str, problems: list[Problem]) -> None:
        self._typed, self._currency, self._problems = typed, currency, problems

    def wrong(self, name: str, code: str, told: str, got: str = "") -> None:
        self._problems.append(Problem(name, code, told, got[:80]))

    def line(self, name: str, longest: int, *, needed: bool = False) -> str:
        text = " ".join(self._typed.get(name, "").split())
        if needed and not text:
            self.wrong(name, "missing", "It needs a name.")
        if len(text) > longest:
            self.wrong(name, "length", f"At most {longest:,} characters.", text)
        return text[:longest]

    def lines(self, name: str) -> tuple[str, ...]:
        parts = (part.strip() for part in re.split(r"[\n,]", self._typed.get(name, "")))
        found = tuple(dict.fromkeys(part for part in parts if part))
        if len(found) > _SUB_IDS or any(len(part) > 120 for part in found):
            self.wrong(name, "length", f"At most {_SUB_IDS:,} values of at most 120 characters, one a line.")
        return found[:_SUB_IDS]

    def number(self, name: str, least: int, most: int, *, optional: bool = False) -> int | None:
        text = self._typed.get(name, "").strip().replace(",", "")
        if optional and not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
            empty = ", or nothing" if optional else ""
            self.wrong(name, "range", f"A whole number from {least:,} to {most:,}{empty}.", text)
            return None
        return int(text)

    def decimal(self, name: str, least: float, most: float) -> float:
        text = self._typed.get(name, "").strip()
        if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text) and least <= float(text) <= most:
            return float(text)
        self.wrong(name, "range", f"A number from {least:g} to {most:g}.", text)
        return least

    def money(self, name: str, *, optional: bool = False) -> Money:
        text = self._typed.get(name, "").strip().lstrip("$").replace(",", "")
        try:
            amount = Money.parse(text, self._currency) if text or not optional else Money(0, self._currency)
        except BadMoney:
            self.wrong(name, "pattern", f"An amount in {self._currency} such as 12.50.", text)
            return Money(0, self._currency)
        if amount.units < 0:
            self.wrong(name, "range", "Not below 0.", text)
        return amount

    def percent(self, name: str) -> int:
        """In hundredths of a percent."""
        text = self._typed.get(name, "").strip().rstrip("%").strip() or "0"
        if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,2})?", text):
            whole, _, part = text.partition(".")
            if (share := int(whole) * 100 + int(part.ljust(2, "0") or 0)) <= 10_000:
                return share
        self.wrong(name, "range", "A percentage from 0 to 100, with two decimals at most.", text)
        return 0

    def choice(self, name: str) -> str:
        value, known = self._typed.get(name, ""), [each for each, _ in CHOICES[name]]
        if value not in known:
            self.wrong(name, "not_allowed", f"One of {', '.join(known)}.", value)
            return known[0]
        return value

    def zone(self, name: str, before: str) -> str:
        text = self._typed.get(name, "").strip()
        try:
            ZoneInfo(text)
        except (ZoneInfoNotFoundError, OSError, ValueError):
            self.wrong(name, "not_allowed", "The name of a time zone such as America/New_York.", text)
            return before
        return text

    def by(self, parse: Callable[[str, str], Any], name: str, before: Any) -> Any:
        try:
            return parse(self._typed.get(name, ""), self._currency)
        except BadRule as bad:
            self.wrong(name, "pattern", str(bad))
            return before


def _percent(share_bp: int) -> str:
    return f"{share_bp // 100}.{share_bp % 100:02d}".removesuffix(".00")


def _or_nothing(value: object) -> str:
    return "" if value is None else str(value)


def _plain(value: Any) -> str:
    return str(getattr(value, "value", value))


def _spans(hours: Sequence[Hours], day: int) -> str:
    own = [each for each in hours if day in each.weekdays]
    return ", ".join(f"{_clock(each.opens)}-{_clock(each.closes)}" for each in own)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
