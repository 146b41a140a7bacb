"""A mail that came back: news of its delivery, or of each in it when it held many."""

from __future__ import annotations

from typing import NamedTuple

from exchange.connector import Receipt
from exchange.flows.market import Market
from exchange.flows.receipts import take_receipt
from exchange.log import logger
from exchange.storage.batches import batch_members, read_batch
from exchange.storage.database import Row, Tx
from exchange.storage.deliveries import read_delivery

_NUMBER_DIGITS = 9  # of a batch; what is longer was made up, and is more than a column of numbers holds

_LOG = logger(__name__)
_BY_MAIL = frozenset({"email", "fax"})  # a fax may go to a gateway by mail


class Bounce(NamedTuple):
    """What a notification says: `reference` is ours, as the mail had it; `kind` is failed, delayed or delivered.

    `event_id` is the same when the same notification comes again.
    """

    reference: str
    kind: str
    detail: str
    event_id: str


async def take_bounce(market: Market, bounce: Bounce) -> int:
    """Take a bounce as receipts. Returns how many deliveries it is about; what only waits changes none.

    The server that took the mail said so, and it counts as delivered: a bounce makes it a dispute, and the contract
    says whether that waits for a person or undoes the sale.
    """
    found = await deliveries_about(market, bounce.reference)
    if not found:
        _LOG.info("a bounce of a mail that nobody knows")
    if bounce.kind != "failed":
        return len(found)
    for delivery in found:
        event = f"{bounce.event_id} {delivery['attempt_id']}"
        receipt = Receipt(event, "bounced", reference=delivery["attempt_id"], detail=bounce.detail)
        await take_receipt(market, delivery["connection"], receipt)
    return len(found)


async def deliveries_about(market: Market, reference: str) -> list[Row]:
    """The deliveries of the mail with this reference; none when there is no such mail."""
    return await market.db.read(_about, reference)


async def _about(tx: Tx, reference: str) -> list[Row]:
    """The delivery of a mail, or all of those that went in it together. Only what went by mail can come back so.

    Some servers write addresses in small letters: an id is known by its own.
    """
    prefix, _, rest = reference.rpartition("_")
    delivery = await read_delivery(tx, reference) or await read_delivery(tx, f"{prefix.lower()}_{rest.upper()}")
    rows = [delivery] if delivery is not None else []
    contract_id, _, number = reference.rpartition("-")
    if delivery is None and contract_id and number.isdecimal() and len(number) <= _NUMBER_DIGITS:
        batch = await read_batch(tx, contract_id, int(number))
        rows = await batch_members(tx, batch["id"]) if batch is not None else []
    return [row for row in rows if row["channel"] in _BY_MAIL]
