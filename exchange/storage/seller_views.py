"""What sellers, buyers and operators may read of leads, sales and deliveries over the API: each its own model.

Every read takes the actor first; what is somebody else's is not there. A seller never sees a buyer or its price, a
buyer never the seller or the payout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange.model.actor import Actor, Role
from exchange.model.money import Money
from exchange.storage.database import Row, Tx
from exchange.storage.rows import listed
from exchange.storage.selling import OPEN

Cursor = tuple[int, str]
"""Where a list goes on: the epoch ms and the id of the last entry seen."""


@dataclass(frozen=True, slots=True)
class SellerLead:
    """A lead as its seller sees it. `payout` is what it earned; `quoted` what an open ping still promises."""

    id: str
    received_at: int
    changed_at: int
    campaign_id: str
    vertical: str
    mode: str
    kind: str
    state: str
    reason: str | None
    seller_lead_id: str | None
    sub_id1: str | None
    times_sold: int
    payout: Money
    quoted: Money | None
    quote_expires_at: int | None
    returned_at: int | None


@dataclass(frozen=True, slots=True)
class SellerEvent:
    """One line of a lead's way as its seller sees it. `status_code` None: it was no request."""

    at: int
    what: str
    request_id: str | None = None
    status_code: int | None = None
    status: str | None = None
    reason: str | None = None
    took_ms: int | None = None


@dataclass(frozen=True, slots=True)
class BuyerSale:
    """A bought lead as its buyer sees it. `disposition` is what stands for it, `value` what it was worth, if told."""

    id: str
    lead_id: str
    reference: str
    buyer_reference: str | None
    contract_id: str
    vertical: str
    price: Money
    mode: str
    accepted_at: int
    disposition: str | None
    value: Money | None = None
    disposition_at: int | None = None


@dataclass(frozen=True, slots=True)
class OpenDelivery:
    """A delivery whose outcome is not known, as an operator sees it."""

    id: str
    lead_id: str
    buyer_id: str
    contract_id: str
    state: str
    reason: str | None
    detail: str
    price: Money
    buyer_reference: str | None
    mode: str
    made_at: int
    settle_after: int | None


_SELLER_LEAD = """SELECT l.id, l.received_at, l.changed_at, l.campaign_id, l.vertical, l.mode, l.kind, l.state,
        l.reason, l.seller_lead_id, l.sub_id1, l.times_sold, l.payout_units, l.currency, q.payout_units AS quoted_units,
        q.expires_at AS quote_expires_at,
        (SELECT MAX(e.at) FROM lead_events e WHERE e.lead_id = l.id AND e.kind = 'returned') AS returned_at
    FROM leads l LEFT JOIN quotes q ON q.lead_id = l.id AND q.used_by IS NULL"""


async def lead_of_seller(tx: Tx, actor: Actor, mode: str, lead_id: str) -> SellerLead | None:
    """A lead by our id; None when it is not there or not this seller's."""
    rows = await tx.fetch(
        f"{_SELLER_LEAD} WHERE l.id = :id AND l.seller_id = :seller AND l.mode = :mode",
        id=lead_id,
        seller=_party(actor, Role.SELLER),
        mode=mode,
    )
    return _seller_lead(rows[0]) if rows else None


async def leads_by_own_id(tx: Tx, actor: Actor, mode: str, seller_lead_id: str, limit: int) -> list[SellerLead]:
    """The leads a seller sent under one id of its own, the newest first."""
    rows = await tx.fetch(
        f"""{_SELLER_LEAD} WHERE l.seller_id = :seller AND l.seller_lead_id = :own AND l.mode = :mode
            ORDER BY l.received_at DESC, l.id DESC LIMIT :limit""",
        seller=_party(actor, Role.SELLER),
        own=seller_lead_id,
        mode=mode,
        limit=limit,
    )
    return [_seller_lead(row) for row in rows]


async def changed_leads(tx: Tx, actor: Actor, mode: str, after: Cursor, until: int, limit: int) -> list[SellerLead]:
    """A seller's leads that changed after a cursor and before `until`, in the order of their changes."""
    rows = await tx.fetch(
        f"""{_SELLER_LEAD} WHERE l.seller_id = :seller AND l.mode = :mode AND l.changed_at < :until
                AND (l.changed_at > :at OR (l.changed_at = :at AND l.id > :id))
            ORDER BY l.changed_at, l.id LIMIT :limit""",
        seller=_party(actor, Role.SELLER),
        mode=mode,
        until=until,
        at=after[0],
        id=after[1],
        limit=limit,
    )
    return [_seller_lead(row) for row in rows]


