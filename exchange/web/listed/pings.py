"""A buyer's own pings as a list: when, of which contract, what lead, what it answered and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import orjson

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.stages.offer import shareable
from exchange.storage.database import Row
from exchange.storage.ping_views import RESULTS, PingFilter, count_pings, list_pings
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.words import utc

PATH = "/buyer/pings"
NAMES = (
    "asked_at", "contract_id", "contract", "lead_id", "vertical", "city", "state", "zip", "lead", "answer", "bid",
    "currency", "took_ms", "result", "told", "delivery_id",
)  # fmt: skip
_SHOWN_FACTS = 4
_WORDS: Mapping[str, tuple[str, str, str, str]] = MappingProxyType(
    {
        "won": ("Won", "good", "check", "Your bid won, and you have the lead."),
        "outbid": ("Outbid", "", "dash", "Another bid won."),
        "too_late": ("Too late", "bad", "clock", "Your answer did not come in the time a ping has."),
        "below_floor": ("Below floor", "warn", "dash", "Your bid was under the least acceptable price."),
        "not_read": ("Not read", "bad", "warning", "Your answer could not be read as a bid or a no."),
        "not_reached": ("Not reached", "bad", "warning", "Your system could not be asked."),
        "no_bid": ("No bid", "", "dash", "You did not want it."),
        "handed_over": ("Handed over", "warn", "out", "Your bid won; the delivery says what became of it."),
        "not_sold": ("Not sold", "", "dash", "Nobody got the lead by this ping: it was not sent after its price was "
                     "told, or was refused."),
    }
)  # fmt: skip
_ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "timeout": "None in time",
        "ping_failed": "None",
        "ping_unreadable": "Unreadable",
        "ping_unmapped": "Of no rule",
        "bad_bid": "A bid that is not allowed",
    }
)


@dataclass(frozen=True, slots=True)
class Ping:
    """One ping. `lead` is what the ping told of it, in words; `bid` None where there was none."""

    id: str
    lead_id: str
    asked_at: int
    contract_id: str
    contract: str
    vertical: str
    city: str
    us_state: str
    zip: str
    lead: str
    said: str
    bid: Money | None
    currency: str
    took_ms: int
    result: str
    attempt_id: str | None

    @property
    def place(self) -> str:
        town = ", ".join(part for part in (self.city, self.us_state) if part)
        return " ".join(part for part in (town, self.zip) if part) or "No place told"

    @property
    def answer(self) -> str:
        """What was answered where it was no bid."""
        return _ANSWERS.get(self.said, "No bid")

    @property
    def pill(self) -> tuple[str, str, str]:
        return _WORDS[self.result][:3]

    @property
    def told(self) -> str:
        return _WORDS[self.result][3]

    def fields(self) -> dict[str, object]:
        return {
            "asked_at": utc(self.asked_at),
            "contract_id": self.contract_id,
            "contract": self.contract,
            "lead_id": self.lead_id,
            "vertical": self.vertical,
            "city": self.city or None,
            "state": self.us_state or None,
            "zip": self.zip or None,
            "lead": self.lead,
            "answer": "bid" if self.bid is not None else self.said,
            "bid": self.bid.text if self.bid is not None else None,
            "currency": self.currency,
            "took_ms": self.took_ms,
            "result": self.result,
            "told": self.told,
            "delivery_id": self.attempt_id,
        }


def _ping(market: Market, row: Row) -> Ping:
    vertical = market.verticals.get(row["vertical"])
    open_names = shareable(vertical) if vertical is not None else frozenset()
    facts = orjson.loads(row["facts"])
    contract = market.deals.contracts.get(row["contract_id"])
    return Ping(
        f"{row['lead_id']}.{row['contract_id']}",
        row["lead_id"],
        row["asked_at"],
        row["contract_id"],
        contract.name if contract is not None else row["contract_id"],
        row["vertical"],
        _open(row, "city", "city", open_names),
        _open(row, "us_state", "state", open_names),
        _open(row, "zip", "zip", open_names),
        _words(facts, open_names),
        row["said"],
        Money(row["price_units"], row["currency"]) if row["said"] == "bid" else None,
        row["currency"],
        row["took_ms"],
        row["result"],
        row["attempt_id"],
    )


def _open(row: Row, column: str, name: str, open_names: Collection[str]) -> str:
    """A place is told as far as the ping told it."""
    return (row[column] or "") if name in open_names else ""


def _words(facts: Mapping[str, str], open_names: Collection[str]) -> str:
    """`homeowner yes, credit rating good`"""
    told = [(name, text) for name, text in facts.items() if name in open_names and name not in ("city", "state", "zip")]
    return ", ".join(f"{name.replace('_', ' ')} {str(text).replace('_', ' ')}" for name, text in told[:_SHOWN_FACTS])


def _filter(asked: Asked) -> PingFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    return PingFilter(asked.mode, given.get("contract", ""), given.get("result", ""), since, until, asked.span)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Ping]:
    return [_ping(market, row) for row in await market.db.read(list_pings, actor, _filter(asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_pings, actor, _filter(asked), most)


def _results(_: Market) -> Choices:
    return [(name, _WORDS[name][0].lower()) for name in RESULTS]


PINGS: Shape[Ping] = Shape(
    "pings",
    PATH,
    "ping",
    "pings",
    (
        Column("asked", "Asked", "when tab", sorts=lambda line: line.asked_at),
        Column("lead", "Lead", "who wrap", fixed=True),
        Column("result", "Result", "is", fixed=True),
        Column("contract", "Contract", "wrap"),
        Column("answer", "You answered", "paid", num=True),
        Column("took", "In", num=True),
        Column("why", "What that means", "wrap dim"),
    ),
    (
        Filter("result", "Result", _results, lambda text: text if text in RESULTS else ""),
        period_filter("Asked"),
        Filter("contract", "Contract", silent=True),
    ),
    _read,
    _count,
    lambda line: line.id,
    Ping.fields,
    NAMES,
    Nothing("No {mode} pings yet. Each one stands here some seconds after you were asked for a bid.", "Your contracts",
            "/buyer/contracts"),
)  # fmt: skip
