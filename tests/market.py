"""A small exchange for tests: real flows on a real database, with buyers that answer as a test tells them to.

    async with open_exchange(tmp_path) as exchange:
        await exchange.add(buyer("acme", deposit="500"), contract("acme"), *selling("cedar"))
        exchange.buyers.bids("acme", "30.00")
        ...
        assert 1 == len(exchange.buyers.posts("acme"))

`selling("cedar")` is a seller with one campaign, `cedar-solar`, and two keys, `live_key("cedar")` and
`key_for_tests("cedar")`. A contract reaches its buyer at `http://acme.buyer.example/ping` and `/post`, in JSON: the
hosts of `HOSTS` are answered by the script. With `by_wire` they are the addresses of real servers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from exchange.bootstrap import Catalog, load_catalog, open_market
from exchange.clock import Clock, SimulatedClock, month_of
from exchange.courier.courier import Courier
from exchange.courier.scripted import SIMULATED, ScriptedCourier, by_url
from exchange.fields.places import Places
from exchange.flows.market import Market, refresh
from exchange.flows.simulated import answer_as_asked
from exchange.model.lead import Mode
from exchange.model.ledger import BANK, Billing, Posting, Transaction, TransactionKind, buyer_account
from exchange.model.money import Money
from exchange.model.party import Buyer, Campaign, Contract, Payout, SaleMode, Seller, State, Strategy, Tier
from exchange.settings import Settings, load_settings
from exchange.storage.database import Db, Tx
from exchange.storage.ledger import Balance, balances, book
from exchange.storage.parties import KeyRow, save_buyer, save_campaign, save_contract, save_key, save_seller
from tests.databases import lay_file
from tests.scripted_buyers import DUPLICATE as DUPLICATE

# Given on under their own names: a test imports all it needs from here.
from tests.scripted_buyers import HOSTS as HOSTS
from tests.scripted_buyers import NO_BID as NO_BID
from tests.scripted_buyers import REFUSED as REFUSED
from tests.scripted_buyers import SOLD as SOLD
from tests.scripted_buyers import Buyers as Buyers
from tests.scripted_buyers import bid as bid
from tests.scripted_buyers import reply as reply
from tests.scripted_buyers import with_buyers

NOW = 1_795_271_648_000  # Sat 21 Nov 2026, 14:34:08 UTC
OPERATOR_KEY = "ok_live_operator_0001"

PING = {"zip": "85016", "state": "AZ", "monthly_bill": "101-150", "homeowner": "yes"}
POST = {
    **PING,
    "first_name": "Maria",
    "last_name": "Sandoval",
    "email": "maria@consumer.example",
    "phone": "6029580142",
    "address": "3196 Lake Ct",
    "tcpa_consent": "yes",
}
"""What a seller of solar leads sends. Each test that sells more than one changes `phone` and `email`."""


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def consumer(number: int) -> dict[str, str]:
    """A post about a consumer of its own, for each number below 10,000."""
    return {
        **POST,
        "phone": f"602958{number:04d}",
        "email": f"person-{surname(number).lower()}@consumer.example",  # counted along they would look like a lead farm
        "last_name": surname(number),
    }


def surname(number: int) -> str:
    """`Cemdin` for 12: a name of its own for each number, never one letter from another's."""
    syllables = ("bal", "cem", "din", "fop", "gur", "hyx", "kas", "let", "miv", "nok")
    return "".join(syllables[int(digit)] for digit in str(number)).capitalize()


@dataclass(frozen=True)
class Deposit:
    """What a prepaid buyer put in."""

    buyer_id: str
    amount: Money


@dataclass(frozen=True)
class Key:
    secret: str
    kind: str  # campaign | buyer | operator
    party_id: str
    mode: Mode = Mode.LIVE


Party = Seller | Campaign | Buyer | Contract | Deposit | Key


