"""The books are checked once an hour: chains, balances, documents. What is wrong opens an alert and locks payouts."""

from __future__ import annotations

import orjson

from exchange.flows.books import prove
from exchange.flows.market import Market
from exchange.log import logger
from exchange.model.money import Money
from exchange.storage.ledger_views import CheckRow, add_check, last_check

EVERY_MS = 3_600_000
_TOLD = 5
_LOG = logger(__name__)


async def check_books(market: Market) -> CheckRow | None:
    """Check them if the last check is an hour ago, by whichever node. None when it is not."""
    before = await market.db.read(last_check)
    if before is not None and market.clock.now() - before.at < EVERY_MS:
        return None
    return await check_now(market)


async def check_now(market: Market) -> CheckRow:
    """Check them and keep what was found."""
    db, began, now = market.db, market.clock.monotonic(), market.clock.now()
    found = await prove(db, now)
    books = found.books
    flaws = [flaw.sentence for flaw in found.flaws]
    sums = {currency: Money(units, currency).text for currency, units in sorted(books.totals.items())}
    flaws += [f"The sum over all accounts is {text} {currency}, not zero." for currency, text in sums.items()
              if books.totals[currency]]  # fmt: skip
    row = CheckRow(
        now,
        books.sealed,
        sum(found.again.counts.values()) + found.payouts.statements,
        int((market.clock.monotonic() - began) * 1000),
        not flaws,
        orjson.dumps(sums).decode(),
        " ".join(flaws[:_TOLD]),
    )
    await db.write(add_check, row)
    if flaws:
        _LOG.critical("The books are not sound", count=len(flaws))
    return row
