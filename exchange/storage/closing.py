"""How a request ends: its lead, its consumer, its answer and the record of how it went, in one round trip."""

from __future__ import annotations

from collections.abc import Sequence

from exchange.model.verification import ProofRow
from exchange.model.work import Checked, Closing, Keep, LeadState, QuoteRow, Settlement, WiresRow
from exchange.storage.claims import end_claims
from exchange.storage.database import Statement, StorageError, Tx
from exchange.storage.field_errors import wrong_rows
from exchange.storage.jobs import add_job
from exchange.storage.ledger import book
from exchange.storage.requests import answer_row, free_key, free_keys_unsold, free_quote
from exchange.storage.screened import screened_row
from exchange.storage.sightings import same_person
from exchange.storage.unmapped import count_unmapped

_UNCHECKED = Checked(None, None, None)


class LeadLost(StorageError):
    """The unit that opened the lead was lost after its result was told: no later one may go on."""


async def close_lead(tx: Tx, closing: Closing, sold: Sequence[Settlement] = ()) -> None:
    """End a request's work on a lead, which was `sold` in the same unit."""
    ended, *_ = await tx.together(*_ends(closing, sold), *_record(closing))
    if not ended:
        raise LeadLost(f"{closing.lead_id} is not stored: its request has no record")
    if closing.extra is not None:
        await _top_up(tx, closing)
    for job in closing.jobs:
        await add_job(tx, job)
    for each in sorted(closing.unmapped):  # in one order, or two leads with the same buyers would wait for each other
        await count_unmapped(tx, each, closing.lead_id, closing.at)


async def add_sales(tx: Tx, sold: Sequence[Settlement]) -> None:
    """Sales of a lead that goes on being sold."""
    await tx.execute(
        """UPDATE leads SET revenue_units = revenue_units + :revenue, payout_units = payout_units + :payouts,
               times_sold = times_sold + :times WHERE id = :id""",
        id=sold[0].lead_id,
        **_brought(sold),
    )


def _brought(sold: Sequence[Settlement]) -> dict[str, int]:
    """What sales of one lead add to its row."""
    return {
        "revenue": sum(each.price.units for each in sold),
        "payouts": sum(each.sale.payout_units for each in sold if each.sale is not None),
        "times": len(sold),
    }


def _ends(closing: Closing, sold: Sequence[Settlement]) -> list[Statement]:
    """What becomes of the lead, of its consumer, of the ping it was posted on and of the request's key."""
    ends: list[Statement] = [
        (
            """UPDATE leads SET state = :state, reason = :reason, changed_at = :at, duplicate_of = :duplicate,
                   promised_units = COALESCE(:promised, promised_units), revenue_units = revenue_units + :revenue,
                   payout_units = payout_units + :payouts, times_sold = times_sold + :times,
                   grade = COALESCE(:grade, grade), fraud = COALESCE(:fraud, fraud), score = COALESCE(:score, score),
                   points = COALESCE(:points, points),
                   features = COALESCE(:features, features),
                   pinged = CASE WHEN :pinged = '' THEN pinged ELSE :pinged END,
                   missed = CASE WHEN :missed = '' THEN missed ELSE :missed END WHERE id = :id
               RETURNING id AS key""",
            {
                **_brought(sold),
                **(closing.checked or _UNCHECKED)._asdict(),
                "id": closing.lead_id,
                "state": closing.state.value,
                "reason": closing.reason,
                "at": closing.at,
                "duplicate": closing.duplicate_of,
                "promised": closing.promised_units,
                "pinged": closing.looks[0],
                "missed": closing.looks[1],
            },
        ),
        end_claims(closing.lead_id, closing.claims_until),
    ]
    if closing.screened is not None:
        ends.append(screened_row(closing.screened))
    if closing.same_as is not None:
        ends.append(same_person(closing.lead_id, closing.same_as))
    if closing.free_quote is not None and closing.answer is not None:
        ends.append(free_quote(closing.free_quote, closing.answer.request_id))
    if closing.idempotency is not None:
        failed = closing.answer is not None and closing.answer.status == "error"  # told to try again
        if failed or not _keeps_key(closing.idempotency.keep, closing.state):
            ends.append(free_key(closing.idempotency))
    elif closing.state is LeadState.UNSOLD:
        ends.append(free_keys_unsold(closing.lead_id))
    return ends


def _keeps_key(keep: Keep, state: LeadState) -> bool:
    sold_or_queued = state in (LeadState.SOLD, LeadState.UNCLEAR, LeadState.PENDING, LeadState.HELD)
    return keep is Keep.ALWAYS or (keep is Keep.SOLD and sold_or_queued)


