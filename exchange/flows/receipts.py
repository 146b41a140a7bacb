"""What is heard of a delivery after it left: callbacks, bounces, keypresses, a shelf that was emptied."""

from __future__ import annotations

from contextlib import suppress

from exchange.connector import Receipt
from exchange.flows.conclude import conclude
from exchange.flows.job_ends import ComeBack
from exchange.flows.market import Market
from exchange.model.delivery import NOT_REACHED, RECEIPTS, DeliveryState, ReceiptRow
from exchange.stages.delivery import wait_ms
from exchange.stages.outcome import DETAIL_CHARACTERS
from exchange.storage.database import Row
from exchange.storage.deliveries import expire, overdue, read_delivery, take_in


class NoSuchReceipt(ValueError):
    """A connector told of something that is no receipt."""


async def take_receipt(market: Market, connection: str, receipt: Receipt, *, again_ms: int | None = None) -> Row | None:
    """Take one receipt about a delivery of a connection, durably, and draw what follows. The same event twice is once.

    `again_ms` is how long a delivery that reached nobody waits (default: as its connector says, else by its tries).
    Returns the delivery as it stands now, or None when nobody knows which it is: it is kept, and taken when the
    provider names it.
    """
    if receipt.kind not in RECEIPTS:
        raise NoSuchReceipt(f"{receipt.kind!r} is none of: {', '.join(RECEIPTS)}")
    now = market.clock.now()
    known = await market.db.read(read_delivery, receipt.reference) if receipt.reference is not None else None
    tries = max(int(known["tries"]), 1) if known is not None else 1
    rings = market.connections[connection].rings if connection in market.connections else None
    if rings is not None:
        receipt = _after_all_tries(receipt, known, rings.tries_most)
        again_ms = rings.again_ms if again_ms is None else again_ms
    wait = again_ms if again_ms is not None else wait_ms(tries, market.ids.draw())
    row = ReceiptRow(
        connection,
        receipt.event_id,
        receipt.kind,
        receipt.at if receipt.at is not None else now,
        now,
        receipt.detail,
        receipt.reference,
        receipt.provider_ref,
        now + wait,
    )
    delivery = await market.db.write(take_in, row, market.ids.new("job", now))
    if delivery is None:
        return None
    with suppress(ComeBack):  # its lead is being sold: the job that was left with the receipt sees to it
        await conclude(market, delivery["attempt_id"])
    return await market.db.read(read_delivery, delivery["attempt_id"])


def _after_all_tries(receipt: Receipt, delivery: Row | None, most: int) -> Receipt:
    """Who was rung as often as was agreed, and was not reached, is not to be reached."""
    if receipt.kind not in NOT_REACHED or delivery is None or delivery["tries"] < most:
        return receipt
    if delivery["provider_ref"] not in (None, receipt.provider_ref):
        return receipt  # news of an earlier try
    told = f"nobody was reached in {most} {'try' if most == 1 else 'tries'}"
    return receipt._replace(kind="failed", detail=f"{told}, last: {receipt.detail or receipt.kind}")


async def expire_deliveries(market: Market) -> int:
    """A duty: what did not arrive in its time has failed, and of what may have arrived nobody knows."""
    late = await market.db.read(overdue, market.clock.now())
    for delivery in late:
        connection = market.connections.get(delivery["connection"])
        if connection is not None and connection.silence_delivers and delivery["state"] == DeliveryState.SENT.value:
            await _arrived_silently(market, delivery)
        else:
            await give_up(market, delivery)
    return len(late)


async def _arrived_silently(market: Market, delivery: Row) -> None:
    """What did not come back in its time has arrived. Should it come back after all, that is a dispute."""
    attempt_id = delivery["attempt_id"]
    event = f"silence:{attempt_id}:{delivery['tries']}"
    receipt = Receipt(event, "delivered", reference=attempt_id, detail="Nothing came back in time.")
    await take_receipt(market, delivery["connection"], receipt)


async def give_up(market: Market, delivery: Row, why: str | None = None) -> None:
    """The end of all patience with one delivery. What may have arrived is nobody's to call failed."""
    now = market.clock.now()
    out = delivery["state"] in (DeliveryState.SENDING.value, DeliveryState.SENT.value)
    may_have = out or delivery["sent_at"] is not None
    state = DeliveryState.EXPIRED if may_have else DeliveryState.FAILED
    if await market.db.write(expire, delivery, state, why or _why(delivery), now, market.ids.new("job", now)):
        with suppress(ComeBack):  # its lead is being sold: the job that was left sees to it
            await conclude(market, delivery["attempt_id"])


def _why(delivery: Row) -> str:
    if delivery["state"] == DeliveryState.SENT.value:
        return "no receipt came in time"
    if delivery["state"] == DeliveryState.SHELVED.value:
        return "it was not fetched in time"
    tries = delivery["tries"]
    last = f": {delivery['last_error']}" if delivery["last_error"] else ""
    return f"given up after {tries} {'try' if tries == 1 else 'tries'}{last}"[:DETAIL_CHARACTERS]
