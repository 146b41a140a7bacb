"""Requests: the first unit of every one, idempotency, answers."""

from __future__ import annotations

from typing import Any

from exchange.model.audit import AuditLine
from exchange.model.work import (
    AnswerRow,
    Claim,
    Duplicate,
    Idempotency,
    Keep,
    KeyConflict,
    LeadRow,
    Opened,
    Opening,
    QuoteGone,
    Replay,
    RequestRow,
    Seen,
)
from exchange.storage.audit import record
from exchange.storage.claims import claim, take_free
from exchange.storage.database import Row, Statement, Tx
from exchange.storage.parcel import typed
from exchange.storage.sightings import likely_same, sighted


@typed
async def open_request(tx: Tx, opening: Opening) -> Opened | Replay | KeyConflict | QuoteGone | Duplicate:
    """Store a request and, unless it may not go on, its lead. Only `Opened` lets the line continue."""
    request, lead = opening.request, opening.lead
    if opening.idempotency is not None:
        earlier = await _take_key(tx, opening.idempotency, request.id, request.received_at)
        if earlier is not None:
            await tx.execute_all(*_request_rows(request))
            return await _replay(tx, opening.idempotency, earlier)
    if lead is None:
        await tx.execute_all(*_request_rows(request))
        return Opened({})
    quote: Row | None = None
    if opening.bind_quote is not None:
        bound = await _bind_quote(tx, opening.bind_quote, lead, request.id, opening.rebids_expired)
        if isinstance(bound, QuoteGone):
            stranger = bound.why is None  # the lead of somebody else's ping has no business with this request
            await tx.execute_all(*_request_rows(request._replace(lead_id=None) if stranger else request))
            return bound
        quote = bound
    taken = await claim(tx, lead.id, lead.seller_id, opening.claims, request.received_at)
    sighting = opening.sighting
    seen = await likely_same(tx, sighting) if sighting is not None else Seen()
    seen_here = [sighted(sighting)] if sighting is not None else []
    await tx.execute_all(*_request_rows(request), *_lead_rows(lead), *seen_here)
    if taken is not None:
        return taken._replace(quote=quote, seen=seen)
    return Opened(await _bought(tx, lead, opening.claims), quote, seen)


async def open_beside(tx: Tx, opening: Opening, taken: Duplicate) -> Opened:
    """Let a lead go on whose consumer only shares a telephone or mailbox with the one that holds the claim.

    It takes what nobody holds; the other keeps its own.
    """
    lead = opening.lead
    assert lead is not None
    await take_free(tx, lead.id, lead.seller_id, opening.claims, opening.request.received_at)
    return Opened(await _bought(tx, lead, opening.claims), taken.quote, taken.seen)


async def _bought(tx: Tx, lead: LeadRow, claims: tuple[Claim, ...]) -> dict[str, int]:
    return await bought_before(tx, lead.phone_index, lead.email_index) if claims else {}


async def open_resale(
    tx: Tx, request: RequestRow, phone_index: bytes | None, email_index: bytes | None
) -> dict[str, int]:
    """Open a request of the exchange itself about a lead it has. Returns when each buyer last bought the consumer."""
    await tx.execute_all(*_request_rows(request))
    return await bought_before(tx, phone_index, email_index)


async def _bind_quote(
    tx: Tx, quote_id: str, lead: LeadRow, request_id: str, rebids_expired: bool
) -> Row | QuoteGone | None:
    """Use a ping's quote for one post of the same campaign and mode. The update decides between two posts that race.

    None: it was used, but its price is gone and everybody is asked again.
    """
    rows = await tx.fetch(
        """SELECT q.* FROM quotes q JOIN leads l ON l.id = q.lead_id
           WHERE q.id = :id AND q.seller_id = :seller AND q.campaign_id = :campaign AND l.mode = :mode""",
        id=quote_id,
        seller=lead.seller_id,
        campaign=lead.campaign_id,
        mode=lead.mode,
    )
    if not rows:
        return QuoteGone(None)
    expired = rows[0]["expires_at"] <= lead.received_at
    if expired and not rebids_expired:
        return QuoteGone("expired")
    used = await tx.fetch(
        "UPDATE quotes SET used_by = :request WHERE id = :id AND used_by IS NULL RETURNING id",
        id=quote_id,
        request=request_id,
    )
    if not used:
        return QuoteGone("used")
    return None if expired else rows[0]


def free_quote(quote_id: str, request_id: str) -> Statement:
    """Nothing was posted on it: the seller may use the quote again while it lasts."""
    return (
        "UPDATE quotes SET used_by = NULL WHERE id = :id AND used_by = :request",
        {"id": quote_id, "request": request_id},
    )


