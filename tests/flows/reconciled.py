"""Two books of the same sales, for tests of how they are compared and decided."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from exchange.flows.reconciliation_decisions import Word, decide_difference
from exchange.flows.reconciliations import bring_book, compare_book
from exchange.flows.return_decide import Choice, decide_return
from exchange.flows.returns import Asked, Asking, ask_return, find_returnable
from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.model.returns import ReturnState
from exchange.storage.database import Row
from exchange.storage.reconciliations import lines_of
from tests.flows.lab import later, post
from tests.market import Exchange, buying, consumer, selling, usd

FINANCE = Actor(Role.OPERATOR, "fay@example.com")
ACME = Actor(Role.BUYER, "acme", "acme")
SELLER = "seller:cedar:payable"


async def sold(exchange: Exchange, count: int) -> Sequence[Row]:
    """Sales of one buyer at $30, a minute apart, oldest first."""
    await exchange.add(*selling("cedar"), *buying("acme", price=usd("30"), deposit="5000"))
    for number in range(count):
        await post(exchange, {**consumer(number), "seller_lead_id": f"c-{number}"})
        later(exchange, 60)
    return await exchange.rows("SELECT * FROM sales ORDER BY accepted_at, id")


def day(row: Row) -> str:
    return datetime.fromtimestamp(row["accepted_at"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


async def brought(exchange: Exchange, text: str, party: str = "buyer:acme", name: str = "acme.csv") -> str:
    file_id = await bring_book(exchange.market, party, "USD", name, text.encode(), FINANCE)
    await compare_book(exchange.market, file_id)
    return file_id


async def decide(exchange: Exchange, file_id: str, number: int, word: str, note: str) -> bool:
    return await decide_difference(exchange.market, file_id, number, Word(word, note, FINANCE))


async def lines(exchange: Exchange, file_id: str) -> list[Row]:
    return await exchange.market.db.read(lines_of, file_id)


async def returned(exchange: Exchange, lead_id: str, state: ReturnState, credit: Money | None = None) -> None:
    found = await find_returnable(exchange.market, ACME, lead_id)
    assert found is not None
    asked = await ask_return(exchange.market, ACME, found, Asking("bogus_data"))
    assert isinstance(asked, Asked)
    await decide_return(exchange.market, asked.request["id"], Choice(state, "as agreed", credit), FINANCE)
