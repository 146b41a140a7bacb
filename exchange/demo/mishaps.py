"""What went wrong in the demo's past, so that every list of what needs somebody has an entry: leads that could not be
delivered, mails that came back, consents taken back, and words that nobody knows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from exchange.connector import Receipt
from exchange.demo.regrets import OLIVE
from exchange.demo.scripted import CastScript
from exchange.flows.disposition_words import map_word
from exchange.flows.dispositions import Teller, record_reports
from exchange.flows.market import Market
from exchange.flows.receipts import take_receipt
from exchange.flows.revoke import Taken, revoke
from exchange.model.actor import SYSTEM
from exchange.model.delivery import DeliveryState
from exchange.model.feedback import Channel, Report
from exchange.storage.database import Row
from exchange.storage.delivery_views import DeliveryFilter, PostFilter, list_deliveries, posts_to
from exchange.storage.disposition_words import Word
from exchange.storage.return_views import sales_between
from exchange.storage.spans import Span

CUT_OFF = "brightroof"
_MOST_TRIES = 6
_DAY_MS = 86_400_000
_MOST = 200
_QUOTA = "smtp; 552 5.2.2 Mailbox is over its quota"
_UNKNOWN = ("Nurturing", "Site visit booked")
_KNOWN = Word("sunpath", "solar", "", "call back later", "contacted")

Post = Callable[[], Awaitable[str]]
"""Posts a lead whose seller asks a high price, and says which it became: empty for none."""


async def mishaps(market: Market, script: CastScript | None, post: Post) -> None:
    """All of them, within the hour before the demo begins."""
    if script is not None:
        await _cut_off(market, script, post)
    await _come_back(market)
    await _take_back(market)
    await _say_strangely(market)


async def _cut_off(market: Market, script: CastScript, post: Post) -> None:
    """For a minute no server of a buyer can be connected to by whoever has won: of one lead nothing was sold, and its
    buyer may have it sent again."""
    script.unreachable = True
    try:
        for _ in range(_MOST_TRIES):
            if await _missed(market, await post()):
                return
    finally:
        script.unreachable = False


async def _missed(market: Market, lead_id: str) -> bool:
    """Whether Brightroof won the lead and did not get it, nor did anybody else."""
    posts = await market.db.read(posts_to, SYSTEM, CUT_OFF, PostFilter(states=("failed",)))
    return any(row["lead_id"] == lead_id and not row["sold_on"] for row in posts)


async def _come_back(market: Market) -> None:
    """Two mails that had arrived came back: whether these sales stand is for somebody to say."""
    wanted = DeliveryFilter(
        states=(DeliveryState.DELIVERED.value,), channel="email", buyer_id="dune", span=Span(limit=2)
    )
    for number, row in enumerate(await market.db.read(list_deliveries, SYSTEM, wanted)):
        receipt = Receipt(f"history:back:{number}", "bounced", reference=row["attempt_id"], detail=_QUOTA)
        await take_receipt(market, row["connection"], receipt)


async def _take_back(market: Market) -> None:
    """Two consumers want to hear no more: one of everybody, one of solar alone."""
    sales = await _sales(market, lambda sale: not sale["asked"] and sale["buyer_id"] == CUT_OFF)
    for sale, vertical in zip(sales, ("", "solar"), strict=False):
        means = "by phone, to our office" if not vertical else "by mail"
        await revoke(market, Taken(lead_id=sale["lead_id"], vertical=vertical, means=means), OLIVE)


async def _say_strangely(market: Market) -> None:
    """Two words that nobody knows yet, and one whose meaning somebody said before."""
    await map_word(market, _KNOWN, OLIVE)
    sales = await _sales(market, lambda sale: sale["buyer_id"] == CUT_OFF)
    reports = [Report(sale["lead_id"], word) for sale, word in zip(sales[2:], _UNKNOWN, strict=False)]
    await record_reports(market, Teller(Channel.POLL, (CUT_OFF,), f"buyer {CUT_OFF}"), reports)


async def _sales(market: Market, wanted: Callable[[Row], bool]) -> list[Row]:
    """Those of the last two days, the newest first."""
    now = market.clock.now()
    rows = await market.db.read(sales_between, SYSTEM, now - 2 * _DAY_MS, now + 1, _MOST)
    return [row for row in rows if wanted(row)][::-1]
