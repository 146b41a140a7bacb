"""Outside checks as kept: what was asked and answered, answers that serve again, what it cost, what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from exchange.model.verification import CachedRow, Verification, VerifiedRow
from exchange.storage.database import Row, Tx
from exchange.storage.ledger import book
from exchange.storage.rows import listed


async def read_answers(tx: Tx, asked: Sequence[tuple[str, bytes]]) -> list[CachedRow]:
    """Earlier answers by (verifier, keyed hash of what was asked). `asked` is not empty."""
    text, params = listed("about", [about for _, about in asked])
    rows = await tx.fetch(
        f"SELECT verifier, about, verdict, asked_at, sealed FROM verifier_answers WHERE about IN {text}", **params
    )
    wanted = set(asked)
    found = (
        CachedRow(row["verifier"], bytes(row["about"]), row["verdict"], row["asked_at"], bytes(row["sealed"]))
        for row in rows
    )
    return [row for row in found if (row.verifier, row.about) in wanted]


async def store_verification(tx: Tx, made: Verification) -> None:
    """One round: what was answered, what serves again, what is owed for it. A second run changes nothing."""
    booked = {(cost.reference) for cost in made.costs if await book(tx, cost)}
    for row in made.rows:
        await _add(tx, row)
    for answer in made.cached:
        await tx.execute(
            """INSERT INTO verifier_answers (verifier, about, verdict, asked_at, sealed)
               VALUES (:verifier, :about, :verdict, :at, :sealed)
               ON CONFLICT (verifier, about) DO UPDATE SET verdict = :verdict, asked_at = :at, sealed = :sealed
               WHERE verifier_answers.asked_at <= :at""",
            verifier=answer.verifier,
            about=answer.about,
            verdict=answer.verdict,
            at=answer.asked_at,
            sealed=answer.sealed,
        )
    await _add_cost(tx, made, booked)


async def _add(tx: Tx, row: VerifiedRow) -> None:
    await tx.execute(
        """INSERT INTO verified (lead_id, request_id, verifier, vendor, month, at, stage, source, verdict, action,
               cost_units, currency, took_ms, appended)
           VALUES (:lead_id, :request_id, :verifier, :vendor, :month, :at, :stage, :source, :verdict, :action,
               :cost_units, :currency, :took_ms, :appended)
           ON CONFLICT (lead_id, request_id, verifier) DO NOTHING""",
        **row._asdict(),
    )


async def _add_cost(tx: Tx, made: Verification, booked: set[str]) -> None:
    """What was booked now and is of the lead's own currency stands on the lead too."""
    spent: dict[str, int] = {}
    for cost in made.costs:
        if cost.reference in booked:
            for posting in cost.postings:
                spent[posting.money.currency] = spent.get(posting.money.currency, 0) + posting.money.units
    for currency, units in sorted(spent.items()):
        await tx.execute(
            "UPDATE leads SET cost_units = cost_units + :units WHERE id = :id AND currency = :currency",
            id=made.lead_id,
            units=units,
            currency=currency,
        )


async def read_appended(tx: Tx, lead_id: str) -> list[Row]:
    """What vendors added to a lead, oldest first: sealed, with the request whose key opens it."""
    return await tx.fetch(
        """SELECT request_id, verifier, appended FROM verified
           WHERE lead_id = :lead AND appended IS NOT NULL ORDER BY at, verifier""",
        lead=lead_id,
    )


async def verified_of(tx: Tx, lead_id: str) -> list[Row]:
    """Everything verifiers did about a lead, oldest first, with the wrapped key of what they added."""
    return await tx.fetch(
        """SELECT v.*, k.wrapped FROM verified AS v LEFT JOIN data_keys AS k ON k.subject = v.request_id
           WHERE v.lead_id = :lead ORDER BY v.at, v.verifier""",
        lead=lead_id,
    )


async def forget_answers(tx: Tx, before: int) -> int:
    """Answers that nobody may use any more."""
    return await tx.execute("DELETE FROM verifier_answers WHERE asked_at < :before", before=before)


