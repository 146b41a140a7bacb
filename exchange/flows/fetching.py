"""Buyers who fetch: the next page of what they bought, and the table at a contract's address.

Asking for the page after a cursor says that everything up to it arrived. Who asks for the same cursor again gets the
same page again, and nothing is counted.
"""

from __future__ import annotations

from typing import NamedTuple

from exchange.connector import Parcel, Receipt, Terms
from exchange.flows.check_suppression import kept_back
from exchange.flows.connection import Connection
from exchange.flows.deliver import award_of
from exchange.flows.job_ends import ComeBack
from exchange.flows.market import Market
from exchange.flows.one_tap import delivery_links
from exchange.flows.receipts import give_up, take_receipt
from exchange.flows.stored_lead import stored_lead
from exchange.model.lead import Lead
from exchange.model.party import Contract
from exchange.storage.database import Row
from exchange.storage.deliveries import read_delivery
from exchange.storage.fetching import Cursor, enter, fetched, never_returned, on_shelf, pulled, unacknowledged
from exchange.storage.selling import read_attempt, read_lead

TABLE_ROWS_MOST = 2_000
_AT_ONCE = 500
_DAY_MS = 86_400_000


class Pulled(NamedTuple):
    """One delivery of a page. `lead` is None when its values were erased meanwhile."""

    attempt: Row
    lead_row: Row
    lead: Lead | None
    sent_at: int

    @property
    def cursor(self) -> Cursor:
        return self.sent_at, self.attempt["id"]


async def acknowledge(market: Market, buyer_id: str, mode: str, upto: Cursor) -> None:
    """Everything that was returned up to a cursor has arrived."""
    while rows := await market.db.read(unacknowledged, buyer_id, mode, upto, _AT_ONCE):
        if not await _arrived(market, rows, "the next page was asked for"):
            return


async def pull(market: Market, buyer_id: str, mode: str, after: Cursor, limit: int) -> list[Pulled]:
    """The page after a cursor: what was returned after it before, then what is new."""
    rows = await market.db.read(pulled, buyer_id, mode, after, limit)
    room = limit - len(rows)
    waiting = await market.db.read(never_returned, buyer_id, mode, room) if room else []
    if new := [row["attempt_id"] for row in await _weeded(market, waiting, buyer_id)]:
        await market.db.write(enter, buyer_id, mode, market.clock.now(), new)
        rows = await market.db.read(pulled, buyer_id, mode, after, limit)
    found = [await _pulled(market, row) for row in rows]
    return [each for each in found if each is not None]


async def _pulled(market: Market, row: Row) -> Pulled | None:
    attempt = await market.db.read(read_attempt, row["attempt_id"])
    lead_row = await market.db.read(read_lead, row["lead_id"])
    if attempt is None or lead_row is None:
        return None
    return Pulled(attempt, lead_row, await _values(market, lead_row), row["sent_at"])


async def table(market: Market, contract: Contract, connection: Connection, mode: str) -> str:
    """What a contract bought, as the CSV of its connection. What is in it for the first time is delivered by that."""
    tables = connection.tables
    assert tables is not None, "asked of connections that have one"
    waiting = await market.db.read(on_shelf, contract.id, mode, _AT_ONCE)
    await _arrived(market, await _weeded(market, waiting, contract.buyer_id), "fetched at its address")
    now = market.clock.now()
    since = now - tables.days * _DAY_MS if tables.days is not None else 0
    rows = await market.db.read(fetched, contract.id, mode, since, TABLE_ROWS_MOST)
    parcels = [await _parcel(market, row, contract) for row in rows]
    terms = Terms(now, contract.id, connection.secrets)
    return tables.table([each for each in parcels if each is not None], contract, terms)


async def _weeded(market: Market, rows: list[Row], buyer_id: str) -> list[Row]:
    """Those of them that may go out still. A lead whose consumer came to be on a list is sold no more."""
    kept: list[Row] = []
    for row in rows:
        attempt = await market.db.read(read_attempt, row["attempt_id"])
        lead_row = await market.db.read(read_lead, attempt["lead_id"]) if attempt is not None else None
        lead = await _values(market, lead_row) if lead_row is not None else None
        try:
            listed = kept_back(lead, buyer_id, market) if lead is not None else None
        except ComeBack:
            continue
        if listed is None:
            kept.append(row)
            continue
        delivery = await market.db.read(read_delivery, row["attempt_id"])
        if delivery is not None:
            await give_up(market, delivery, listed)
    return kept


async def _parcel(market: Market, row: Row, contract: Contract) -> Parcel | None:
    attempt = await market.db.read(read_attempt, row["attempt_id"])
    lead_row = await market.db.read(read_lead, row["lead_id"])
    lead = await _values(market, lead_row) if lead_row is not None else None
    if attempt is None or lead is None:
        return None
    links = delivery_links(market, attempt["id"], lead.vertical, contract.return_days)
    return Parcel(lead, award_of(attempt), links)


async def _values(market: Market, row: Row) -> Lead | None:
    campaign = market.deals.campaigns.get(row["campaign_id"])
    return await stored_lead(market, row, campaign) if campaign is not None else None


async def _arrived(market: Market, rows: list[Row], how: str) -> bool:
    """Count them as delivered, each once. False when that changed none of them."""
    changed = False
    for row in rows:
        event = f"fetched:{row['attempt_id']}:{row['made_at']}"
        receipt = Receipt(event, "delivered", reference=row["attempt_id"], detail=how)
        now = await take_receipt(market, row["connection"], receipt)
        changed = changed or (now is not None and now["state"] == "delivered")
    return changed
