"""Returns as their buyer and their seller list them: columns and filters of each, and what of the storage they ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.return_terms import RETURN_REASONS
from exchange.stages.returns.words import reason_words
from exchange.storage.return_views import ReturnFilter, count_returns, list_returns
from exchange.web.api.returning import return_fields
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.listed.return_rows import ReturnLine, line_of
from exchange.web.lists.shape import Asked, Column, Filter, Nothing, Shape

STATES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "waiting": ("waiting", ("asked", "question")),
        "granted": ("granted", ("approved", "partial", "replaced")),
        "declined": ("declined", ("declined",)),
    }
)
"""A state of the lists with its word, and the states of requests that it shows."""


@dataclass(frozen=True, slots=True)
class OwnReturn:
    """A request of whoever looks, as pages show it, and as programs are told of it."""

    line: ReturnLine
    told: Mapping[str, Any]


def _filter(asked: Asked) -> ReturnFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    return ReturnFilter(
        asked.mode,
        STATES[given["state"]][1] if "state" in given else (),
        reason=given.get("reason"),
        contract_id=given.get("contract"),
        since=since,
        older_than=until,
        span=asked.span,
    )


async def _read(market: Market, actor: Actor, asked: Asked) -> list[OwnReturn]:
    rows = await market.db.read(list_returns, actor, _filter(asked))
    return [OwnReturn(line_of(market, row), return_fields(market, row, actor)) for row in rows]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_returns, actor, _filter(asked), most)


_FILTERS = (
    Filter(
        "state",
        "State",
        lambda _: [(name, word) for name, (word, _) in STATES.items()],
        lambda text: text if text in STATES else "",
    ),
    Filter("reason", "Reason", lambda _: [(each, reason_words(each)) for each in RETURN_REASONS]),
    period_filter("Asked"),
)

BUYERS_RETURNS: Shape[OwnReturn] = Shape(
    "buyer_returns",
    "/buyer/returns",
    "return",
    "returns",
    (
        Column("asked", "Asked", "when tab", sorts=lambda each: each.line.asked_at),
        Column("lead", "Lead", "who", fixed=True),
        Column("contract", "Contract", "wrap"),
        Column("reason", "Reason", "wrap"),
        Column("price", "Paid", "paid", num=True),
        Column("state", "State", "is"),
        Column("credit", "Credit", num=True),
        Column("said", "Said with it", "wrap dim"),
        Column("yours", "Your reference", "mono dim", hidden=True),
    ),
    (*_FILTERS, Filter("contract", "Contract")),
    _read,
    _count,
    lambda each: each.line.id,
    lambda each: each.told,
    (
        "return_id", "lead_id", "reference", "your_return_id", "contract_id", "reason", "asked_at", "state", "rule",
        "decided_at", "price", "credit", "currency", "why", "replacement_lead_id",
    ),
    Nothing("You asked for no {mode} lead back yet. What you ask for stands here with what became of it.",
            "Your leads", "/buyer/leads"),
)  # fmt: skip

SELLERS_RETURNS: Shape[OwnReturn] = replace(
    BUYERS_RETURNS,
    name="seller_returns",
    path="/seller/returns",
    columns=(
        BUYERS_RETURNS.columns[0],
        Column("lead", "Lead", "who", fixed=True),
        Column("reason", "Reason", "wrap"),
        Column("earned", "You earned", "paid", num=True),
        Column("window", "Your window", "nw"),
        Column("state", "State", "is"),
        Column("taken", "Taken back", num=True),
    ),
    filters=_FILTERS,
    names=(
        "return_id", "lead_id", "seller_lead_id", "your_return_id", "reason", "asked_at", "due_at", "state", "rule",
        "decided_at", "earned", "returned_amount", "currency",
    ),
    nothing=Nothing("No buyer asked for its money back for a {mode} lead of yours.", "Your part", "/seller"),
)  # fmt: skip
