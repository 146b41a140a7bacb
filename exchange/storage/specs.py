"""Posting instructions by version, the key their samples use, and the steps a seller's test traffic passed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exchange.model.audit import AuditLine
from exchange.model.spec import Spec
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.parties import KeyRow, save_key
from exchange.storage.shaped import Shaped

_SPEC = Shaped(Spec)


@dataclass(frozen=True, slots=True)
class SpecRow:
    """One version. `number` counts from 1 in each campaign."""

    campaign_id: str
    number: int
    digest: str
    spec: Spec
    made_at: int


@dataclass(frozen=True, slots=True)
class NewSpec:
    """A version to keep unless the last one has its digest. `key` and `line` go with a campaign's first, `jobs` with
    every later one."""

    campaign_id: str
    digest: str
    spec: Spec
    key: KeyRow
    line: AuditLine
    jobs: tuple[JobRow, ...] = ()


async def last_digests(tx: Tx) -> Mapping[str, str]:
    """By campaign, the digest of its last version."""
    rows = await tx.fetch(
        """SELECT s.campaign_id, s.digest FROM specs s
           JOIN (SELECT campaign_id, MAX(number) AS number FROM specs GROUP BY campaign_id) last
               ON last.campaign_id = s.campaign_id AND last.number = s.number"""
    )
    return {row["campaign_id"]: row["digest"] for row in rows}


async def keep_specs(tx: Tx, new: Sequence[NewSpec], now: int) -> int:
    """Returns how many were kept. Another node may have been quicker: then the insert changes nothing."""
    known = await last_digests(tx)
    kept = 0
    for each in new:
        if known.get(each.campaign_id) == each.digest:
            continue
        inserted = await tx.execute(
            """INSERT INTO specs (campaign_id, number, digest, document, made_at)
               SELECT :campaign, COALESCE(MAX(number), 0) + 1, :digest, :document, :now
               FROM specs WHERE campaign_id = :campaign
               ON CONFLICT (campaign_id, number) DO NOTHING""",
            campaign=each.campaign_id,
            digest=each.digest,
            document=_SPEC.written(each.spec),
            now=now,
        )
        kept += inserted
        if inserted and each.campaign_id not in known:
            await save_key(tx, each.key)
            await record(tx, each.line)
        for job in each.jobs if inserted and each.campaign_id in known else ():
            await add_job(tx, job)
    return kept


async def read_specs(tx: Tx, campaign_id: str, limit: int) -> tuple[SpecRow, ...]:
    """The last versions of a campaign's instructions, the newest first."""
    rows = await tx.fetch(
        """SELECT campaign_id, number, digest, document, made_at FROM specs
           WHERE campaign_id = :campaign ORDER BY number DESC LIMIT :limit""",
        campaign=campaign_id,
        limit=limit,
    )
    return tuple(_row(row) for row in rows)


async def read_spec(tx: Tx, campaign_id: str, number: int) -> SpecRow | None:
    rows = await tx.fetch(
        """SELECT campaign_id, number, digest, document, made_at FROM specs
           WHERE campaign_id = :campaign AND number = :number""",
        campaign=campaign_id,
        number=number,
    )
    return _row(rows[0]) if rows else None


async def pass_step(tx: Tx, campaign_id: str, step: str, now: int) -> None:
    """The first time counts."""
    await tx.execute(
        """INSERT INTO certificate_steps (campaign_id, step, passed_at) VALUES (:campaign, :step, :now)
           ON CONFLICT (campaign_id, step) DO NOTHING""",
        campaign=campaign_id,
        step=step,
        now=now,
    )


async def passed_steps(tx: Tx, campaign_id: str) -> Mapping[str, int]:
    """By step, when it was passed."""
    rows = await tx.fetch(
        "SELECT step, passed_at FROM certificate_steps WHERE campaign_id = :campaign", campaign=campaign_id
    )
    return {row["step"]: row["passed_at"] for row in rows}


def _row(row: Row) -> SpecRow:
    return SpecRow(row["campaign_id"], row["number"], row["digest"], _SPEC.read(row["document"]), row["made_at"])
