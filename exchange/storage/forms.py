"""Forms being filled in: every view, what was sent and is under way, the texts agreed to, and the figures."""

from __future__ import annotations

from typing import Any, NamedTuple

from exchange.model.work import JobRow
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job


class ViewRow(NamedTuple):
    """One opening of a form."""

    id: str
    month: str
    form: str
    version: str
    at: int
    sub_id1: str | None
    parent: str


class Claim(NamedTuple):
    """What one view sends: its submission, sealed, and the text that was agreed to."""

    view_id: str
    sealed: bytes
    at: int
    step: int
    consent: tuple[str, str] | None  # hash, text
    job: JobRow


async def add_view(tx: Tx, view: ViewRow) -> None:
    await tx.execute(
        """INSERT INTO form_views (id, month, form, version, at, sub_id1, parent, step, tries)
           VALUES (:id, :month, :form, :version, :at, :sub_id1, :parent, 0, 0) ON CONFLICT (id) DO NOTHING""",
        **view._asdict(),
    )


async def read_view(tx: Tx, view_id: str) -> Row | None:
    rows = await tx.fetch("SELECT * FROM form_views WHERE id = :id", id=view_id)
    return rows[0] if rows else None


async def reach(tx: Tx, view_id: str, step: int, now: int) -> None:
    """Note how far somebody came. Going back takes nothing away."""
    await tx.execute(
        """UPDATE form_views SET step = CASE WHEN step < :step THEN :step ELSE step END,
               started_at = COALESCE(started_at, :now) WHERE id = :id""",
        id=view_id,
        step=step,
        now=now,
    )


async def note_refused(tx: Tx, view_id: str, why: str) -> None:
    await tx.execute("UPDATE form_views SET refused = :why WHERE id = :id", id=view_id, why=why)


async def claim_view(tx: Tx, claim: Claim) -> bool:
    """Keep what was sent, with the job that finishes it should this process die. False when it was sent before."""
    rows = await tx.fetch(
        """UPDATE form_views SET submitted_at = :at, sealed = :sealed, tries = tries + 1,
               started_at = COALESCE(started_at, :at), step = CASE WHEN step < :step THEN :step ELSE step END
           WHERE id = :id AND submitted_at IS NULL RETURNING id""",
        id=claim.view_id,
        at=claim.at,
        sealed=claim.sealed,
        step=claim.step,
    )
    if not rows:
        return False
    if claim.consent is not None:
        await keep_text(tx, *claim.consent, claim.at)
    await add_job(tx, claim.job)
    return True


async def end_view(tx: Tx, view_id: str, tries: int, told: tuple[str, str, str], now: int) -> None:
    """`told` is the answer's status, request id and lead id. What was sent is the request's now."""
    status, request_id, lead_id = told
    await tx.execute(
        """UPDATE form_views SET ended_at = :now, sealed = NULL, status = :status, request_id = :request,
               lead_id = :lead
           WHERE id = :id AND tries = :tries AND ended_at IS NULL""",
        id=view_id,
        tries=tries,
        now=now,
        status=status,
        request=request_id,
        lead=lead_id,
    )


async def reopen_view(tx: Tx, view_id: str, tries: int) -> None:
    """What was sent could not be read after all: it may be mended and sent again."""
    await tx.execute(
        """UPDATE form_views SET submitted_at = NULL, sealed = NULL
           WHERE id = :id AND tries = :tries AND ended_at IS NULL""",
        id=view_id,
        tries=tries,
    )


async def forget_views(tx: Tx, before: int) -> int:
    """Drop views that began before an instant; what they sent is a lead's, and kept as leads are."""
    return await tx.execute("DELETE FROM form_views WHERE at < :before", before=before)


async def keep_text(tx: Tx, hash: str, text: str, now: int) -> None:
    await tx.execute(
        "INSERT INTO consent_texts (hash, text, first_at) VALUES (:hash, :text, :now) ON CONFLICT (hash) DO NOTHING",
        hash=hash,
        text=text,
        now=now,
    )


async def read_text(tx: Tx, hash: str) -> str:
    """The text of that hash; empty when no form ever had it."""
    rows = await tx.fetch("SELECT text FROM consent_texts WHERE hash = :hash", hash=hash)
    return str(rows[0]["text"]) if rows else ""


async def quote_document(tx: Tx, ping_id: str) -> Row | None:
    """What a ping was answered with: `document`, `expires_at`."""
    rows = await tx.fetch("SELECT document, expires_at FROM quotes WHERE id = :id", id=ping_id)
    return rows[0] if rows else None


async def form_figures(tx: Tx, since: int) -> list[Row]:
    """By form since an instant: views, starts, sent, refused, sold, and what the sellers earned."""
    return await tx.fetch(
        """SELECT v.form, COUNT(*) AS views, COUNT(v.started_at) AS starts, COUNT(v.submitted_at) AS sent,
               COUNT(v.refused) AS refused, COUNT(CASE WHEN l.state = 'sold' THEN 1 END) AS sold,
               COALESCE(CAST(SUM(l.payout_units) AS BIGINT), 0) AS payout_units, MAX(l.currency) AS currency,
               MAX(v.at) AS last_at
           FROM form_views v LEFT JOIN leads l ON l.id = v.lead_id
           WHERE v.at >= :since GROUP BY v.form ORDER BY v.form""",
        since=since,
    )


async def step_figures(tx: Tx, form: str, since: int) -> dict[int, int]:
    """How many views ended their way at each step: by the last step that was finished."""
    rows: list[Any] = await tx.fetch(
        "SELECT step, COUNT(*) AS views FROM form_views WHERE form = :form AND at >= :since GROUP BY step",
        form=form,
        since=since,
    )
    return {row["step"]: row["views"] for row in rows}
