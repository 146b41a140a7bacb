"""Books of buyers and sellers that were laid beside ours, as a list: its columns and filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.flows.reconciliation_told import file_fields
from exchange.model.actor import Actor
from exchange.model.money import Money
from exchange.storage.book_views import BookFilter, count_books, list_books
from exchange.storage.reconciliations import BookFile
from exchange.web.listed.periods import period_filter, period_of
from exchange.web.lists.shape import Asked, Choices, Column, Filter, Nothing, Shape

PATH = "/console/reconcile"
NAMES = (
    "reconciliation_id", "name", "party", "currency", "made_at", "made_by", "since", "until", "agreed", "differences",
    "waiting", "ours", "theirs", "compared_at",
)  # fmt: skip
STATES: Mapping[str, str] = MappingProxyType(
    {"to_decide": "something to decide", "done": "nothing to decide", "not_compared": "not compared yet"}
)


@dataclass(frozen=True, slots=True)
class Book:
    """A book as it is shown. `waiting` differences are not decided."""

    file: BookFile
    whose: str
    waiting: int

    @property
    def ours(self) -> Money:
        return Money(self.file.ours_units, self.file.currency)

    @property
    def theirs(self) -> Money:
        return Money(self.file.theirs_units, self.file.currency)


def party_name(market: Market, party: str) -> str:
    role, _, name = party.partition(":")
    parties = market.deals.buyers if role == "buyer" else market.deals.sellers
    known = parties.get(name)
    return known.name if known is not None else name


def parties(market: Market) -> list[tuple[str, list[tuple[str, str]]]]:
    """Whose a book may be: buyers, then sellers, each as `buyer:ID` with its name."""

    def named(role: str, names: dict[str, str]) -> list[tuple[str, str]]:
        return sorted(((f"{role}:{id}", name) for id, name in names.items()), key=lambda pair: pair[1].lower())

    buyers = {each.id: each.name for each in market.deals.buyers.values()}
    sellers = {each.id: each.name for each in market.deals.sellers.values()}
    return [("Buyers", named("buyer", buyers)), ("Sellers", named("seller", sellers))]


def _whose(market: Market) -> Choices:
    return [(value, f"{title[:-1]} {name}") for title, named in parties(market) for value, name in named]


def _filter(asked: Asked) -> BookFilter:
    given = asked.given
    since, until = period_of(given.get("period"), asked.times)
    return BookFilter(given.get("party", ""), given.get("state", ""), since, until, asked.span)


async def _read(market: Market, actor: Actor, asked: Asked) -> list[Book]:
    found = await market.db.read(list_books, _filter(asked))
    return [Book(file, party_name(market, file.party), waiting) for file, waiting in found]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_books, _filter(asked), most)


def _fields(line: Book) -> Mapping[str, object]:
    return file_fields(line.file, line.waiting)


BOOKS: Shape[Book] = Shape(
    "books",
    PATH,
    "book",
    "books",
    (
        Column("came", "Came", "when tab", sorts=lambda line: line.file.made_at),
        Column("file", "File", "who wrap", fixed=True),
        Column("whose", "Whose", "wrap"),
        Column("agree", "Agree", num=True),
        Column("differ", "Differ", num=True),
        Column("waiting", "To decide", "is", num=True),
        Column("ours", "Ours", num=True),
        Column("theirs", "Theirs", "paid", num=True),
        Column("by", "By", "dim"),
    ),
    (
        Filter("state", "State", lambda _: list(STATES.items()), lambda text: text if text in STATES else ""),
        Filter("party", "Whose", _whose),
        period_filter("Came"),
    ),
    _read,
    _count,
    lambda line: line.file.id,
    _fields,
    NAMES,
    Nothing(
        "No book yet. Posts nobody knows the end of are decided here too, or under Unclear.",
        "Unclear",
        "/console/unclear",
    ),
)
