"""What the page of a list shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic

from aiohttp import web

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.rights import may
from exchange.storage.preferences import SavedView, views_of
from exchange.web.auth import actor_of
from exchange.web.keys import MARKET
from exchange.web.lists.query import PAGE, Chip, Query, read_query
from exchange.web.lists.shape import COUNTED, Action, Asked, Choices, Column, Line, Shape
from exchange.web.render import SESSION, mode_of, times_of
from exchange.web.words import Times, count, plural


@dataclass(frozen=True, slots=True)
class Helps:
    """Of a list that filters left empty: the one to remove, and how many rows would return."""

    chip: Chip
    rows: int


@dataclass(frozen=True, slots=True)
class View(Generic[Line]):
    """One page of a list. `columns` are shown, in this order; `arranged` are all of them, with whether they are."""

    shape: Shape[Line]
    query: Query
    lines: Sequence[Line]
    columns: tuple[Column[Line], ...]
    arranged: tuple[tuple[Column[Line], bool], ...]
    rows: int
    chips: tuple[Chip, ...]
    older: str | None
    helps: Helps | None
    choices: Mapping[str, Choices]
    saved: Sequence[SavedView]
    actions: tuple[Action, ...]
    edge: tuple[int, str] | None = None
    """The last row that was looked at, where that is not the list's end."""
    partly: bool = False
    """Whether its total was counted no further than one look goes."""

    @property
    def further(self) -> str:
        """Where the look goes on behind it."""
        return self.query.url(after=f"{self.edge[0]}~{self.edge[1]}") if self.edge is not None else ""

    @property
    def total(self) -> str:
        """`1,204 leads`, and of more than are counted about how many."""
        if self.rows >= COUNTED:
            return f"about {count(COUNTED)} {self.shape.many} or more"
        told = plural(self.rows, self.shape.one, self.shape.many)
        return f"{told} so far" if self.partly else told

    @property
    def newest(self) -> str:
        """The first row's place, where new rows would stand before it; empty elsewhere."""
        own = not self.query.sort and self.query.after is None
        return self.query.mark(self.lines[0]) if own and self.lines else ""

    def aria_sort(self, column: Column[Line]) -> str:
        if column.name != self.query.order:
            return "none"
        return "descending" if self.query.falling else "ascending"

    def rare_given(self) -> bool:
        return any(each.rare and each.name in self.query.given for each in self.shape.filters)


async def view_of(
    request: web.Request, shape: Shape[Line], rows: int | None = None, theirs: Mapping[str, Choices] | None = None
) -> View[Line]:
    """The page that an address asks for, as whoever looks at it chose to see it. `rows` of it are counted already;
    `theirs` are choices of filters that are their own, as a buyer's contracts are.
    """
    market, actor, session, times = request.app[MARKET], actor_of(request), request[SESSION], times_of(request)
    query = read_query(shape, request.query, mode_of(request))
    chips = _chips(market, query, theirs or {})
    asked, whole = query.asked(times, PAGE + 1), query.all_of(times)
    edge = await _edge(market, actor, shape, asked)
    lines = await shape.read(market, actor, replace(asked, edge=edge))
    shown = lines[:PAGE]
    full = len(lines) > PAGE
    arranged = arrange(shape, session.preferences.get(columns_of(shape), ""))
    return View(
        shape,
        query,
        shown,
        tuple(column for column, is_shown in arranged if is_shown),
        arranged,
        rows if rows is not None else await shape.count(market, actor, whole, COUNTED),
        chips,
        query.older(shown[-1]) if full else None,
        await _what_helps(market, actor, query, chips, times) if not lines and edge is None else None,
        {each.name: each.choices(market) for each in shape.filters if each.choices is not None} | dict(theirs or {}),
        await market.db.read(views_of, session.user, shape.name),
        tuple(each for each in shape.actions if may(actor, each.right)),
        None if full else edge,
        (edge if query.after is None else await _edge(market, actor, shape, whole)) is not None,
    )


def _chips(market: Market, query: Query, theirs: Mapping[str, Choices]) -> tuple[Chip, ...]:
    return tuple(
        replace(chip, value=dict(theirs.get(chip.name, ())).get(query.given[chip.name], chip.value))
        for chip in query.chips(market)
    )


async def _edge(market: Market, actor: Actor, shape: Shape[Line], asked: Asked) -> tuple[int, str] | None:
    return await shape.edge(market, actor, asked) if shape.edge is not None else None


def columns_of(shape: Shape[Line]) -> str:
    """The name of the preference that holds them."""
    return f"columns.{shape.name}"


def arrange(shape: Shape[Line], chosen: str) -> tuple[tuple[Column[Line], bool], ...]:
    """All columns: those somebody chose in their order, then the others. What is fixed is always shown."""
    if not chosen:
        return tuple((each, not each.hidden) for each in shape.columns)
    names = chosen.split(",")
    first = [column for name in names if (column := shape.column(name)) is not None]
    fixed = [each for each in shape.columns if each.fixed and each not in first]
    rest = [each for each in shape.columns if each not in first and not each.fixed]
    return (*((each, True) for each in (*fixed, *first)), *((each, False) for each in rest))


async def _what_helps(market: Market, actor: Actor, query: Query, chips: Sequence[Chip], times: Times) -> Helps | None:
    """The filter whose removal would bring the most."""
    best: Helps | None = None
    for chip in chips:
        rows = await query.shape.count(market, actor, query.without(chip.name).asked(times), COUNTED)
        if rows and (best is None or rows > best.rows):
            best = Helps(chip, rows)
    return best
