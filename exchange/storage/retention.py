"""Forgetting on time: raw rows by their retention class, keys that ran out, and test leads."""

from __future__ import annotations

from exchange.storage.database import Tx

_AT_ONCE = 500
GONE = " gone"
_LED_ON = "EXISTS (SELECT 1 FROM requests r WHERE r.lead_id = {0}.lead_id AND r.endpoint <> 'ping')"
_FREE = "NOT EXISTS (SELECT 1 FROM legal_holds WHERE legal_holds.lead_id = {}.lead_id AND lifted_at IS NULL)"
_REPEATED = "EXISTS (SELECT 1 FROM idempotency WHERE idempotency.request_id = requests.id)"


async def keep_longer(tx: Tx, before: int) -> int:
    """What came of pings before an instant is kept as long as the posts that followed them. Returns how many rows."""
    wires = await tx.execute(
        f"""UPDATE wires SET retention = 'lead' WHERE (lead_id, id) IN (SELECT w.lead_id, w.id FROM wires w
               WHERE w.retention = 'ping' AND w.made_at < :before AND {_LED_ON.format("w")}
               ORDER BY w.made_at LIMIT :most)""",
        before=before,
        most=_AT_ONCE,
    )
    return wires + await tx.execute(
        f"""UPDATE requests SET retention = 'lead' WHERE id IN (SELECT p.id FROM requests p
               WHERE p.retention = 'ping' AND p.received_at < :before AND {_LED_ON.format("p")}
               ORDER BY p.received_at LIMIT :most)""",
        before=before,
        most=_AT_ONCE,
    )


async def forget_raw(tx: Tx, retention: str, before: int) -> int:
    """Blank raw requests, answers and wires of one class that came before an instant. Verdicts and money stay.

    An answer that a key still repeats stays as long as the key. Of a request of which nothing is left the class says
    so, and nobody looks at it again. What is under a legal hold stays until that is lifted.
    """
    wires = await tx.execute(
        f"""DELETE FROM wires WHERE (lead_id, id) IN (SELECT lead_id, id FROM wires
               WHERE retention = :class AND made_at < :before AND {_FREE.format("wires")}
               ORDER BY made_at LIMIT :most)""",
        **{"class": retention, "before": before, "most": _AT_ONCE},
    )
    blanked = await tx.execute(
        f"""UPDATE requests SET raw = NULL, answer = NULL, retention = retention || '{GONE}'
           WHERE id IN (SELECT id FROM requests WHERE retention = :class AND received_at < :before
               AND NOT {_REPEATED} AND {_FREE.format("requests")}
               ORDER BY received_at LIMIT :most)""",
        **{"class": retention, "before": before, "most": _AT_ONCE},
    )
    return (
        wires
        + blanked
        + await tx.execute(
            f"""UPDATE requests SET raw = NULL WHERE id IN (SELECT id FROM requests
               WHERE retention = :class AND received_at < :before AND raw IS NOT NULL AND {_REPEATED}
               AND {_FREE.format("requests")}
               ORDER BY received_at LIMIT :most)""",
            **{"class": retention, "before": before, "most": _AT_ONCE},
        )
    )


async def forget_expired(tx: Tx, now: int) -> int:
    """Drop idempotency keys and claims whose time is over."""
    keys = await tx.execute("DELETE FROM idempotency WHERE expires_at < :now", now=now)
    return keys + await tx.execute("DELETE FROM claims WHERE expires_at < :now", now=now)


async def forget_test_leads(tx: Tx, before: int) -> int:
    """Remove test leads with all that hangs on them; they never moved money."""
    rows = await tx.fetch(
        "SELECT id FROM leads WHERE mode = 'test' AND received_at < :before ORDER BY received_at LIMIT :most",
        before=before,
        most=_AT_ONCE,
    )
    for row in rows:
        lead = row["id"]
        await tx.execute(
            "DELETE FROM idempotency WHERE request_id IN (SELECT id FROM requests WHERE lead_id = :lead)", lead=lead
        )
        await tx.execute(
            "DELETE FROM data_keys WHERE subject IN (SELECT id FROM requests WHERE lead_id = :lead)", lead=lead
        )
        await tx.execute(
            "DELETE FROM data_keys WHERE subject IN (SELECT id FROM source_items WHERE lead_id = :lead)", lead=lead
        )
        await tx.execute("UPDATE source_items SET sealed = NULL WHERE lead_id = :lead", lead=lead)
        for table in ("return_requests", "return_decisions", "return_files"):
            await tx.execute(f"DELETE FROM {table} WHERE lead_id = :lead", lead=lead)
        await tx.execute(
            "DELETE FROM dispositions WHERE sale_id IN (SELECT id FROM sales WHERE lead_id = :lead)", lead=lead
        )
        for table in ("follow_events", "reminders"):
            await tx.execute(
                f"DELETE FROM {table} WHERE sale_id IN (SELECT id FROM sales WHERE lead_id = :lead)", lead=lead
            )
        await tx.execute(
            "DELETE FROM receipts WHERE attempt_id IN (SELECT id FROM attempts WHERE lead_id = :lead)", lead=lead
        )
        for table in (
            "requests",
            "trails",
            "wires",
            "quotes",
            "attempts",
            "sales",
            "lead_events",
            "claims",
            "consents",
            "deliveries",
            "delivery_tries",
            "store_items",
            "store_kept_from",
            "store_seen_by",
            "nurture_leads",
            "nurture_steps",
            "store_claims",
            "sightings",
            "sale_dispositions",
            "disposition_waits",
            "follow_ups",
            "journeys",
            "lead_bids",
        ):
            await tx.execute(f"DELETE FROM {table} WHERE lead_id = :lead", lead=lead)
        await tx.execute("DELETE FROM leads WHERE id = :lead", lead=lead)
    return len(rows)
