"""Revocations of consent, the leads they concern, and who was told."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.actor import Actor, Role
from exchange.model.audit import AuditLine
from exchange.model.nurture import LeftWhy
from exchange.model.revocation import NoticeRow, RevocationRow
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.nurture import leave as leave_nurture
from exchange.storage.shelf import CONSENT_TAKEN_BACK, leave
from exchange.storage.suppression import add_changes

_MAY_HAVE_IT = "('accepted', 'pending', 'unclear', 'sending', 'reserved')"


async def save_revocation(
    tx: Tx, row: RevocationRow, changes: Sequence[tuple[str, int]], job: JobRow, line: AuditLine
) -> None:
    """Write it down, put the consumer on the lists and off the store at once; the job finds whom to tell. One of an id
    that is known changes nothing.
    """
    new = await tx.execute(
        """INSERT INTO revocations (id, month, revoked_at, heard_at, due_at, phone_index, email_index, vertical, source,
               means, lead_id, actor, role)
           VALUES (:id, :month, :revoked_at, :heard_at, :due_at, :phone_index, :email_index, :vertical, :source,
               :means, :lead_id, :actor, :role) ON CONFLICT (id) DO NOTHING""",
        **row._asdict(),
    )
    if not new:
        return
    for list_id, key in sorted(changes):
        await add_changes(tx, list_id, (key,), True, row.heard_at, row.actor)
    for lead_id in await _leads_on_offer(tx, row):
        await leave(tx, lead_id, CONSENT_TAKEN_BACK, row.heard_at)
        await leave_nurture(tx, lead_id, LeftWhy.OPTED_OUT, "ended, the consumer took the consent back", row.heard_at)
    await add_job(tx, job)
    await record(tx, line)


async def _leads_on_offer(tx: Tx, row: RevocationRow) -> list[str]:
    """Leads of the consumer that are in the store or in nurture; of one vertical, or of all when it is empty."""
    rows = await tx.fetch(
        """SELECT id FROM leads WHERE (phone_index = :phone OR email_index = :email)
               AND (:vertical = '' OR vertical = :vertical)
               AND (EXISTS (SELECT 1 FROM store_items i WHERE i.lead_id = leads.id AND i.state = 'listed')
                   OR EXISTS (SELECT 1 FROM nurture_leads n WHERE n.lead_id = leads.id AND n.state = 'in'))
           ORDER BY id""",
        phone=row.phone_index,
        email=row.email_index,
        vertical=row.vertical,
    )
    return [each["id"] for each in rows]


async def read_revocation(tx: Tx, revocation_id: str) -> RevocationRow | None:
    rows = await tx.fetch("SELECT * FROM revocations WHERE id = :id", id=revocation_id)
    return revocation_of(rows[0]) if rows else None


async def leads_of_consumer(tx: Tx, row: RevocationRow, most: int = 1_000) -> list[Row]:
    """Live leads that carry the phone or the email, oldest first."""
    return await tx.fetch(
        """SELECT id, month FROM leads WHERE mode = 'live' AND (phone_index = :phone OR email_index = :email)
               AND (:vertical = '' OR vertical = :vertical) ORDER BY received_at, id LIMIT :most""",
        phone=row.phone_index,
        email=row.email_index,
        vertical=row.vertical,
        most=most,
    )


async def recipients_of(tx: Tx, lead_id: str) -> list[Row]:
    """Deliveries of a lead to buyers that have it, or may have it."""
    return await tx.fetch(
        f"""SELECT id, buyer_id, contract_id, reference FROM attempts
            WHERE lead_id = :lead AND state IN {_MAY_HAVE_IT} ORDER BY id""",
        lead=lead_id,
    )


async def add_notices(
    tx: Tx, notices: Sequence[tuple[NoticeRow, JobRow]], events: Sequence[tuple[str, str, str, str]], now: int
) -> None:
    """Whom to tell, each with its job; and a line in the timeline of each lead (id, month, lead, sentence)."""
    for notice, job in notices:
        rows = await tx.fetch(
            """INSERT INTO revocation_notices (id, revocation_id, attempt_id, lead_id, buyer_id, contract_id, reference,
                   state, way, detail, made_at, told_at)
               VALUES (:id, :revocation_id, :attempt_id, :lead_id, :buyer_id, :contract_id, :reference,
                   :state, :way, :detail, :made_at, :told_at)
               ON CONFLICT (revocation_id, attempt_id) DO NOTHING RETURNING id""",
            **notice._asdict(),
        )
        if rows:
            await add_job(tx, job)
    for event_id, month, lead_id, sentence in events:
        await tx.execute(
            """INSERT INTO lead_events (id, month, lead_id, at, kind, sentence, actor)
               VALUES (:id, :month, :lead, :at, 'consent_revoked', :sentence, 'exchange')
               ON CONFLICT (id) DO NOTHING""",
            id=event_id,
            month=month,
            lead=lead_id,
            at=now,
            sentence=sentence,
        )


async def read_notice(tx: Tx, notice_id: str) -> NoticeRow | None:
    rows = await tx.fetch("SELECT * FROM revocation_notices WHERE id = :id", id=notice_id)
    return notice_of(rows[0]) if rows else None


async def note_told(
    tx: Tx, notice_id: str, state: str, way: str, detail: str, at: int, jobs: Sequence[JobRow] = ()
) -> bool:
    """How a recipient was told. One that has acknowledged stays so. Jobs bring it the news."""
    changed = await tx.execute(
        """UPDATE revocation_notices SET state = :state, way = :way, detail = :detail, told_at = :at
           WHERE id = :id AND state <> 'acknowledged'""",
        id=notice_id,
        state=state,
        way=way,
        detail=detail[:200],
        at=at,
    )
    for job in jobs if changed else ():
        await add_job(tx, job)
    return changed == 1


async def acknowledge(tx: Tx, notice_id: str, way: str, at: int, line: AuditLine) -> bool:
    """Somebody says that the recipient knows. False when that was known before."""
    changed = await tx.execute(
        """UPDATE revocation_notices SET state = 'acknowledged', way = CASE WHEN way = '' THEN :way ELSE way END,
               told_at = COALESCE(told_at, :at) WHERE id = :id AND state <> 'acknowledged'""",
        id=notice_id,
        way=way,
        at=at,
    )
    if changed:
        await record(tx, line)
    return changed == 1


async def heard_by_webhook(tx: Tx) -> list[str]:
    """Notices whose webhook was taken by the buyer's system."""
    rows = await tx.fetch(
        """SELECT n.id FROM revocation_notices n WHERE n.state = 'sent' AND n.way = 'webhook'
               AND EXISTS (SELECT 1 FROM webhook_events e JOIN webhook_sends s ON s.event_id = e.id
                   WHERE e.about = n.id AND e.type = 'consent.revoked' AND s.state = 'delivered')
           ORDER BY n.made_at, n.id LIMIT 500"""
    )
    return [row["id"] for row in rows]


