"""Alerts that are over as a list: its columns and filters, and what of the storage they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.alert import RULES, Alert
from exchange.storage.alert_views import OverFilter, count_over, list_over
from exchange.web.figures.alerts import HOME, alert_fields
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape

NAMES = (
    "id", "rule", "about", "title", "effect", "likely_cause", "opened_at", "closed_at", "lasted_seconds", "closed_by",
    "note", "owner", "times", "money_an_hour", "currency", "leads_an_hour",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Over:
    """An alert that is over, and the moment it is looked at."""

    alert: Alert
    now: int

    @property
    def closed_at(self) -> int:
        assert self.alert.closed_at is not None, "only alerts that are over are listed"
        return self.alert.closed_at


def _filter(asked: Asked) -> OverFilter:
    since, until = period_of(asked.given.get("period"), asked.times)
    return OverFilter(asked.given.get("rule", ""), since, until, asked.span)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Over]:
    return [Over(each, asked.times.now) for each in await market.db.read(list_over, _filter(asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_over, _filter(asked), most)


def _fields(line: Over) -> Mapping[str, object]:
    return alert_fields(line.alert, line.now)


def _rules(_: Market) -> Choices:
    return sorted(((name, rule.title) for name, rule in RULES.items()), key=lambda pair: pair[1])


OVER: Shape[Over] = Shape(
    "past_alerts",
    HOME,
    "past alert",
    "past alerts",
    (
        Column("closed", "Closed", "when tab", sorts=lambda line: line.closed_at),
        Column("what", "What", "who wrap", fixed=True),
        Column("opened", "Opened", "tab", sorts=lambda line: line.alert.opened_at),
        Column("lasted", "Lasted", "nw"),
        Column("ended", "How it ended", "wrap"),
        Column("rule", "Rule", "wrap", hidden=True),
    ),
    (
        Filter("rule", "Rule", _rules, lambda text: text if text in RULES else ""),
        period_filter("Closed"),
    ),
    _read,
    _count,
    lambda line: line.alert.id,
    _fields,
    NAMES,
    Nothing("No alert has ended yet. One that is over stands here with how long it lasted and how it ended.",
            "See the rules", f"{HOME}/rules"),
)  # fmt: skip
