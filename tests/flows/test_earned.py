"""What sellers earned by the hour says what the books say, whatever is sealed late or not at all."""

from __future__ import annotations

from exchange.flows.counting import count_earnings
from exchange.flows.payout_check import check_payouts
from exchange.flows.payouts import approve, prepare
from exchange.model.ledger import seller_account
from exchange.model.statement import BEGINNING, Cut, Period
from exchange.storage.database import Db
from exchange.storage.earned import counted_to, kept_sums
from exchange.storage.ledger import book
from exchange.storage.migrate import migrations
from exchange.storage.payout_sums import OPEN, SumLine, sums
from tests.flows.payouts import ANN, BOB, at, booked, paid_seller, returned, sale
from tests.market import Exchange
from tests.storage.units import ask, tell

SOLD = sale("a1", "40.0033", at(3))
HOURS = "SELECT * FROM earned_hours ORDER BY account, currency, hour, kind, campaign_id"
CEDAR = seller_account("cedar")


async def same(db: Db, *periods: Period) -> list[tuple[SumLine, ...]]:
    """What each period comes to, by hours and by entries."""
    kept = [await db.read(kept_sums, period) for period in periods]
    assert [await db.read(sums, period) for period in periods] == kept
    return kept


async def test_hours_say_what_their_entries_say(either: Exchange) -> None:
    market, db = either.market, either.market.db
    await paid_seller(either, reserve_percent="10", reserve_days="7")
    await booked(either, SOLD, sale("a2", "60.00", at(10)), returned(SOLD, at(11)), sale("a3", "5.00", at(17)))
    run = await prepare(market, "cedar", "USD", ANN)
    await approve(market, run.id, BOB)
    cuts = (at(3, 0), at(10) + 1_000, at(10) - 1_000, run.until.at)
    periods = [
        run.period,
        Period(CEDAR, "USD", run.until, Cut(OPEN, OPEN)),
        *(Period(CEDAR, "USD", BEGINNING, Cut(cut, OPEN)) for cut in cuts),
        *(Period(CEDAR, "USD", Cut(cut, 2), Cut(OPEN, OPEN)) for cut in cuts),
        Period(CEDAR, "EUR", BEGINNING, Cut(OPEN, OPEN)),
    ]
    before = await same(db, *periods)

    assert [True, False] == [await count_earnings(market) > 0 for _ in range(2)], "each entry is counted once"
    assert before == await same(db, *periods)

    await booked(either, sale("late", "7.00", at(3) + 5), sale("b1", "9.00", at(18)))  # sealed after their period
    await db.write(book, sale("open", "11.00", at(10, 11)))
    after = await same(db, *periods)
    assert before[0] == after[0]
    assert 270_000 == after[1][0].units - before[1][0].units, "what came late is on the next statement"
    await count_earnings(market)
    assert after == await same(db, *periods), "an hour with an entry that came late is read from the entries"
    assert (1, ()) == await check_payouts(db)

    kept, mark = await db.read(ask, HOURS), await db.read(counted_to)
    (script,) = (each.text for each in migrations() if each.number == 119)
    await db.write(tell, "DELETE FROM earned_hours")
    await db.write(tell, script[script.index("INSERT INTO earned_hours") :].rstrip("; \n"))
    assert kept == await db.read(ask, HOURS) and mark, "an upgrade counts them the same way"

    await db.write(tell, "UPDATE earned_hours SET units = units + 1 WHERE kind = 'returned'")
    (flaw,) = (await check_payouts(db)).flaws
    assert flaw.sentence == (
        "seller:cedar:payable keeps -40.0032 USD as returned in the hour 2026-11-11T17:00:00.000Z; its entries sum to "
        "-40.0033."
    )