def _record(closing: Closing) -> list[Statement]:
    """The answer, and how everything went."""
    rows: list[Statement] = []
    answer = closing.answer
    if answer is not None:
        rows.append(answer_row(answer))
    if closing.trail is not None and answer is not None:
        rows.append(
            (
                """INSERT INTO trails (request_id, lead_id, month, document)
                   VALUES (:request, :lead, :month, :document) ON CONFLICT (lead_id, request_id) DO NOTHING""",
                {
                    "request": answer.request_id,
                    "lead": closing.lead_id,
                    "month": closing.month,
                    "document": closing.trail,
                },
            )
        )
    if closing.wires is not None and closing.wires_id is not None:
        rows.append(_wires_row(closing, closing.wires_id, closing.wires))
    if closing.quote is not None:
        rows.append(_quote_row(closing, closing.quote))
    rows += (proof_row(each) for each in closing.proofs)
    rows += wrong_rows(closing.wrong, closing.lead_id) if closing.wrong is not None else []
    if closing.event is not None:
        rows.append(event_row(closing.lead_id, closing.month, closing.at, "settled", closing.event, closing.actor))
    return rows


def proof_row(row: ProofRow) -> Statement:
    """The newest post's proof is the one to keep, as long as none was kept."""
    return (
        """INSERT INTO retained (lead_id, verifier, month, subject, state, made_at, detail)
           VALUES (:lead_id, :verifier, :month, :subject, 'open', :made_at, '')
           ON CONFLICT (lead_id, verifier) DO UPDATE SET subject = :subject, made_at = :made_at
           WHERE retained.state = 'open'""",
        row._asdict(),
    )


def _wires_row(closing: Closing, wires_id: str, sealed: bytes) -> Statement:
    return wires_row(
        WiresRow(wires_id, closing.lead_id, closing.month, closing.at, closing.subject, sealed, closing.retention)
    )


def wires_row(row: WiresRow) -> Statement:
    """Requests and replies of one round, sealed with the key of request `subject`."""
    return (
        """INSERT INTO wires (id, lead_id, month, made_at, subject, sealed, retention)
           VALUES (:id, :lead, :month, :at, :subject, :sealed, :retention) ON CONFLICT (lead_id, id) DO NOTHING""",
        {
            "id": row.id,
            "lead": row.lead_id,
            "month": row.month,
            "at": row.made_at,
            "subject": row.subject,
            "sealed": row.sealed,
            "retention": row.retention,
        },
    )


async def add_wires(tx: Tx, row: WiresRow) -> None:
    await tx.execute_all(wires_row(row))


def _quote_row(closing: Closing, quote: QuoteRow) -> Statement:
    return (
        """INSERT INTO quotes (id, month, lead_id, campaign_id, seller_id, document, payout_units, currency,
               created_at, expires_at)
           VALUES (:id, :month, :lead, :campaign, :seller, :document, :payout, :currency, :created, :expires)""",
        {
            "id": quote.id,
            "month": closing.month,
            "lead": closing.lead_id,
            "campaign": quote.campaign_id,
            "seller": quote.seller_id,
            "document": quote.document,
            "payout": quote.payout.units,
            "currency": quote.payout.currency,
            "created": quote.created_at,
            "expires": quote.expires_at,
        },
    )


def event_row(lead_id: str, month: str, at: int, kind: str, sentence: str, actor: str) -> Statement:
    """Something that happened to a lead outside a request. The id makes a second run of the unit harmless."""
    return (
        """INSERT INTO lead_events (id, month, lead_id, at, kind, sentence, actor)
           VALUES (:id, :month, :lead, :at, :kind, :sentence, :actor) ON CONFLICT (id) DO NOTHING""",
        {
            "id": f"{lead_id}:{kind}:{at}",
            "month": month,
            "lead": lead_id,
            "at": at,
            "kind": kind,
            "sentence": sentence,
            "actor": actor,
        },
    )


async def add_event(tx: Tx, lead_id: str, month: str, at: int, kind: str, sentence: str, actor: str) -> None:
    await tx.execute_all(event_row(lead_id, month, at, kind, sentence, actor))


async def _top_up(tx: Tx, closing: Closing) -> None:
    """The rest of a promised payout of a shared lead, booked once."""
    extra = closing.extra
    assert extra is not None
    if await book(tx, extra):
        await tx.execute(
            "UPDATE leads SET payout_units = payout_units + :more WHERE id = :id",
            id=closing.lead_id,
            more=sum(posting.money.units for posting in extra.postings),
        )
