"""Dispositions: what buyers say became of the leads they bought, and which of it stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.actor import Actor, Role
from exchange.model.feedback import Disposition, Standing, Wait, is_repeat
from exchange.model.work import JobRow
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.rows import listed

_CORRECTIONS = 1_000  # other values for the same word and moment: each stands a millisecond after the one before
_SALE = """s.id, s.month, s.lead_id, s.attempt_id, s.buyer_id, s.seller_id, s.campaign_id, s.contract_id, s.currency,
    s.mode, s.accepted_at, s.buyer_reference, l.vertical, l.seller_lead_id, l.subject"""
_OWN = "COALESCE(s.buyer_id, '')"  # no index of buyers: SQLite would go through all sales of one for each question
_FROM = "sales s JOIN leads l ON l.id = s.lead_id"


async def find_sale(tx: Tx, actor: Actor, reference: str) -> Row | None:
    """The sale a buyer means by our lead id, delivery id or sale id, or by its own reference. Only its own sales,
    those that it gave back too."""
    whose = "AND buyer_id = :buyer" if actor.role is Role.BUYER else ""
    rows = await tx.fetch(
        f"""SELECT s.*, l.vertical, l.seller_lead_id FROM sales s JOIN leads l ON l.id = s.lead_id
            WHERE (s.reversed_at IS NULL OR s.returned_at IS NOT NULL)
                AND (s.lead_id = :reference OR s.attempt_id = :reference OR s.id = :reference
                OR s.buyer_reference = :reference) {whose.replace("buyer_id", "s.buyer_id")}
            ORDER BY s.accepted_at DESC, s.id LIMIT 1""",
        reference=reference,
        **({"buyer": actor.party_id} if whose else {}),
    )
    return rows[0] if rows else None


async def sales_meant(tx: Tx, buyers: Sequence[str], references: Sequence[str]) -> list[Row]:
    """Sales of these buyers under what they may be called (`meant`): our id of the lead, the delivery or the sale, or
    the buyer's own reference. The newest first; a sale may be there under several names."""
    if not buyers or not references:
        return []
    whose, params = listed("buyer", buyers)
    names, more = listed("reference", references)
    columns = ("s.lead_id", "s.attempt_id", "s.id", "s.buyer_reference")
    parts = [
        f"SELECT {column} AS meant, {_SALE} FROM {_FROM} WHERE {column} IN {names} AND {_OWN} IN {whose} "
        "AND (s.reversed_at IS NULL OR s.returned_at IS NOT NULL)"
        for column in columns
    ]
    sql = f"SELECT * FROM ({' UNION ALL '.join(parts)}) found ORDER BY accepted_at DESC, id"
    return await tx.fetch(sql, **params, **more)


async def names_of_others(tx: Tx, references: Sequence[str]) -> int:
    """How many of these are ids of leads that somebody else bought."""
    if not references:
        return 0
    names, params = listed("reference", references)
    rows = await tx.fetch(
        f"SELECT COUNT(DISTINCT lead_id) AS n FROM sales WHERE lead_id IN {names} OR attempt_id IN {names}", **params
    )
    return int(rows[0]["n"])


async def sales_of_people(tx: Tx, buyers: Sequence[str], indexes: Sequence[bytes]) -> list[Row]:
    """Sales of these buyers by the keyed hash of a phone or an email, with both. The newest first."""
    if not buyers or not indexes:
        return []
    whose, params = listed("buyer", buyers)
    those, more = listed("index", indexes)
    parts = [
        f"SELECT s.{column} AS meant, {_SALE} FROM {_FROM} WHERE s.{column} IN {those} AND {_OWN} IN {whose} "
        "AND (s.reversed_at IS NULL OR s.returned_at IS NOT NULL)"
        for column in ("phone_index", "email_index")
    ]
    sql = f"SELECT * FROM ({' UNION ALL '.join(parts)}) found ORDER BY accepted_at DESC, id"
    return await tx.fetch(sql, **params, **more)


async def sales_to_open(tx: Tx, buyers: Sequence[str], before: tuple[int, str], most: int) -> list[Row]:
    """Sales of these buyers with the sealed values of their leads and their keys, the newest first."""
    whose, params = listed("buyer", buyers)
    return await tx.fetch(
        f"""SELECT {_SALE}, l.sealed, k.wrapped FROM {_FROM} JOIN data_keys k ON k.subject = l.subject
            WHERE s.buyer_id IN {whose} AND (s.reversed_at IS NULL OR s.returned_at IS NOT NULL)
                AND l.sealed IS NOT NULL AND k.wrapped IS NOT NULL
                AND (s.accepted_at < :at OR (s.accepted_at = :at AND s.id < :id))
            ORDER BY s.accepted_at DESC, s.id DESC LIMIT :most""",
        at=before[0],
        id=before[1],
        most=most,
        **params,
    )


