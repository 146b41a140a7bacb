"""Measures against sub ids as pages and programs are told of them, and as both say what they want."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from exchange.flows.market import Market
from exchange.model.measure import Action, Measure, SourceRule
from exchange.model.quality import DAY_MS
from exchange.stages.respond import rfc3339
from exchange.storage.measures import read_measures

_CLOSED_DAYS, _MOST = 30, 200


async def measures_of(market: Market) -> list[Measure]:
    """Those that are open, and those closed in a month."""
    return await market.db.read(read_measures, market.clock.now() - _CLOSED_DAYS * DAY_MS, _MOST)


def measure_fields(measure: Measure) -> dict[str, Any]:
    return {
        "measure_id": measure.id,
        "vertical": measure.vertical,
        "seller_id": measure.seller_id,
        "sub_id": measure.sub_id,
        "kind": measure.kind.value,
        "cap": measure.cap or None,
        "state": measure.state.value,
        "by_rule": measure.by_rule,
        "chance": measure.chance / 10_000,
        "share": measure.share / 10_000,
        "bar": measure.bar / 10_000,
        "leads": measure.leads,
        "bad": measure.bad,
        "found_at": rfc3339(measure.found_at),
        "changed_at": rfc3339(measure.changed_at),
        "changed_by": measure.changed_by,
        "note": measure.note,
    }


def rule_fields(rule: SourceRule) -> dict[str, Any]:
    return {
        "vertical": rule.vertical or None,
        "action": rule.action.value,
        "chance": rule.chance / 10_000,
        "leads": rule.leads,
        "bad": rule.bad,
        "days": rule.days,
        "cap": rule.cap,
    }


class BadWish(ValueError):
    """A field that says nothing usable; `field` names it."""

    def __init__(self, field: str, told: str) -> None:
        super().__init__(told)
        self.field = field


def rule_wanted(sent: Mapping[str, str], before: SourceRule) -> SourceRule:
    """What was sent, the rest as it was. `chance` is percent. Raises `BadWish`."""
    action = sent.get("action", "") or before.action.value
    if action not in {each.value for each in Action}:
        raise BadWish("action", f"action is one of {', '.join(each.value for each in Action)}.")
    return before._replace(
        action=Action(action),
        chance=_percent(sent, before.chance),
        leads=_whole(sent, "leads", before.leads),
        bad=_whole(sent, "bad", before.bad),
        days=_whole(sent, "days", before.days),
        cap=_whole(sent, "cap", before.cap),
    )


def _whole(sent: Mapping[str, str], name: str, before: int) -> int:
    text = sent.get(name, "").strip()
    if not text:
        return before
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise BadWish(name, f"{name} must be a whole number.")
    return int(text)


def _percent(sent: Mapping[str, str], before: int) -> int:
    text = sent.get("chance", "").strip()
    whole, _, part = text.partition(".")
    if not text:
        return before
    if not (
        whole.isascii() and whole.isdigit() and len(whole) <= 3 and len(part) <= 2 and (not part or part.isdigit())
    ):
        raise BadWish("chance", "chance must be percent with at most two decimals, such as 99.5.")
    return int(whole) * 100 + int((part + "00")[:2])


def cap_wanted(sent: Mapping[str, str]) -> int:
    """Posts a day. Raises `BadWish`."""
    return _whole(sent, "cap", 0)
