"""Reading leads: lists, one lead with all that belongs to it. Every read takes the actor first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.model.actor import Actor, Role
from exchange.storage.database import Row, Tx
from exchange.storage.lead_filters import LeadFilter
from exchange.storage.lead_search import newest
from exchange.storage.rows import listed

_SHOWN = """id, received_at, seller_id, campaign_id, vertical, mode, kind, state, reason, sub_id1, zip, us_state,
               city, initials, grade, currency, revenue_units, payout_units, times_sold, seller_lead_id, changed_at,
               fraud, channel, pinged, sealed IS NULL AS erased"""


async def list_leads(tx: Tx, actor: Actor, wanted: LeadFilter) -> list[Row]:
    """Newest first unless another order is asked for. Sellers see their own leads; operators all."""
    text, params = newest(actor, wanted, _SHOWN)
    return await tx.fetch(text, **params, limit=wanted.span.limit)


@dataclass(frozen=True, slots=True)
class Sums:
    """What the leads of a list come to, by currency. `leads` counts up to the limit that was asked for."""

    leads: int
    money: tuple[tuple[str, int, int, int], ...]  # currency, and units of revenue, payout and outside checks


async def count_leads(tx: Tx, actor: Actor, wanted: LeadFilter, most: int = 10_000) -> int:
    """How many match, counted up to `most`."""
    return (await sum_leads(tx, actor, wanted, most)).leads


async def sum_leads(tx: Tx, actor: Actor, wanted: LeadFilter, most: int = 10_000) -> Sums:
    """How many match and what they brought, over the newest `most` of them."""
    text, params = newest(actor, wanted, "received_at, id, currency, revenue_units, payout_units, cost_units")
    rows = await tx.fetch(
        f"""SELECT currency, COUNT(*) AS leads, CAST(SUM(revenue_units) AS BIGINT) AS revenue,
               CAST(SUM(payout_units) AS BIGINT) AS payout, CAST(SUM(cost_units) AS BIGINT) AS cost
            FROM ({text}) found GROUP BY currency ORDER BY currency""",
        **params,
        limit=most,
    )
    money = tuple((row["currency"], row["revenue"], row["payout"], row["cost"]) for row in rows)
    return Sums(sum(int(row["leads"]) for row in rows), money)


async def buyers_of(tx: Tx, lead_ids: Sequence[str]) -> dict[str, list[str]]:
    """Who bought each of these leads, by lead; at most a page of them is asked for."""
    if not lead_ids:
        return {}
    names, params = listed("lead", lead_ids)
    found: dict[str, list[str]] = {}
    for row in await tx.fetch(
        f"""SELECT lead_id, buyer_id FROM sales WHERE lead_id IN {names}
               AND (reversed_at IS NULL OR returned_at IS NOT NULL)
            ORDER BY accepted_at, id""",
        **params,
    ):
        found.setdefault(row["lead_id"], []).append(row["buyer_id"])
    return found


async def answer_ms_of(tx: Tx, lead_ids: Sequence[str]) -> dict[str, int]:
    """How long the last answered request of each lead took."""
    if not lead_ids:
        return {}
    names, params = listed("lead", lead_ids)
    rows = await tx.fetch(
        f"""SELECT lead_id, took_ms FROM requests WHERE lead_id IN {names} AND took_ms IS NOT NULL
                AND endpoint IN ('ping', 'post', 'pingpost') ORDER BY received_at, id""",
        **params,
    )
    return {row["lead_id"]: row["took_ms"] for row in rows}


async def read_lead_of(tx: Tx, actor: Actor, lead_id: str) -> Row | None:
    """One lead, or None when there is none that this actor may see."""
    rows = await tx.fetch("SELECT * FROM leads WHERE id = :id", id=lead_id)
    if not rows or not _may_see(actor, rows[0]["seller_id"]):
        return None
    return rows[0]


async def requests_of(tx: Tx, lead_id: str) -> list[Row]:
    """The requests of a lead with their data keys, oldest first."""
    return await tx.fetch(
        """SELECT r.*, k.wrapped FROM requests r LEFT JOIN data_keys k ON k.subject = r.id
           WHERE r.lead_id = :lead ORDER BY r.received_at, r.id LIMIT 100""",
        lead=lead_id,
    )


async def trails_of(tx: Tx, lead_id: str) -> list[Row]:
    return await tx.fetch(
        """SELECT t.request_id, t.document, r.received_at, r.endpoint FROM trails t
           JOIN requests r ON r.id = t.request_id WHERE t.lead_id = :lead ORDER BY r.received_at, r.id""",
        lead=lead_id,
    )


async def trail_of(tx: Tx, lead_id: str, request_id: str) -> bytes | None:
    """The record of one request about a lead."""
    rows = await tx.fetch(
        "SELECT document FROM trails WHERE lead_id = :lead AND request_id = :request", lead=lead_id, request=request_id
    )
    return bytes(rows[0]["document"]) if rows else None


async def wires_of(tx: Tx, lead_id: str) -> list[Row]:
    """Sealed requests and replies, with the data keys that open them."""
    return await tx.fetch(
        """SELECT w.id, w.made_at, w.subject, w.sealed, k.wrapped FROM wires w
           LEFT JOIN data_keys k ON k.subject = w.subject WHERE w.lead_id = :lead ORDER BY w.made_at, w.id""",
        lead=lead_id,
    )


async def sales_of(tx: Tx, lead_id: str) -> list[Row]:
    """All sales of a lead, those that were undone too, oldest first."""
    return await tx.fetch("SELECT * FROM sales WHERE lead_id = :lead ORDER BY accepted_at, id", lead=lead_id)


async def standing_sales(tx: Tx, lead_id: str) -> list[Row]:
    """The sales of a lead that were not undone, oldest first."""
    return [row for row in await sales_of(tx, lead_id) if row["reversed_at"] is None]


async def events_of(tx: Tx, lead_id: str) -> list[Row]:
    return await tx.fetch("SELECT * FROM lead_events WHERE lead_id = :lead ORDER BY at, id", lead=lead_id)


async def consent_of(tx: Tx, lead_id: str) -> Row | None:
    """The sealed record, its key as `wrapped`, and as `shown` the text of a form: the record holds its hash alone."""
    rows = await tx.fetch(
        """SELECT c.*, k.wrapped, t.text AS shown FROM consents c
           JOIN leads l ON l.id = c.lead_id AND l.subject = c.subject
           LEFT JOIN data_keys k ON k.subject = c.subject LEFT JOIN consent_texts t ON t.hash = c.text_hash
           WHERE c.lead_id = :lead""",
        lead=lead_id,
    )
    return rows[0] if rows else None


async def key_of(tx: Tx, subject: str) -> bytes | None:
    """The wrapped data key of a request; None when it was destroyed."""
    rows = await tx.fetch("SELECT wrapped FROM data_keys WHERE subject = :subject", subject=subject)
    return bytes(rows[0]["wrapped"]) if rows and rows[0]["wrapped"] is not None else None


async def sealed_values(tx: Tx, actor: Actor, lead_ids: Sequence[str]) -> list[Row]:
    """`id, sealed, wrapped` of those leads whose keys are still there. Only for operators."""
    if actor.role is not Role.OPERATOR or not lead_ids:
        return []
    names, params = listed("lead", lead_ids)
    return await tx.fetch(
        f"""SELECT l.id, l.sealed, k.wrapped FROM leads l JOIN data_keys k ON k.subject = l.subject
            WHERE l.id IN {names} AND l.sealed IS NOT NULL AND k.wrapped IS NOT NULL""",
        **params,
    )


async def find_by_any_id(tx: Tx, text: str, phone_index: bytes | None, email_index: bytes | None) -> str | None:
    """The lead behind a lead, request, ping or delivery id, a buyer's reference, or a full phone or email: also of
    somebody who was erased, while their consent is kept.
    """
    rows = await tx.fetch(
        """SELECT lead_id FROM (
               SELECT id AS lead_id, 1 AS place FROM leads WHERE id = :text
               UNION ALL SELECT lead_id, 2 FROM requests WHERE id = :text AND lead_id IS NOT NULL
               UNION ALL SELECT lead_id, 3 FROM quotes WHERE id = :text
               UNION ALL SELECT lead_id, 4 FROM attempts WHERE id = :text OR reference = :text
               UNION ALL SELECT lead_id, 5 FROM sales WHERE buyer_reference = :text
               UNION ALL SELECT id, 6 FROM leads WHERE phone_index = :phone OR email_index = :email
               UNION ALL SELECT lead_id, 7 FROM consent_evidence WHERE phone_index = :phone OR email_index = :email
           ) found ORDER BY place LIMIT 1""",
        text=text,
        phone=phone_index,
        email=email_index,
    )
    return rows[0]["lead_id"] if rows else None


def _may_see(actor: Actor, seller_id: str) -> bool:
    return actor.role in (Role.OPERATOR, Role.SYSTEM) or (actor.role is Role.SELLER and actor.party_id == seller_id)
