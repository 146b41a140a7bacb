"""The filters of the leads list as they stand in its address: read, told as chips, and turned into a `LeadFilter`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from exchange.flows.market import Deals
from exchange.model.vertical import Vertical
from exchange.storage.leads import LeadFilter
from exchange.web.render import address
from exchange.web.words import Times

PATH = "/console/leads"
PAGE = 50

STATUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sold": ("sold",),
        "unsold": ("unsold",),
        "rejected": ("rejected", "duplicate", "invalid"),
        "held": ("held",),
        "unclear": ("unclear", "pending"),
        "priced": ("quoted",),
        "in_progress": ("open", "selling"),
        "duplicate": ("duplicate",),
        "invalid": ("invalid",),
    }
)
"""A status of the list and the states of leads it shows. The first seven leave no lead out and count none twice."""

PERIODS: Mapping[str, str] = MappingProxyType(
    {"today": "today", "yesterday": "yesterday", "7d": "last 7 days", "30d": "last 30 days"}
)
_DAYS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"today": (0, 0), "yesterday": (1, 1), "7d": (6, 0), "30d": (29, 0)}  # first and last day, counted back
)
_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "status": "Status",
        "reason": "Reason",
        "seller": "Seller",
        "buyer": "Buyer",
        "vertical": "Vertical",
        "state": "State",
        "period": "Received",
    }
)
_BEFORE = re.compile(r"(\d{1,15})_([a-z]{2,4}_[0-9A-Za-z]{1,40})")
_VALUE_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in words, and the address of the list without it."""

    name: str
    title: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class LeadQuery:
    """What is asked for. `given` are the filters by name, as they stand in the address."""

    mode: str
    given: Mapping[str, str]
    before: tuple[int, str] | None = None

    def url(self, twin: str = "", **changes: str) -> str:
        """The list with some filters changed; an empty one is taken away. `twin` is `.json` or `.csv`."""
        query: dict[str, str | None] = {**self.given, "mode": self.mode if self.mode == "test" else None}
        return address(PATH + twin, **{**query, **changes})

    def older(self, received_at: int, lead_id: str) -> str:
        return self.url(before=f"{received_at}_{lead_id}")

    def without(self, name: str) -> LeadQuery:
        return replace(self, given={key: value for key, value in self.given.items() if key != name})

    def chips(self, deals: Deals, verticals: Mapping[str, Vertical]) -> tuple[Chip, ...]:
        return tuple(
            Chip(name, _TITLES[name], _told(name, value, deals, verticals), self.without(name).url())
            for name, value in self.given.items()
        )

    def filter(self, times: Times, limit: int = PAGE) -> LeadFilter:
        given = self.given
        since, until = period_of(given.get("period"), times)
        status = given.get("status")
        return LeadFilter(
            mode=self.mode,
            states=STATUSES.get(status, (status,)) if status else (),
            reason=given.get("reason"),
            seller_id=given.get("seller"),
            buyer_id=given.get("buyer"),
            vertical=given.get("vertical"),
            us_state=given.get("state"),
            since=since,
            until=until,
            before=self.before,
            limit=limit,
        )


def read_query(query: Mapping[str, str], mode: str) -> LeadQuery:
    """The filters of an address. Empty ones, unknown names and unknown periods are none."""
    given = {name: query.get(name, "").strip()[:_VALUE_CHARACTERS] for name in _TITLES}
    if given["period"] not in PERIODS:
        given["period"] = ""
    given["state"] = given["state"].upper()
    mark = _BEFORE.fullmatch(query.get("before", ""))
    before = (int(mark[1]), mark[2]) if mark else None
    return LeadQuery(mode, MappingProxyType({name: value for name, value in given.items() if value}), before)


def period_of(name: str | None, times: Times) -> tuple[int | None, int | None]:
    """First and last instant of a period of whole days of the exchange; None where it is open."""
    if name is None or name not in _DAYS:
        return None, None
    first, last = _DAYS[name]
    return times.today(first)[0], times.today(last)[1] if last else None


def _told(name: str, value: str, deals: Deals, verticals: Mapping[str, Vertical]) -> str:
    match name:
        case "seller":
            return deals.sellers[value].name if value in deals.sellers else value
        case "buyer":
            return deals.buyers[value].name if value in deals.buyers else value
        case "vertical":
            return verticals[value].title if value in verticals else value
        case "period":
            return PERIODS[value]
        case "status" | "reason":
            return value.replace("_", " ")
        case _:
            return value