async def keys_of_leads(tx: Tx, subjects: Sequence[str]) -> dict[str, bytes]:
    """The data keys by subject, without those that were destroyed."""
    if not subjects:
        return {}
    those, params = listed("subject", subjects)
    rows = await tx.fetch(
        f"SELECT subject, wrapped FROM data_keys WHERE subject IN {those} AND wrapped IS NOT NULL", **params
    )
    return {row["subject"]: bytes(row["wrapped"]) for row in rows}


async def sealed_leads(tx: Tx, lead_ids: Sequence[str]) -> list[Row]:
    """The sealed values of leads with their keys, as far as they were not erased."""
    if not lead_ids:
        return []
    those, params = listed("lead", lead_ids)
    return await tx.fetch(
        f"""SELECT l.id AS lead_id, l.sealed, k.wrapped FROM leads l JOIN data_keys k ON k.subject = l.subject
            WHERE l.id IN {those} AND l.sealed IS NOT NULL AND k.wrapped IS NOT NULL""",
        **params,
    )


class Recording(NamedTuple):
    """One report to be kept, the seller's news of it, and the wait that it ends, if it waited."""

    report: Disposition
    jobs: tuple[JobRow, ...] = ()
    wait_id: str | None = None


async def record_all(tx: Tx, recordings: Sequence[Recording]) -> list[str | None]:
    """Keep reports, in their order. For each its id, None where it says nothing new: then nothing is written."""
    kept: list[str | None] = []
    for recording in recordings:
        report = recording.report
        if recording.wait_id is not None and not await _end_wait(tx, recording.wait_id, "recorded"):
            kept.append(None)
            continue
        await tx.fetch(f"SELECT id FROM sales WHERE id = :sale {tx.for_update}", sale=report.sale_id)
        same = same_word(report, await _same_kind(tx, report))
        if is_repeat(report, await standing(tx, report), same):
            kept.append(None)
            continue
        at = same[-1].at + 1 if same else report.at
        stands = await _stands(tx, report, at)
        await _insert(tx, report, at, overtaken=not stands)
        for job in recording.jobs if stands else ():
            await add_job(tx, job)
        kept.append(report.id)
    return kept


async def standing(tx: Tx, report: Disposition) -> Standing | None:
    """What a report without a time of its own is compared with: what stands, or what the same teller told last."""
    if report.said_at:
        return None
    if report.snapshot:
        rows = await tx.fetch(
            """SELECT kind, value_units, at FROM dispositions WHERE sale_id = :sale AND channel = :channel
                   AND told_by = :by ORDER BY told_at DESC, id DESC LIMIT 1""",
            sale=report.sale_id,
            channel=report.channel.value,
            by=report.told_by,
        )
    else:
        rows = await tx.fetch(
            "SELECT kind, value_units, at FROM sale_dispositions WHERE sale_id = :sale", sale=report.sale_id
        )
    return Standing(rows[0]["kind"], rows[0]["value_units"], rows[0]["at"]) if rows else None


async def told_of_sales(tx: Tx, sale_ids: Sequence[str]) -> list[Row]:
    """All that is kept of some sales, in the order it was told; `stands` is 1 for what stands, which may be `final`."""
    if not sale_ids:
        return []
    those, params = listed("sale", sale_ids)
    return await tx.fetch(
        f"""SELECT d.sale_id, d.kind, d.value_units, d.at, d.channel, d.told_by,
               CASE WHEN s.disposition_id = d.id THEN 1 ELSE 0 END AS stands, COALESCE(s.final, 0) AS final
           FROM dispositions d LEFT JOIN sale_dispositions s ON s.sale_id = d.sale_id
           WHERE d.sale_id IN {those} ORDER BY d.told_at, d.id""",
        **params,
    )


def same_word(report: Disposition, rows: Sequence[Row]) -> list[Standing]:
    """What is kept of a report's word at its moment, and of corrections of its value, which stand a millisecond on."""
    values = {row["at"]: row["value_units"] for row in rows if row["kind"] == report.kind}
    found: list[Standing] = []
    while (at := report.at + len(found)) in values:
        found.append(Standing(report.kind, values[at], at))
    return found


async def _same_kind(tx: Tx, report: Disposition) -> list[Row]:
    return await tx.fetch(
        """SELECT kind, value_units, at FROM dispositions WHERE sale_id = :sale AND kind = :kind AND at >= :at
           ORDER BY at LIMIT :most""",
        sale=report.sale_id,
        kind=report.kind,
        at=report.at,
        most=_CORRECTIONS,
    )