async def store_answer(tx: Tx, answer: AnswerRow) -> None:
    await tx.execute_all(answer_row(answer))


def answer_row(answer: AnswerRow) -> Statement:
    return (
        """UPDATE requests SET status_code = :code, status = :status, reason = :reason, answer = :body,
               answer_type = :type, took_ms = :took, wrong = :wrong WHERE id = :id""",
        {
            "id": answer.request_id,
            "code": answer.status_code,
            "status": answer.status,
            "reason": answer.reason,
            "body": answer.body,
            "type": answer.content_type,
            "took": answer.took_ms,
            "wrong": answer.wrong,
        },
    )


async def answer_request(tx: Tx, answer: AnswerRow, idempotency: Idempotency | None) -> None:
    """Answer a request that leaves no lead. A key the seller chose replays it; any other is free again."""
    ends = [answer_row(answer)]
    if idempotency is not None and idempotency.keep is not Keep.ALWAYS:
        ends.append(free_key(idempotency))
    await tx.execute_all(*ends)


async def answer_conflict(tx: Tx, answer: AnswerRow, line: AuditLine) -> None:
    """Answer a request whose key came before with another body. The key is not its own."""
    await store_answer(tx, answer)
    await record(tx, line)


def free_key(idempotency: Idempotency) -> Statement:
    """The key may be used again: its request is answered, and the answer is not for repeats."""
    return (
        "DELETE FROM idempotency WHERE seller_id = :seller AND endpoint = :endpoint AND idempotency_key = :key",
        {"seller": idempotency.seller_id, "endpoint": idempotency.endpoint, "key": idempotency.key},
    )


def free_keys_unsold(lead_id: str) -> Statement:
    """The lead is unsold after all. What its requests were told is for no repeat, unless the seller chose the key."""
    return (
        """DELETE FROM idempotency WHERE request_id IN (SELECT id FROM requests WHERE lead_id = :lead)
               AND SUBSTR(idempotency_key, 1, 4) <> 'key:'""",
        {"lead": lead_id},
    )


def free_body_key(request_id: str) -> Statement:
    """The request is over: the same body again is a new one."""
    return (
        "DELETE FROM idempotency WHERE request_id = :id AND SUBSTR(idempotency_key, 1, 5) = 'body:'",
        {"id": request_id},
    )


async def read_replay(tx: Tx, request_id: str) -> Replay | None:
    """The stored answer of an earlier request, sealed."""
    rows = await tx.fetch(
        """SELECT r.status_code, r.answer, r.answer_type, k.wrapped FROM requests r
           LEFT JOIN data_keys k ON k.subject = r.id WHERE r.id = :id""",
        id=request_id,
    )
    if not rows:
        return None
    row = rows[0]
    return Replay(request_id, row["status_code"], row["answer"], row["answer_type"], row["wrapped"])


def _lead_rows(lead: LeadRow) -> list[Statement]:
    """Insert a lead, or fill in the one its ping made; and its consent, if it came with one."""
    rows: list[Statement] = [
        (
            _LEAD,
            {
                "id": lead.id,
                "month": lead.month,
                "received": lead.received_at,
                "seller": lead.seller_id,
                "campaign": lead.campaign_id,
                "version": lead.campaign_version,
                "vertical": lead.vertical,
                "mode": lead.mode,
                "kind": lead.kind,
                "state": lead.state,
                "reason": lead.reason,
                "seller_lead_id": lead.seller_lead_id,
                "sub_id1": lead.sub_id1,
                "zip": lead.zip,
                "us_state": lead.us_state,
                "city": lead.city,
                "name": lead.initials,
                "phone": lead.phone_index,
                "email": lead.email_index,
                "facts": lead.facts,
                "subject": lead.subject,
                "sealed": lead.sealed,
                "grade": lead.grade,
                "currency": lead.currency,
                "channel": lead.channel,
                "tracking": lead.tracking,
            },
        )
    ]
    if lead.consent is not None:
        rows.append(
            (
                _CONSENT,
                {
                    "lead": lead.id,
                    "month": lead.month,
                    "subject": lead.subject,
                    "sealed": lead.consent,
                    "hash": lead.consent_hash,
                    "at": lead.received_at,
                },
            )
        )
    return rows