@dataclass(repr=False)  # asyncio writes out what a fixture's task returned, and a market is long
class Exchange:
    """A running market and what the test holds in its hands."""

    market: Market
    settings: Settings
    clock: Clock
    buyers: Buyers

    async def add(self, *parties: Party) -> None:
        """Store them and take them up at once. The same id again is a new version."""
        await self.market.db.write(store, parties, self.market.clock.now())
        await refresh(self.market)

    def on(self, db: Db) -> Exchange:
        """The same exchange on a database that a test wrapped."""
        return replace(self, market=replace(self.market, db=db))

    async def balance(self, buyer_id: str) -> Balance:
        account = self.market.deals.buyers[buyer_id].account
        return (await self.market.db.read(balances, [account]))[account]

    async def rows(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        """What a query finds: to look at what was stored."""
        return await self.market.db.read(_query, sql, params)

    async def count(self, table: str) -> int:
        return int((await self.rows(f"SELECT COUNT(*) AS n FROM {table}"))[0]["n"])


async def _query(tx: Tx, sql: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in await tx.fetch(sql, **params)]


@asynccontextmanager
async def open_exchange(
    folder: Path,
    *,
    clock: Clock | None = None,
    process: bool = False,
    database_url: str | None = None,
    db: Db | None = None,
    by_wire: Mapping[str, str] | None = None,
    **settings: Any,
) -> AsyncIterator[Exchange]:
    """An empty exchange in a folder of its own. It stands at `NOW` on a simulated clock unless given another.

    `process` writes through SQLite's writer process; `database_url` or `db` is another database. `by_wire` are the
    addresses of real buyers on this machine by name (`127.0.0.1:8101`), asked instead of the script. `settings` are
    those of the process.
    """
    clock = clock or SimulatedClock(NOW)
    buyers = Buyers()
    given = {"allowed_networks": ("127.0.0.0/8",), "mx_ms": 0, **settings}
    made = load_settings(
        None,
        database_url=database_url or str(folder / "exchange.db"),
        key_file=folder / "exchange.key",
        files_dir=folder / "files",
        backup_dir=folder / "backups",
        **given,
    )
    way_out = None if by_wire else _scripted(buyers)
    catalog = with_buyers(read_once()[0], by_wire) if by_wire else _with_scripted()
    if db is None and database_url is None:
        lay_file(folder)
    async with open_market(made, process=process, clock=clock, catalog=catalog, courier=way_out, db=db) as market:
        yield Exchange(market, made, clock, buyers)


@lru_cache(maxsize=1)
def read_once() -> tuple[Catalog, Places]:
    """The configuration files and the ZIP codes: frozen, and slow to read."""
    return load_catalog(None), Places.load()


@lru_cache(maxsize=1)
def _with_scripted() -> Catalog:
    return with_buyers(read_once()[0], HOSTS)


def _scripted(buyers: Buyers) -> Callable[[Clock, Any], Courier]:
    def make(clock: Clock, _: Any) -> Courier:
        return ScriptedCourier(by_url({SIMULATED: answer_as_asked, "http://": buyers, "mailto:": buyers}), clock)

    return make


async def store(tx: Tx, parties: Iterable[Party], now: int) -> None:
    """A unit of work that stores them, as another process would: this market hears of it at its next refresh."""
    for party in parties:
        match party:
            case Seller():
                await save_seller(tx, party, now)
            case Campaign():
                await save_campaign(tx, party, now, "test")
            case Buyer():
                await save_buyer(tx, party, now)
            case Contract():
                await save_contract(tx, party, now, "test")
            case Deposit():
                posting = Posting(BANK, buyer_account(party.buyer_id, Billing.PREPAID), party.amount)
                reference = f"deposit:{party.buyer_id}:{party.amount.units}"
                await book(tx, Transaction(reference, TransactionKind.TOP_UP, (posting,), now, month_of(now)))
            case Key():
                await save_key(tx, _key_row(party, now))


def _key_row(key: Key, now: int) -> KeyRow:
    digest = sha256(key.secret.encode()).digest()
    return KeyRow(
        f"key_{digest.hex()[:12]}", key.kind, key.party_id, key.mode.value, digest, key.secret[-4:], key.party_id, now
    )


def live_key(name: str) -> str:
    return f"ck_live_{name}_0001"


def key_for_tests(name: str) -> str:
    return f"ck_test_{name}_0001"


def buyer_key(buyer_id: str) -> str:
    return f"bk_live_{buyer_id}_0001"


def operator() -> Key:
    """An operator's key, `OPERATOR_KEY`."""
    return Key(OPERATOR_KEY, "operator", "pat")


def selling(name: str, **changes: Any) -> tuple[Party, ...]:
    """A seller with one campaign and its two keys. `changes` are of the campaign."""
    made = campaign(name, **changes)
    return (
        Seller(name, name.capitalize()),
        made,
        Key(live_key(name), "campaign", made.id),
        Key(key_for_tests(name), "campaign", made.id, Mode.TEST),
    )


def campaign(seller_id: str, **changes: Any) -> Campaign:
    """`cedar-solar`: solar leads, exclusive, 80 percent to the seller, no floor."""
    made = Campaign(
        id=f"{seller_id}-solar",
        version=1,
        seller_id=seller_id,
        name=f"{seller_id.capitalize()} solar",
        vertical="solar",
        state=State.ACTIVE,
        currency="USD",
        payout=Payout(usd("0"), 8_000),
        tiers=(Tier(1, "Everybody", Strategy.HIGHEST_PRICE),),
        floor=usd("0"),
        min_margin=usd("0"),
    )
    return replace(made, **changes)


def buyer(buyer_id: str, *, credit: str | None = None, **changes: Any) -> Buyer:
    """A prepaid buyer; with `credit` one that buys up to that limit."""
    billing = Billing.PREPAID if credit is None else Billing.CREDIT
    made = Buyer(buyer_id, buyer_id.capitalize(), State.ACTIVE, billing, usd(credit or "0"))
    return replace(made, **changes)


def buying(buyer_id: str, deposit: str = "1000", **changes: Any) -> tuple[Party, ...]:
    """A prepaid buyer with money, one contract and a key. `changes` are of the contract."""
    return (
        buyer(buyer_id),
        Deposit(buyer_id, usd(deposit)),
        contract(buyer_id, **changes),
        Key(buyer_key(buyer_id), "buyer", buyer_id),
    )


def contract(buyer_id: str, **changes: Any) -> Contract:
    """`acme-solar`: bids live for exclusive solar leads, up to 60.00, over the connection of its buyer's name."""
    made = Contract(
        id=f"{buyer_id}-solar",
        version=1,
        buyer_id=buyer_id,
        name=f"{buyer_id.capitalize()} solar",
        vertical="solar",
        leg=buyer_id,
        state=State.ACTIVE,
        mode=Mode.LIVE,
        sale_mode=SaleMode.EXCLUSIVE,
        tier=1,
        connection=buyer_id,
        price=None,
        shared_price=None,
        max_bid=usd("60"),
    )
    return replace(made, **changes)
