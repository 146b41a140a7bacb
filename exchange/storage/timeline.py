"""Everything kept about one lead, read at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from exchange.model.actor import Actor
from exchange.model.ledger import Transaction
from exchange.storage.dashboard import transactions_of
from exchange.storage.database import Row, Tx
from exchange.storage.delivery_views import deliveries_of, receipts_of, tries_of
from exchange.storage.disposition_words import waits_of_lead
from exchange.storage.evidence import evidence_until, hold_of
from exchange.storage.feedback import dispositions_of
from exchange.storage.leads import (
    consent_of,
    events_of,
    key_of,
    read_lead_of,
    requests_of,
    sales_of,
    trails_of,
    wires_of,
)
from exchange.storage.selling import lead_attempts
from exchange.storage.store import claims_of_lead, items_of_lead
from exchange.storage.verifiers import verified_of
from exchange.storage.webhooks import sends_about, tries_about


@dataclass(frozen=True, slots=True)
class LeadRows:
    """The rows of one lead. `wrapped` is the data key of its values, None when it was destroyed."""

    lead: Row
    wrapped: bytes | None
    requests: tuple[Row, ...]
    trails: tuple[Row, ...]
    wires: tuple[Row, ...]
    attempts: tuple[Row, ...]
    sales: tuple[Row, ...]
    events: tuple[Row, ...]
    dispositions: tuple[Row, ...]
    transactions: tuple[Transaction, ...]
    consent: Row | None
    deliveries: tuple[Row, ...] = ()
    tries: tuple[Row, ...] = ()
    receipts: tuple[Row, ...] = ()
    store_items: tuple[Row, ...] = ()
    store_claims: tuple[Row, ...] = ()
    sends: tuple[Row, ...] = ()
    send_tries: tuple[Row, ...] = ()
    verified: tuple[Row, ...] = ()
    waits: tuple[Row, ...] = ()
    hold: Row | None = None  # the legal hold that stands
    evidence_until: int | None = None  # until when evidence of an erased consumer's consent is kept


async def read_lead_rows(tx: Tx, actor: Actor, lead_id: str) -> LeadRows | None:
    """None when there is no such lead that this actor may see."""
    lead = await read_lead_of(tx, actor, lead_id)
    if lead is None:
        return None
    return LeadRows(
        lead,
        await key_of(tx, lead["subject"]),
        tuple(await requests_of(tx, lead_id)),
        tuple(await trails_of(tx, lead_id)),
        tuple(await wires_of(tx, lead_id)),
        tuple(await lead_attempts(tx, lead_id)),
        tuple(await sales_of(tx, lead_id)),
        tuple(await events_of(tx, lead_id)),
        tuple(await dispositions_of(tx, lead_id)),
        tuple(await transactions_of(tx, actor, lead_id)),
        await consent_of(tx, lead_id),
        tuple(await deliveries_of(tx, lead_id)),
        tuple(await tries_of(tx, lead_id)),
        tuple(await receipts_of(tx, lead_id)),
        tuple(await items_of_lead(tx, lead_id)),
        tuple(await claims_of_lead(tx, lead_id)),
        tuple(await sends_about(tx, lead_id)),
        tuple(await tries_about(tx, lead_id)),
        tuple(await verified_of(tx, lead_id)),
        tuple(await waits_of_lead(tx, lead_id)),
        await hold_of(tx, lead_id),
        await evidence_until(tx, lead_id),
    )
