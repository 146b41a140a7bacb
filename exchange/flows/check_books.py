"""The books are checked once an hour: chains, balances, documents. What is wrong is told at once and locks payouts."""

from __future__ import annotations

import orjson

from exchange.flows.books import prove
from exchange.flows.letters import letter
from exchange.flows.market import Market
from exchange.flows.tell import News, tell
from exchange.log import logger
from exchange.model.actor import Role
from exchange.model.money import Money
from exchange.model.work import JobRow
from exchange.storage.jobs import add_jobs
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
    """Check them, keep what was found, and tell people when it is not what it was."""
    db, began, now = market.db, market.clock.monotonic(), market.clock.now()
    before = await db.read(last_check)
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
    if (before is None or before.sound) != row.sound:
        await db.write(add_jobs, _alert(market, row))
    return row


def _alert(market: Market, row: CheckRow) -> tuple[JobRow, ...]:
    subject = "the books are sound again" if row.sound else "the books are not sound"
    locked = "Payouts are locked until they are. Run exchange ledger verify; a mistake is mended by another entry."
    told = ("Payouts are open again.",) if row.sound else (row.flaws, locked)
    mail = letter(market, Role.OPERATOR, None, subject, tuple(told), "/console/ledger", f"books:{row.at}")
    event = "alert.closed" if row.sound else "alert.opened"
    facts: dict[str, object] = {"alert": "ledger", "detail": row.flaws}
    return (*tell(market, News(event, Role.OPERATOR, None, "ledger", row.at, facts)), mail)