async def list_revocations(tx: Tx, actor: Actor, limit: int = 200) -> list[tuple[RevocationRow, tuple[NoticeRow, ...]]]:
    """Newest first. A buyer sees those it must heed, with its own notices alone; a seller those it told itself."""
    if actor.role is Role.BUYER:
        where = "id IN (SELECT revocation_id FROM revocation_notices WHERE buyer_id = :party)"
    elif actor.role is Role.SELLER:
        where = "lead_id IN (SELECT id FROM leads WHERE seller_id = :party) AND source = 'seller'"
    else:
        where = ":party = ''"
    party = actor.party_id or ""
    rows = await tx.fetch(
        f"SELECT * FROM revocations WHERE {where} ORDER BY heard_at DESC, id DESC LIMIT :limit",
        party=party,
        limit=limit,
    )
    found = []
    for row in rows:
        notices = await tx.fetch(
            """SELECT * FROM revocation_notices WHERE revocation_id = :id AND (:buyer = '' OR buyer_id = :buyer)
               ORDER BY made_at, id""",
            id=row["id"],
            buyer=party if actor.role is Role.BUYER else "",
        )
        told = () if actor.role is Role.SELLER else tuple(notice_of(each) for each in notices)
        found.append((revocation_of(row), told))
    return found


def notice_of(row: Row) -> NoticeRow:
    return NoticeRow(*[row[name] for name in NoticeRow._fields])


def revocation_of(row: Row) -> RevocationRow:
    values = {name: row[name] for name in RevocationRow._fields}
    for name in ("phone_index", "email_index"):
        values[name] = bytes(row[name]) if row[name] is not None else None
    return RevocationRow(**values)
