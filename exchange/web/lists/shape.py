"""What a list page declares of itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.rights import Right
from exchange.storage.spans import TOP, Span
from exchange.web.words import Times

Line = TypeVar("Line")
Choices = Sequence[tuple[str, str]]
COUNTED = 10_000
"""So many rows are counted exactly; of more a list says so."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a list: filters by name as they stand in its address, and which stretch of it.

    `edge` is the place of the last row that is looked at.
    """

    mode: str
    given: Mapping[str, str]
    times: Times
    span: Span = TOP
    edge: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Column(Generic[Line]):
    """`sorts` is what a row has in the order of this column, None where the list cannot be ordered by it: a number,
    or `text`.

    `place` is a class of the cell: on small screens `who` and `is` are a row's first line, `when` and `paid` its
    second. A `hidden` one is shown to whoever chooses it; a `fixed` one to everybody.
    """

    name: str
    title: str
    place: str = ""
    num: bool = False
    hidden: bool = False
    fixed: bool = False
    sorts: Callable[[Line], int | str] | None = None
    text: bool = False
    about: str = ""


def _as_given(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Filter:
    """A value of the address. `choices` are its values with their words; None: it is written. `read` puts a value
    right, or returns nothing for one that is none. `tell` says a value that `choices` do not.

    A `rare` one stands behind "More filters"; a `silent` one is set by links alone.
    """

    name: str
    title: str
    choices: Callable[[Market], Choices] | None = None
    read: Callable[[str], str] = _as_given
    tell: Callable[[Market, str], str] | None = None
    rare: bool = False
    silent: bool = False
    example: str = ""
    longest: int = 80


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done with chosen rows, by whoever has the right. What it does is shown before it is done."""

    name: str
    word: str
    right: Right
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Nothing:
    """What a list without rows and filters says, and the one next step: its words and where it leads."""

    says: str
    word: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True)
class Shape(Generic[Line]):
    """A list. `fields` are a row for programs, of which a CSV has `names`; `count` counts up to a limit.

    The first column that sorts is the list's own order; `falling` says which way.
    """

    name: str
    path: str
    one: str
    many: str
    columns: tuple[Column[Line], ...]
    filters: tuple[Filter, ...]
    read: Callable[[Market, Actor, Asked], Awaitable[list[Line]]]
    count: Callable[[Market, Actor, Asked, int], Awaitable[int]]
    id_of: Callable[[Line], str]
    fields: Callable[[Line], Mapping[str, object]]
    names: tuple[str, ...]
    nothing: Nothing
    falling: bool = True
    actions: tuple[Action, ...] = ()
    at_once: int = 500
    edge: Callable[[Market, Actor, Asked], Awaitable[tuple[int, str] | None]] | None = None
    """How far one look goes for what no index finds: the place of the last row it reaches, None at the list's end."""
    marks: Callable[[Line], Mapping[str, str]] | None = None
    """What a row of the page is marked with for keys and scripts, as `data-<name>`; without it the row's id."""
    own: Mapping[str, str] = field(default_factory=dict)
    """Filters that hold when the address does not say otherwise, as a tab does; they are no chips."""

    @property
    def order(self) -> Column[Line]:
        """The column of the list's own order."""
        return next(each for each in self.columns if each.sorts is not None)

    def marks_of(self, line: Line) -> Mapping[str, str]:
        return self.marks(line) if self.marks is not None else {self.one.replace(" ", "-"): self.id_of(line)}

    def column(self, name: str) -> Column[Line] | None:
        return next((each for each in self.columns if each.name == name), None)

    def filter(self, name: str) -> Filter:
        return next(each for each in self.filters if each.name == name)