@dataclass(frozen=True, slots=True)
class Figure:
    """What one verifier did over some time. Of the live leads it let through and of those it flagged, how many were
    sold, and how many of these came back bad: returned, or told to be unreachable or somebody else."""

    verifier: str
    asked: int
    cached: int
    away: int
    good: int
    bad: int
    unknown: int
    cost: tuple[tuple[str, int], ...]  # by currency, in units
    took_ms: int  # the mean of those asked
    passed_sold: int
    passed_bad: int
    flagged_sold: int
    flagged_bad: int


async def figures(tx: Tx, since: int, bad_kinds: Sequence[str]) -> list[Figure]:
    """Of every verifier that did something since then, by name. `bad_kinds` are dispositions that count as bad."""
    counts = await tx.fetch(
        """SELECT verifier, currency,
               CAST(SUM(CASE WHEN source = 'asked' THEN 1 ELSE 0 END) AS BIGINT) AS asked,
               CAST(SUM(CASE WHEN source = 'cached' THEN 1 ELSE 0 END) AS BIGINT) AS cached,
               CAST(SUM(CASE WHEN source = 'away' THEN 1 ELSE 0 END) AS BIGINT) AS away,
               CAST(SUM(CASE WHEN verdict = 'good' THEN 1 ELSE 0 END) AS BIGINT) AS good,
               CAST(SUM(CASE WHEN verdict = 'bad' THEN 1 ELSE 0 END) AS BIGINT) AS bad,
               CAST(SUM(CASE WHEN verdict = 'unknown' THEN 1 ELSE 0 END) AS BIGINT) AS unknown,
               CAST(SUM(cost_units) AS BIGINT) AS cost,
               CAST(SUM(CASE WHEN source = 'asked' THEN took_ms ELSE 0 END) AS BIGINT) AS took
           FROM verified WHERE at >= :since GROUP BY verifier, currency ORDER BY verifier, currency""",
        since=since,
    )
    outcomes = await _outcomes(tx, since, bad_kinds)
    names = sorted({row["verifier"] for row in counts})
    return [_figure(name, [row for row in counts if row["verifier"] == name], outcomes) for name in names]


async def _outcomes(tx: Tx, since: int, bad_kinds: Sequence[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """By verifier and action: how many leads were sold, and how many of them came back bad."""
    text, params = listed("kind", list(bad_kinds))
    rows = await tx.fetch(
        f"""SELECT v.verifier, v.action, COUNT(*) AS sold, CAST(SUM(v.bad) AS BIGINT) AS bad FROM (
               SELECT DISTINCT verified.verifier, verified.action, verified.lead_id,
                   CASE WHEN EXISTS (SELECT 1 FROM dispositions d WHERE d.lead_id = verified.lead_id
                            AND d.kind IN {text})
                       OR EXISTS (SELECT 1 FROM sales s WHERE s.lead_id = verified.lead_id
                            AND s.reversed_at IS NOT NULL) THEN 1 ELSE 0 END AS bad
               FROM verified WHERE verified.at >= :since AND verified.verdict IS NOT NULL
                   AND EXISTS (SELECT 1 FROM sales WHERE sales.lead_id = verified.lead_id)) AS v
           GROUP BY v.verifier, v.action""",
        since=since,
        **params,
    )
    return {(row["verifier"], row["action"]): (row["sold"], row["bad"]) for row in rows}


def _figure(name: str, rows: Sequence[Row], outcomes: dict[tuple[str, str], tuple[int, int]]) -> Figure:
    def total(column: str) -> int:
        return sum(row[column] for row in rows)

    asked = total("asked")
    passed, flagged = outcomes.get((name, "pass"), (0, 0)), outcomes.get((name, "flag"), (0, 0))
    return Figure(
        name,
        asked,
        total("cached"),
        total("away"),
        total("good"),
        total("bad"),
        total("unknown"),
        tuple((row["currency"], row["cost"]) for row in rows if row["cost"]),
        total("took") // asked if asked else 0,
        *passed,
        *flagged,
    )
