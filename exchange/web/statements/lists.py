"""Lists of payout runs: those of all sellers for the console, and of a seller its own statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from exchange.flows.market import Market
from exchange.flows.seller_statements import own_fields, run_fields
from exchange.model.actor import Actor
from exchange.model.payout import Run
from exchange.storage.payout_lists import RunFilter, count_runs, list_runs
from exchange.web.listed.leads import sellers
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape
from exchange.web.statements.told import STATES

_STATES = ("prepared", "issued", "paid", "discarded")
_AMOUNTS = ("sold", "returned", "adjusted", "released", "held", "rounding", "carry", "pay")
_FIELDS = ("run_id", "statement", "seller_id", "currency", "state", "since", "until", "due_at", "method", "carried")
_OWN = ("statement", "currency", "state", "since", "until", "due_at", "method", "carried")


def standing(run: Run) -> tuple[str, str, str]:
    """How a run stands, as `STATES` has it: one that pays nothing is carried over."""
    return STATES["carried" if run.state.value == "paid" and not run.figures.pay else run.state.value]


def own_standing(run: Run) -> tuple[str, str, str]:
    """The same for its seller: what pays nothing is carried over from the day it is issued."""
    return STATES["carried" if not run.figures.pay else run.state.value]


def _filter(asked: Asked) -> RunFilter:
    return RunFilter(asked.given.get("state", ""), asked.given.get("seller", ""), asked.span)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Run]:
    return await market.db.read(list_runs, actor, _filter(asked))


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_runs, actor, _filter(asked), most)


def _states(_: Market) -> Choices:
    return [(each, STATES[each][0]) for each in _STATES]


def _own_states(_: Market) -> Choices:
    return [(each, STATES[each][0]) for each in ("issued", "paid")]


def _own_fields(run: Run) -> Mapping[str, object]:
    return own_fields(run_fields(run))


RUNS: Shape[Run] = Shape(
    "payouts",
    "/console/payouts",
    "run",
    "runs",
    (
        Column("until", "Period ends", "when tab", sorts=lambda run: run.until.at),
        Column("statement", "Statement", "who", fixed=True),
        Column("seller", "Seller", "wrap"),
        Column("due", "Due", "tab"),
        Column("sold", "Sold", num=True),
        Column("returned", "Returned", num=True),
        Column("reserve", "Reserve", num=True, about="Let go of what was held back, less what is held back now"),
        Column("pay", "To pay", "paid", num=True),
        Column("state", "State", "is wrap"),
    ),
    (
        Filter("state", "State", _states, lambda text: text if text in _STATES else ""),
        Filter("seller", "Seller", sellers),
    ),
    _read,
    _count,
    lambda run: run.id,
    run_fields,
    (*_FIELDS, *_AMOUNTS),
    Nothing("No run yet. One is prepared a quarter of an hour after a period's end."),
)

OWN_STATEMENTS: Shape[Run] = replace(
    RUNS,
    name="statements",
    path="/seller/statements",
    one="statement",
    many="statements",
    columns=tuple(each for each in RUNS.columns if each.name != "seller"),
    filters=(Filter("state", "State", _own_states, lambda text: text if text in ("issued", "paid") else ""),),
    fields=_own_fields,
    names=(*_OWN, *_AMOUNTS),
    nothing=Nothing("No statement was issued yet. You see each one here the moment it is."),
)
