"""A list as it stands in an address: filters, order, and where a page begins."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from exchange.flows.market import Market
from exchange.storage.spans import Span
from exchange.web.lists.shape import Asked, Filter, Line, Shape
from exchange.web.render import address
from exchange.web.words import Times

PAGE = 50
_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.:%-]{0,399}")
_NUMBER = re.compile(r"-?[0-9]{1,18}")
_MARK_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in words, and the address of the list without it."""

    name: str
    title: str
    value: str
    without: str


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for. `sort` is empty for the list's own order, else a column's name, with `-` where it falls."""

    shape: Shape[Any]
    mode: str
    given: Mapping[str, str]
    sort: str = ""
    after: tuple[int | str, str] | None = None

    @property
    def falling(self) -> bool:
        return self.sort.startswith("-") if self.sort else self.shape.falling

    @property
    def order(self) -> str:
        """The name of the column it is ordered by."""
        return self.sort.removeprefix("-") or self.shape.order.name

    @property
    def narrowed(self) -> Mapping[str, str]:
        """What the filters take away: those a list has of its own do not count."""
        return {name: value for name, value in self.given.items() if name not in self.shape.own}

    def url(self, twin: str = "", **changes: str | None) -> str:
        """The list with some values changed; an empty one is taken away. `twin` is `.json` or `.csv`."""
        query: dict[str, str | None] = {**self.given, "sort": self.sort, "mode": self._mode}
        return address(self.shape.path + twin, **{**query, **changes})

    def older(self, line: Any) -> str:
        return self.url(after=self.mark(line))

    def mark(self, line: Any) -> str:
        """Where a row stands, as an address says it."""
        column = self.shape.column(self.order) or self.shape.order
        assert column.sorts is not None, "a list is ordered by what it can be ordered by"
        return f"{column.sorts(line)}~{self.shape.id_of(line)}"

    def sorted_by(self, name: str) -> str:
        """The list ordered by a column: falling at first, and the other way round from there."""
        falling = not self.falling if name == self.order else True
        own = name == self.shape.order.name and falling == self.shape.falling
        return self.url(sort="" if own else f"-{name}" if falling else name)

    def clear(self) -> str:
        """The list without filters, in the order it is in."""
        kept = {name: value for name, value in self.given.items() if name in self.shape.own}
        return address(self.shape.path, **kept, sort=self.sort, mode=self._mode)

    def without(self, name: str) -> Query:
        return replace(self, given={key: value for key, value in self.given.items() if key != name}, after=None)

    def chips(self, market: Market) -> tuple[Chip, ...]:
        return tuple(self._chip(market, name, value) for name, value in self.narrowed.items())

    def _chip(self, market: Market, name: str, value: str) -> Chip:
        wanted = self.shape.filter(name)
        return Chip(name, wanted.title, _told(market, wanted, value), self.without(name).url())

    def asked(self, times: Times, limit: int = PAGE, newer: tuple[int | str, str] | None = None) -> Asked:
        """`newer` asks for what came before a row since."""
        span = Span(self.order, self.falling, self.after, newer, limit)
        return Asked(self.mode, {**self.shape.own, **self.given}, times, span)

    def all_of(self, times: Times) -> Asked:
        """The whole list, wherever this page of it begins."""
        return replace(self, after=None).asked(times)

    @property
    def _mode(self) -> str | None:
        return self.mode if self.mode == "test" else None


def read_query(shape: Shape[Line], query: Mapping[str, str], mode: str) -> Query:
    """An address. Empty values, unknown names and what a filter does not know are none."""
    given = {}
    for each in shape.filters:
        value = each.read(query.get(each.name, "").strip()[: each.longest])
        if value and value != shape.own.get(each.name):
            given[each.name] = value
    sort = query.get("sort", "")
    column = shape.column(sort.removeprefix("-"))
    if column is None or column.sorts is None:
        sort = ""
    found = Query(shape, mode, MappingProxyType(given), sort)
    return replace(found, after=read_mark(found, query.get("after", "")))


def read_mark(query: Query, text: str) -> tuple[int | str, str] | None:
    """A row's place in the order of a list; None for what is none."""
    value, _, row = text[:_MARK_CHARACTERS].rpartition("~")
    if not _ID.fullmatch(row):
        return None
    column = query.shape.column(query.order) or query.shape.order
    if column.text:
        return value, row
    return (int(value), row) if _NUMBER.fullmatch(value) else None


def _told(market: Market, wanted: Filter, value: str) -> str:
    if wanted.choices is not None and (word := dict(wanted.choices(market)).get(value)):
        return word
    return wanted.tell(market, value) if wanted.tell is not None else value
