"""A property: whatever is done to the books, in whatever order, they stay sound."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange.model.hold import Held
from exchange.model.ledger import Billing, Transaction, buyer_account
from exchange.model.money import Money
from exchange.storage.chain import Chain, seal
from exchange.storage.database import Conflict, Db, Tx
from exchange.storage.holds import cap_use, post_holds, reserve, void_holds
from exchange.storage.ledger import balances, book, set_account
from exchange.storage.migrate import migrate
from exchange.storage.sqlite import open_sqlite
from exchange.storage.verify import verify_books
from tests.storage.books import NOW, count_cap, hold, money_cap, reversal, sale, top_up

PREPAID = buyer_account("acme", Billing.PREPAID)
CREDIT = buyer_account("globex", Billing.CREDIT)
CAP = 8


@dataclass(frozen=True)
class Deed:
    kind: str
    number: int
    units: int
    account: str


deeds = st.lists(
    st.builds(
        Deed,
        st.sampled_from(["top_up", "reserve", "sell", "void", "reverse", "limit", "seal"]),
        st.integers(0, 9),
        st.integers(1, 300_000),
        st.sampled_from([PREPAID, CREDIT]),
    ),
    min_size=5,
    max_size=60,
)


async def post_sale(tx: Tx, attempt: str, price: Money, sold: Transaction) -> bool:
    return await book(tx, sold, await post_holds(tx, attempt, price, NOW))


class Market:
    """Does deeds and remembers what the books must say."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self.held: dict[str, Deed] = {}
        self.sold: dict[str, Deed] = {}
        self.reversed: set[str] = set()

    async def do(self, place: int, deed: Deed) -> None:
        money, attempt = Money(deed.units, "USD"), f"a{deed.number}"
        if deed.kind == "top_up":
            await self.db.write(book, top_up(f"t{place}", money, deed.account))
        elif deed.kind == "limit":
            await self.db.write(set_account, CREDIT, "USD", deed.units)
        elif deed.kind == "seal":
            await self.db.write(seal, Chain.TRANSACTIONS, deed.number + 1)
        elif deed.kind == "reserve" and attempt not in {**self.held, **self.sold}:
            caps = (count_cap(most=CAP), money_cap(money, Money(900_000, "USD")))
            if isinstance(await self.db.write(reserve, hold(attempt, money, *caps, account=deed.account), NOW), Held):
                self.held[attempt] = deed
        elif deed.kind == "void" and await self.db.write(void_holds, attempt, NOW):
            del self.held[attempt]
            self.sold[attempt] = deed  # its name is used up
        elif deed.kind == "sell" and attempt in self.held:
            await self._sell(attempt, self.held.pop(attempt), deed.units)
        elif deed.kind == "reverse" and attempt in self.sold and self.sold[attempt].kind == "reserve":
            sold = sale(f"sale:{attempt}", *self._prices(self.sold[attempt]), account=self.sold[attempt].account)
            await self._reverse(f"r{place}", attempt, sold)

    async def _reverse(self, reference: str, attempt: str, sold: Transaction) -> None:
        if attempt in self.reversed:
            with pytest.raises(Conflict):
                await self.db.write(book, reversal(reference, sold))
        else:
            assert await self.db.write(book, reversal(reference, sold))
        self.reversed.add(attempt)

    async def _sell(self, attempt: str, held: Deed, units: int) -> None:
        paid = Deed("reserve", held.number, min(held.units, units), held.account)
        price, payout = self._prices(paid)
        assert await self.db.write(
            post_sale, attempt, price, sale(f"sale:{attempt}", price, payout, account=held.account)
        )
        self.sold[attempt] = paid

    def _prices(self, deed: Deed) -> tuple[Money, Money]:
        price = Money(deed.units, "USD")
        return price, price.share(7_000)


async def live(path: Path, history: Sequence[Deed]) -> None:
    db = await open_sqlite(path, process=False, durable=False)
    await migrate(db, NOW)
    market = Market(db)
    for place, deed in enumerate(history):
        await market.do(place, deed)
    checked = await verify_books(db)
    accounts = await db.read(balances, [PREPAID, CREDIT])
    used = await db.read(cap_use, [("ct_1:day", 1_000)])
    await db.close()

    assert () == checked.flaws
    assert {0} >= set(checked.totals.values())
    assert used.get(("ct_1:day", 1_000), 0) <= CAP
    if PREPAID in accounts:
        assert accounts[PREPAID].available.units >= 0


@settings(max_examples=40)
@given(deeds)
def test_the_books_stay_sound_whatever_is_done(history: list[Deed]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder) / "books.db", history))

    assert history