_LEAD = """INSERT INTO leads (id, month, received_at, seller_id, campaign_id, campaign_version, vertical, mode, kind,
               state, reason, seller_lead_id, sub_id1, zip, us_state, city, initials, phone_index, email_index,
               facts, subject, sealed, grade, currency, channel, tracking, revenue_units, payout_units, times_sold,
               changed_at)
           VALUES (:id, :month, :received, :seller, :campaign, :version, :vertical, :mode, :kind, :state, :reason,
               :seller_lead_id, :sub_id1, :zip, :us_state, :city, :name, :phone, :email, :facts, :subject, :sealed,
               :grade, :currency, :channel, :tracking, 0, 0, 0, :received)
           ON CONFLICT (id) DO UPDATE SET kind = :kind, state = :state, reason = :reason, campaign_version = :version,
               seller_lead_id = :seller_lead_id, sub_id1 = :sub_id1, zip = :zip, us_state = :us_state, city = :city,
               initials = :name, phone_index = :phone, email_index = :email, facts = :facts, subject = :subject,
               sealed = :sealed, grade = :grade, tracking = :tracking, changed_at = :received
           WHERE leads.seller_id = :seller"""
_CONSENT = """INSERT INTO consents (lead_id, month, subject, sealed, text_hash, received_at)
               VALUES (:lead, :month, :subject, :sealed, :hash, :at)
               ON CONFLICT (lead_id, subject) DO NOTHING"""


def _request_rows(request: RequestRow) -> list[Statement]:
    """The request and, when it seals anything, its data key."""
    rows: list[Statement] = [(_REQUEST, request_values(request))]
    if request.wrapped is not None:
        rows.append((_DATA_KEY, {"subject": request.id, "wrapped": request.wrapped, "month": request.month}))
    return rows


def request_values(request: RequestRow) -> dict[str, Any]:
    """What a request's row begins with, by the names its statements use."""
    return {
        "id": request.id,
        "month": request.month,
        "received": request.received_at,
        "endpoint": request.endpoint,
        "channel": request.channel,
        "ip": request.remote_ip,
        "seller": request.seller_id,
        "campaign": request.campaign_id,
        "key": request.key_id,
        "mode": request.mode,
        "lead": request.lead_id,
        "type": request.content_type,
        "format": request.answer_format,
        "raw": request.raw,
        "retention": request.retention,
    }


_REQUEST = """INSERT INTO requests (id, month, received_at, endpoint, channel, remote_ip, seller_id, campaign_id,
               key_id, mode, lead_id, content_type, answer_format, raw, retention)
           VALUES (:id, :month, :received, :endpoint, :channel, :ip, :seller, :campaign, :key, :mode, :lead,
               :type, :format, :raw, :retention)"""
_DATA_KEY = "INSERT INTO data_keys (subject, wrapped, month) VALUES (:subject, :wrapped, :month)"


async def _take_key(tx: Tx, idempotency: Idempotency, request_id: str, now: int) -> Row | None:
    """None when the key is ours now (new, or its time was over), else the row of the request that had it first."""
    taken = await tx.execute(
        """INSERT INTO idempotency (seller_id, endpoint, idempotency_key, body_hash, request_id, expires_at)
           VALUES (:seller, :endpoint, :key, :hash, :request, :expires)
           ON CONFLICT (seller_id, endpoint, idempotency_key) DO UPDATE SET body_hash = :hash, request_id = :request,
               expires_at = :expires WHERE idempotency.expires_at <= :now""",
        seller=idempotency.seller_id,
        endpoint=idempotency.endpoint,
        key=idempotency.key,
        hash=idempotency.body_hash,
        request=request_id,
        expires=idempotency.expires_at,
        now=now,
    )
    if taken:
        return None
    rows = await tx.fetch(
        """SELECT body_hash, request_id FROM idempotency
           WHERE seller_id = :seller AND endpoint = :endpoint AND idempotency_key = :key""",
        seller=idempotency.seller_id,
        endpoint=idempotency.endpoint,
        key=idempotency.key,
    )
    return rows[0]


async def _replay(tx: Tx, idempotency: Idempotency, earlier: Row) -> Replay | KeyConflict:
    if bytes(earlier["body_hash"]) != idempotency.body_hash:
        return KeyConflict(earlier["request_id"], bytes(earlier["body_hash"]))
    found = await read_replay(tx, earlier["request_id"])
    return found or Replay(earlier["request_id"], None, None, None, None)


async def bought_before(tx: Tx, phone_index: bytes | None, email_index: bytes | None) -> dict[str, int]:
    """When each buyer last bought the consumer behind this phone or email."""
    rows = await tx.fetch(
        """SELECT buyer_id, MAX(accepted_at) AS last_at FROM sales
           WHERE mode = 'live' AND (reversed_at IS NULL OR returned_at IS NOT NULL)
               AND (phone_index = :phone OR email_index = :email)
           GROUP BY buyer_id""",
        phone=phone_index,
        email=email_index,
    )
    return {row["buyer_id"]: row["last_at"] for row in rows}