async def _insert(tx: Tx, report: Disposition, at: int, *, overtaken: bool) -> None:
    await tx.execute(
        """INSERT INTO dispositions (id, month, sale_id, lead_id, buyer_id, kind, note, value_units, at, told_at,
               told_by, channel, word, sealed_note, overtaken)
           VALUES (:id, :month, :sale, :lead, :buyer, :kind, '', :value, :at, :told_at, :told_by, :channel, :word,
               :sealed_note, :overtaken)""",
        id=report.id,
        month=report.month,
        sale=report.sale_id,
        lead=report.lead_id,
        buyer=report.buyer_id,
        kind=report.kind,
        value=_units(report),
        at=at,
        told_at=report.told_at,
        told_by=report.told_by,
        channel=report.channel.value,
        word=report.word,
        sealed_note=report.sealed_note,
        overtaken=int(overtaken),
    )


async def _stands(tx: Tx, report: Disposition, at: int) -> bool:
    """Let it stand for its sale, unless a later one does; of one moment, a word that is final goes before others."""
    rows = await tx.fetch(
        """INSERT INTO sale_dispositions (sale_id, month, lead_id, buyer_id, disposition_id, kind, value_units, at,
               final, told_at, channel)
           VALUES (:sale, :month, :lead, :buyer, :id, :kind, :value, :at, :final, :told_at, :channel)
           ON CONFLICT (sale_id) DO UPDATE SET disposition_id = :id, kind = :kind, value_units = :value, at = :at,
               final = :final, told_at = :told_at, channel = :channel, month = :month
           WHERE sale_dispositions.at < :at OR (sale_dispositions.at = :at AND (sale_dispositions.final < :final
               OR (sale_dispositions.final = :final AND sale_dispositions.told_at <= :told_at)))
           RETURNING sale_id""",
        sale=report.sale_id,
        month=report.month,
        lead=report.lead_id,
        buyer=report.buyer_id,
        id=report.id,
        kind=report.kind,
        value=_units(report),
        at=at,
        final=int(report.final),
        told_at=report.told_at,
        channel=report.channel.value,
    )
    return bool(rows)


def _units(report: Disposition) -> int | None:
    return report.value.units if report.value is not None else None


async def dispositions_of(tx: Tx, lead_id: str) -> list[Row]:
    return await tx.fetch("SELECT * FROM dispositions WHERE lead_id = :lead ORDER BY at, id", lead=lead_id)


async def add_waits(tx: Tx, waits: Sequence[Wait]) -> list[bool]:
    """Keep reports whose word nobody knows. True for each that was not kept before."""
    added: list[bool] = []
    for wait in waits:
        report = wait.report
        if not report.said_at and await _waits_already(tx, wait):
            added.append(False)
            continue
        rows = await tx.fetch(
            """INSERT INTO disposition_waits (id, month, sale_id, lead_id, buyer_id, contract_id, vertical, word, said,
                   sealed_note, value_units, at, said_at, told_at, channel, told_by, state)
               VALUES (:id, :month, :sale, :lead, :buyer, :contract, :vertical, :word, :said, :sealed_note, :value,
                   :at, :said_at, :told_at, :channel, :told_by, 'waiting')
               ON CONFLICT (sale_id, word, at) DO NOTHING RETURNING id""",
            id=report.id,
            month=report.month,
            sale=report.sale_id,
            lead=report.lead_id,
            buyer=report.buyer_id,
            contract=wait.contract_id,
            vertical=wait.vertical,
            word=wait.word,
            said=wait.said,
            sealed_note=report.sealed_note,
            value=_units(report),
            at=report.at,
            said_at=int(report.said_at),
            told_at=report.told_at,
            channel=report.channel.value,
            told_by=report.told_by,
        )
        added.append(bool(rows))
    return added


async def _waits_already(tx: Tx, wait: Wait) -> bool:
    """Who says again what waits, without a time, says nothing new."""
    rows = await tx.fetch(
        """SELECT id FROM disposition_waits WHERE sale_id = :sale AND word = :word AND channel = :channel
               AND said_at = 0 AND state = 'waiting' LIMIT 1""",
        sale=wait.report.sale_id,
        word=wait.word,
        channel=wait.report.channel.value,
    )
    return bool(rows)


async def _end_wait(tx: Tx, wait_id: str, state: str) -> bool:
    return bool(
        await tx.execute(
            "UPDATE disposition_waits SET state = :state WHERE id = :id AND state = 'waiting'", id=wait_id, state=state
        )
    )


async def ignore_waits(tx: Tx, wait_ids: Sequence[str]) -> int:
    """Their word was said to mean nothing."""
    return sum([await _end_wait(tx, wait_id, "ignored") for wait_id in wait_ids])
