"""A year of books: made week by week through the exchange's own units, then verified, then one amount is altered.

    python bench/books.py                      500,000 sales, 40,000 returns, 52 payout runs of 10 sellers
    python bench/books.py --sales 20000        a smaller year
    python bench/books.py --keep DIR           leave the folder, for `exchange --data DIR ledger verify`

Sales are booked by `storage.ledger.book`, sealed by the sealer, invoiced and paid out by the flows that do it while the
exchange runs; only the rows of leads are left out, of which the books hold nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parent.parent))

from exchange.bootstrap import open_market
from exchange.clock import SimulatedClock, month_of
from exchange.flows.billing import bill_due
from exchange.flows.market import Market, refresh
from exchange.flows.payout_check import PayoutsChecked, check_payouts
from exchange.flows.payouts import approve, prepare_due
from exchange.flows.reproduce import Reproduced, reproduce
from exchange.model.actor import Actor, Role
from exchange.model.billing import BillingTerms, Every
from exchange.model.ledger import BANK, MARGIN, Billing, Posting, Transaction, TransactionKind, seller_account
from exchange.model.money import Money
from exchange.model.party import Buyer, Seller, State
from exchange.settings import Settings, load_settings, settings_document
from exchange.storage.chain import Chain, seal
from exchange.storage.database import Db, Tx
from exchange.storage.ledger import book
from exchange.storage.parties import save_buyer, save_seller
from exchange.storage.rows import inserted
from exchange.storage.sqlite import open_sqlite
from exchange.storage.verify import Verification, verify_audit, verify_books, verify_documents, verify_payouts

WEEKS = 52
START = 1_764_547_200_000  # Mon 1 Dec 2025, 00:00 UTC
WEEK_MS, DAY_MS = 604_800_000, 86_400_000
AT_ONCE = 1_000
BUYERS, SELLERS = 20, 10
WHO = Actor(Role.OPERATOR, "bench@books.example")
_SALE = (
    "id", "month", "lead_id", "attempt_id", "campaign_id", "seller_id", "buyer_id", "contract_id", "contract_version",
    "leg", "currency", "price_units", "payout_units", "mode", "accepted_at",
)  # fmt: skip


def usd(units: int) -> Money:
    return Money(units, "USD")


def buyers() -> list[Buyer]:
    """Five on credit, billed by the month; the others prepaid, with a statement each half month or month."""
    found = []
    for number in range(BUYERS):
        credit = number < 5
        every = Every.MONTH if credit or number % 2 else Every.HALF_MONTH
        billing = Billing.CREDIT if credit else Billing.PREPAID
        limit = usd(10**12 if credit else 0)
        terms = BillingTerms(every, tax_name="VAT" if credit else "", tax_bp=1_900 if credit else 0)
        found.append(Buyer(f"b{number}", f"Buyer {number}", State.ACTIVE, billing, limit, terms=terms))
    return found


async def make_parties(tx: Tx, now: int) -> None:
    for number in range(SELLERS):
        await save_seller(tx, Seller(f"s{number}", f"Seller {number}"), now)
    for buyer in buyers():
        await save_buyer(tx, buyer, now)


class Year:
    """The market's past, week by week. Returns are of sales of the last eight weeks."""

    def __init__(self, market: Market, clock: SimulatedClock, sales: int, returns: int) -> None:
        self.market, self.clock = market, clock
        self.sales, self.returns = sales, returns
        self.rng = random.Random(7)
        self.known = buyers()
        self.made: list[tuple[Transaction, str]] = []
        self.count = 0

    async def run(self) -> None:
        for week in range(WEEKS):
            begin = START + week * WEEK_MS
            await self._top_up(begin)
            await self._sell(begin, self.sales * (week + 1) // WEEKS - self.count)
            await self._give_back(begin, self.returns * (week + 1) // WEEKS - self.returns * week // WEEKS)
            self.clock.set(begin + WEEK_MS + 3_600_000)
            await seal_all(self.market.db)
            await bill_due(self.market)
            await prepare_due(self.market)
            for row in await self.market.db.read(_prepared):
                await approve(self.market, row, WHO)
            await seal_all(self.market.db)
            print(f"\r  week {week + 1:2} of {WEEKS}, {self.count:,} sales", end="", file=sys.stderr)
        print(file=sys.stderr)

    async def _top_up(self, at: int) -> None:
        prepaid = [each for each in self.known if each.billing is Billing.PREPAID]
        amount = usd(max(self.sales // WEEKS // BUYERS, 1) * 80 * 10_000)
        await self.market.db.write(_book_many, [_top_up(each, amount, at) for each in prepaid])

    async def _sell(self, begin: int, wanted: int) -> None:
        moments = sorted(self.rng.randrange(WEEK_MS) for _ in range(wanted))
        for start in range(0, wanted, AT_ONCE):
            made, rows = [], []
            for moment in moments[start : start + AT_ONCE]:
                self.count += 1
                attempt = f"att_{self.count:07d}"
                booking, row = self._sale(begin + moment, attempt)
                made.append(booking)
                rows.append(row)
                self.made.append((booking, attempt))
            await self.market.db.write(_book_many, made)
            await self.market.db.write(_add_sales, rows)
        del self.made[: max(0, len(self.made) - 8 * self.sales // WEEKS)]

    def _sale(self, at: int, attempt: str) -> tuple[Transaction, tuple[object, ...]]:
        buyer, seller = self.rng.choice(self.known), f"s{self.rng.randrange(SELLERS)}"
        price = self.rng.randrange(100_000, 700_000)
        payout, month, lead = price * 7 // 10, month_of(at), f"ld_{attempt}"
        postings = (Posting(buyer.account, MARGIN, usd(price)), Posting(MARGIN, seller_account(seller), usd(payout)))
        booking = Transaction(f"sale:{attempt}", TransactionKind.SALE, postings, at, month, lead)
        contract = f"{buyer.id}-{self.rng.randrange(3)}"
        row = (f"sl_{attempt}", month, lead, attempt, f"{seller}-solar", seller, buyer.id, contract, 1, buyer.id, "USD",
               price, payout, "live", at)  # fmt: skip
        return booking, row

    async def _give_back(self, begin: int, wanted: int) -> None:
        chosen = self.rng.sample(range(len(self.made)), min(wanted, len(self.made)))
        back, attempts = [], []
        for place in chosen:
            booking, attempt = self.made[place]
            at = max(booking.at + 1, begin + self.rng.randrange(WEEK_MS))
            turned = tuple(each._replace(source=each.destination, destination=each.source) for each in booking.postings)
            back.append(
                Transaction(f"reversal:{booking.reference}", TransactionKind.REVERSAL, turned, at, month_of(at),
                            booking.cause, booking.reference)
            )  # fmt: skip
            attempts.append((attempt, at))
        gone = set(chosen)
        self.made = [each for place, each in enumerate(self.made) if place not in gone]
        for start in range(0, len(back), AT_ONCE):
            await self.market.db.write(_book_many, back[start : start + AT_ONCE])
            await self.market.db.write(_mark_back, attempts[start : start + AT_ONCE])


def _top_up(buyer: Buyer, amount: Money, at: int) -> Transaction:
    posting = Posting(BANK, buyer.account, amount)
    return Transaction(f"top_up:{buyer.id}:{at}", TransactionKind.TOP_UP, (posting,), at, month_of(at), "bench")


async def _book_many(tx: Tx, transactions: Sequence[Transaction]) -> None:
    for each in transactions:
        await book(tx, each)


async def _add_sales(tx: Tx, rows: Sequence[tuple[object, ...]]) -> None:
    for start in range(0, len(rows), 50):
        await tx.execute_all(inserted("sales", _SALE, rows[start : start + 50]))


async def _mark_back(tx: Tx, attempts: Sequence[tuple[str, int]]) -> None:
    await tx.execute_many(
        "UPDATE sales SET reversed_at = :at WHERE attempt_id = :attempt",
        [{"attempt": attempt, "at": at} for attempt, at in attempts],
    )


async def _prepared(tx: Tx) -> list[str]:
    return [row["id"] for row in await tx.fetch("SELECT id FROM payout_runs WHERE state = 'prepared' ORDER BY id")]


async def seal_all(db: Db) -> None:
    for chain in Chain:
        while await db.write(seal, chain):
            pass


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[tuple[Market, SimulatedClock]]:
    settings = _settings(folder)
    clock = SimulatedClock(START)
    db = await open_sqlite(Path(settings.database_url), process=False, durable=False)
    async with open_market(settings, clock=clock, db=db) as market:
        yield market, clock
    await db.close()


def _settings(folder: Path) -> Settings:
    chosen = {"name": "Books", "database_url": "exchange.db", "payout_two_above": "999999999.00"}
    (folder / "exchange.toml").write_text(settings_document(chosen), encoding="utf-8")
    return load_settings(folder / "exchange.toml")


async def make(folder: Path, sales: int, returns: int) -> float:
    began = perf_counter()
    async with opened(folder) as (market, clock):
        await market.db.write(make_parties, START)
        await refresh(market)
        await Year(market, clock, sales, returns).run()
    return perf_counter() - began


async def check(db: Db, now: int) -> tuple[list[Verification], Reproduced, PayoutsChecked, float]:
    """What `exchange ledger verify` does, and how long it took."""
    began = perf_counter()
    found = [await verify_books(db), await verify_audit(db), await verify_documents(db), await verify_payouts(db)]
    again, payouts = await reproduce(db, now), await check_payouts(db)
    return found, again, payouts, perf_counter() - began


async def alter(tx: Tx) -> None:
    """What somebody who has the file may do: one amount, one unit more, the guard put back."""
    guard = (await tx.fetch("SELECT sql FROM sqlite_master WHERE name = 'postings_no_update'"))[0]["sql"]
    await tx.execute("DROP TRIGGER postings_no_update")
    await tx.execute("UPDATE postings SET units = units + 1 WHERE reference = 'sale:att_0000777' AND line = 1")
    await tx.execute(guard)


async def measure(folder: Path, sales: int, returns: int) -> int:
    print(f"a year of {sales:,} sales, {returns:,} returns, {BUYERS} buyers, {SELLERS} sellers paid {WEEKS} times")
    took = await make(folder, sales, returns)
    size = (folder / "exchange.db").stat().st_size / 1e6
    print(f"  made in        {took:7.1f} s, {size:,.0f} MB")
    async with opened(folder) as (market, _):
        now = START + 60 * WEEK_MS
        found, again, payouts, seconds = await check(market.db, now)
        books = found[0]
        counts = ", ".join(f"{count:,} {kind.value}s" for kind, count in again.counts.items())
        counts += f", {payouts.statements:,} statements of sellers"
        sound = all(each.sound for each in found) and not again.flaws and not payouts.flaws
        told = "sound" if sound else "NOT SOUND"
        print(f"  verified in    {seconds:7.1f} s: {books.sealed:,} entries, {counts}, {told}")
        for flaw in [*(flaw for each in found for flaw in each.flaws), *again.flaws, *payouts.flaws][:5]:
            print(f"    {flaw.sentence}")
        await market.db.write(alter)
        found, again, payouts, seconds = await check(market.db, now)
        named = [flaw.sentence for each in found for flaw in each.flaws] + [flaw.sentence for flaw in again.flaws]
        print(f"  one unit more  {seconds:7.1f} s: {' | '.join(named[:3])}")
    return 0 if sound and any("sale:att_0000777" in each for each in named) else 1


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sales", type=int, default=500_000)
    options.add_argument("--returns", type=int, default=None, help="eight of a hundred sales unless given")
    options.add_argument("--keep", type=Path, default=None, help="where the folder stays")
    given = options.parse_args()
    returns = given.returns if given.returns is not None else given.sales * 8 // 100
    if given.keep is not None:
        given.keep.mkdir(parents=True, exist_ok=False)
        return asyncio.run(measure(given.keep, given.sales, returns))
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measure(Path(folder), given.sales, returns))


if __name__ == "__main__":
    from bench import books  # units of work belong to a module that can be imported

    sys.exit(books.main())