async def way_of_lead(tx: Tx, actor: Actor, lead_id: str) -> list[SellerEvent]:
    """A seller's own requests about a lead with their answers, and what became of it later. Oldest first."""
    seller = _party(actor, Role.SELLER)
    requests = await tx.fetch(
        """SELECT id, received_at, endpoint, status_code, status, reason, took_ms FROM requests
           WHERE lead_id = :lead AND seller_id = :seller ORDER BY received_at, id LIMIT 100""",
        lead=lead_id,
        seller=seller,
    )
    events = await tx.fetch(
        """SELECT e.at, e.kind FROM lead_events e JOIN leads l ON l.id = e.lead_id
           WHERE e.lead_id = :lead AND l.seller_id = :seller AND e.kind IN ('settled', 'returned')
           ORDER BY e.at, e.id LIMIT 100""",
        lead=lead_id,
        seller=seller,
    )
    way = [
        SellerEvent(
            row["received_at"],
            row["endpoint"],
            row["id"],
            row["status_code"],
            row["status"],
            row["reason"],
            row["took_ms"],
        )
        for row in requests
    ]
    way += [SellerEvent(row["at"], row["kind"]) for row in events]
    return sorted(way, key=lambda event: event.at)


async def sales_of_buyer(tx: Tx, actor: Actor, mode: str, after: Cursor, until: int, limit: int) -> list[BuyerSale]:
    """What a buyer bought after a cursor and before `until`, oldest first."""
    rows = await tx.fetch(
        """SELECT s.id, s.lead_id, s.attempt_id, s.buyer_reference, s.contract_id, s.price_units, s.currency, s.mode,
               s.accepted_at, l.vertical,
               d.kind AS disposition, d.value_units, d.at AS disposition_at
           FROM sales s JOIN leads l ON l.id = s.lead_id LEFT JOIN sale_dispositions d ON d.sale_id = s.id
           WHERE s.buyer_id = :buyer AND s.mode = :mode AND s.accepted_at < :until
               AND (s.reversed_at IS NULL OR s.returned_at IS NOT NULL)
               AND (s.accepted_at > :at OR (s.accepted_at = :at AND s.id > :id))
           ORDER BY s.accepted_at, s.id LIMIT :limit""",
        buyer=_party(actor, Role.BUYER),
        mode=mode,
        until=until,
        at=after[0],
        id=after[1],
        limit=limit,
    )
    return [
        BuyerSale(
            row["id"],
            row["lead_id"],
            row["attempt_id"],
            row["buyer_reference"],
            row["contract_id"],
            row["vertical"],
            Money(row["price_units"], row["currency"]),
            row["mode"],
            row["accepted_at"],
            row["disposition"],
            Money(row["value_units"], row["currency"]) if row["value_units"] is not None else None,
            row["disposition_at"],
        )
        for row in rows
    ]


async def open_deliveries(
    tx: Tx, actor: Actor, states: tuple[str, ...], after: Cursor, limit: int
) -> list[OpenDelivery]:
    """Deliveries in some of the states `unclear` and `pending`, the oldest first. For operators."""
    if actor.role not in (Role.OPERATOR, Role.SYSTEM):
        return []
    names, params = listed("state", states)
    rows = await tx.fetch(
        f"""SELECT id, lead_id, buyer_id, contract_id, state, reason, detail, price_units, currency, buyer_reference,
                mode, made_at, settle_after
            FROM attempts a WHERE state IN {names} AND state IN ('unclear', 'pending') AND {OPEN}
                AND (made_at > :at OR (made_at = :at AND id > :id))
            ORDER BY made_at, id LIMIT :limit""",
        at=after[0],
        id=after[1],
        limit=limit,
        **params,
    )
    return [OpenDelivery(**_with_price(row)) for row in rows]


def _with_price(row: Row) -> dict[str, Any]:
    values = {name: row[name] for name in row if name not in ("price_units", "currency")}
    return {**values, "detail": row["detail"] or "", "price": Money(row["price_units"], row["currency"])}


def _seller_lead(row: Row) -> SellerLead:
    currency = row["currency"]
    return SellerLead(
        row["id"],
        row["received_at"],
        row["changed_at"],
        row["campaign_id"],
        row["vertical"],
        row["mode"],
        row["kind"],
        row["state"],
        row["reason"],
        row["seller_lead_id"],
        row["sub_id1"],
        row["times_sold"],
        Money(row["payout_units"], currency),
        Money(row["quoted_units"], currency) if row["quoted_units"] is not None else None,
        row["quote_expires_at"],
        row["returned_at"],
    )


def _party(actor: Actor, role: Role) -> str:
    """Whose rows may be read. Nobody's for another role: no id is empty."""
    return actor.party_id or "" if actor.role is role else ""
