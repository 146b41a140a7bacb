"""The queue of returns as a list: its tabs, columns and filters, and what of the storage they ask for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from exchange.flows.market import Market
from exchange.model.actor import Actor
from exchange.model.return_terms import RETURN_REASONS
from exchange.model.rights import Right
from exchange.stages.returns.words import reason_words
from exchange.storage.return_views import ReturnFilter, count_returns, list_returns
from exchange.web.listed.leads import buyers, sellers
from exchange.web.listed.return_rows import COLUMNS, ReturnLine, line_of
from exchange.web.lists.shape import Action, Asked, Column, Filter, Nothing, Shape

PATH = "/console/returns"
TABS: Mapping[str, tuple[str, tuple[str, ...], bool | None]] = MappingProxyType(
    {
        "waiting": ("To decide", ("asked", "question"), None),
        "approved": ("Approved", ("approved", "partial", "replaced"), None),
        "declined": ("Declined", ("declined",), None),
        "auto": ("Auto-decided", ("approved", "declined"), True),
        "all": ("All", (), None),
    }
)
"""Each tab with its words, the states it shows, and whether a rule decided."""
WAITING = "waiting"
AGES: Mapping[str, str] = MappingProxyType({"1": "over 1 day", "3": "over 3 days", "7": "over 7 days"})
SUGGESTIONS: Mapping[str, str] = MappingProxyType(
    {"approve": "Approve", "decline": "Decline", "look": "A person looks"}
)
_DAY_MS = 86_400_000


def return_filter(asked: Asked) -> ReturnFilter:
    given = asked.given
    _, states, automatic = TABS[given.get("tab", WAITING)]
    age = given.get("age")
    return ReturnFilter(
        asked.mode,
        states,
        automatic,
        given.get("buyer"),
        given.get("seller"),
        given.get("reason"),
        given.get("suggestion"),
        asked.times.now - int(age) * _DAY_MS if age else None,
        span=asked.span,
    )


async def _read(market: Market, actor: Actor, asked: Asked) -> list[ReturnLine]:
    return [line_of(market, row) for row in await market.db.read(list_returns, actor, return_filter(asked))]


async def _count(market: Market, actor: Actor, asked: Asked, most: int) -> int:
    return await market.db.read(count_returns, actor, return_filter(asked), most)


def _fields(line: ReturnLine) -> Mapping[str, object]:
    evidence = [{"fact": each.sentence, "mark": each.mark.value} for each in line.facts]
    return {**line.fields(), "evidence": evidence}


RETURNS: Shape[ReturnLine] = Shape(
    "returns",
    PATH,
    "return",
    "returns",
    (
        Column("asked", "Asked", "when tab", sorts=lambda line: line.asked_at),
        Column("due", "Due", "nw"),
        Column("buyer", "Buyer", "wrap"),
        Column("lead", "Lead", "who wrap", fixed=True),
        Column("price", "Sold for", "paid", num=True, sorts=lambda line: line.price.units),
        Column("reason", "Reason", "wrap"),
        Column("evidence", "Evidence", "wrap"),
        Column("rate", "Came back", num=True, about="Of what is allowed in that period"),
        Column("seller", "Seller", "wrap"),
        Column("suggested", "Suggested or decided", "is"),
        Column("decide", "Decide", "act nw", fixed=True),
    ),
    (
        Filter("tab", "Which", read=lambda text: text if text in TABS else "", silent=True),
        Filter("buyer", "Buyer", buyers),
        Filter("seller", "Seller", sellers),
        Filter("reason", "Reason", lambda _: [(each, reason_words(each)) for each in RETURN_REASONS]),
        Filter("suggestion", "Suggested", lambda _: list(SUGGESTIONS.items())),
        Filter("age", "Asked", lambda _: list(AGES.items()), lambda text: text if text in AGES else ""),
    ),
    _read,
    _count,
    lambda line: line.id,
    _fields,
    COLUMNS,
    Nothing("No returns to decide.", "Leads", "/console/leads"),
    actions=(Action("approve", "Approve", Right.RETURNS), Action("decline", "Decline", Right.RETURNS, bad=True)),
    own=MappingProxyType({"tab": WAITING}),
)
