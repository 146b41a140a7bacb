"""Accounts at advertising platforms, and each word that they are told about a lead: written before it leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.advert import AdAccount, AdTerms, ConversionRow
from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.attribution import BOOKED_UNITS, TOUCHES_BUYERS
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_job
from exchange.storage.rows import listed
from exchange.storage.shaped import Shaped

_TERMS = Shaped(AdTerms)


class Standing(NamedTuple):
    """Where a lead stands with an account: what it is worth now in its currency, and the last word about it."""

    sold_at: int
    units: int
    currency: str
    last: ConversionRow | None


async def save_account(tx: Tx, account: AdAccount, secrets: bytes | None, line: AuditLine) -> None:
    """A new account, or other terms of one that is there. Without `secrets` it keeps those it has."""
    await tx.execute(
        """INSERT INTO ad_accounts (id, platform, name, document, secrets, state, since, seen_at, made_at, made_by)
           VALUES (:id, :platform, :name, :document, :secrets, :state, :since, :since, :at, :by)
           ON CONFLICT (id) DO UPDATE SET name = :name, document = :document, state = :state,
               secrets = CASE WHEN :has = 1 THEN :secrets ELSE ad_accounts.secrets END""",
        id=account.id,
        platform=account.platform,
        name=account.name,
        document=_TERMS.written(account.terms),
        secrets=secrets,
        has=int(secrets is not None),
        state=account.state,
        since=account.since,
        at=line.at,
        by=line.actor.name,
    )
    await record(tx, line)


async def ad_accounts(tx: Tx) -> list[AdAccount]:
    rows = await tx.fetch("SELECT * FROM ad_accounts ORDER BY made_at, id")
    return [_account(row) for row in rows]


async def read_account(tx: Tx, account_id: str) -> tuple[AdAccount, bytes | None] | None:
    rows = await tx.fetch("SELECT * FROM ad_accounts WHERE id = :id", id=account_id)
    return (_account(rows[0]), rows[0]["secrets"]) if rows else None


def _account(row: Row) -> AdAccount:
    return AdAccount(
        row["id"],
        row["platform"],
        row["name"],
        _TERMS.read(row["document"]),
        row["state"],
        row["since"],
        row["seen_at"],
    )


async def leads_that_moved(tx: Tx, account: AdAccount, since: int, most: int) -> list[Row]:
    """Leads that were sold, returned or undone from a moment on, of the account's verticals, in that order."""
    names, params = listed("vertical", account.terms.verticals)
    return await tx.fetch(
        f"""SELECT m.lead_id, MAX(m.at) AS at FROM (
                SELECT lead_id, accepted_at AS at FROM sales WHERE accepted_at >= :since AND mode = 'live'
                UNION ALL SELECT lead_id, reversed_at AS at FROM sales WHERE reversed_at >= :since
                    AND reversed_at IS NOT NULL AND mode = 'live'
                UNION ALL SELECT lead_id, at FROM return_decisions WHERE at >= :since) m
            JOIN leads l ON l.id = m.lead_id
            WHERE l.vertical IN {names} AND l.mode = 'live' AND EXISTS (SELECT 1 FROM sales s
                WHERE s.lead_id = m.lead_id AND s.accepted_at >= :begin)
            GROUP BY m.lead_id ORDER BY MAX(m.at), m.lead_id LIMIT :most""",
        since=since,
        begin=account.since,
        most=most,
        **params,
    )


async def standing_of(tx: Tx, account_id: str, lead_id: str) -> Standing | None:
    """None when the lead was never sold."""
    sold = await tx.fetch(
        "SELECT MIN(accepted_at) AS at, MIN(currency) AS currency FROM sales WHERE lead_id = :lead", lead=lead_id
    )
    if not sold or sold[0]["at"] is None:
        return None
    booked = await tx.fetch(
        f"""SELECT COALESCE(CAST(SUM({BOOKED_UNITS}) AS BIGINT), 0) AS units FROM transactions t
            JOIN postings p ON p.reference = t.reference
            WHERE t.cause = :lead AND p.currency = :currency AND {TOUCHES_BUYERS}""",
        lead=lead_id,
        currency=sold[0]["currency"],
    )
    last = await tx.fetch(
        """SELECT * FROM conversions WHERE account_id = :account AND lead_id = :lead
           ORDER BY number DESC LIMIT 1""",
        account=account_id,
        lead=lead_id,
    )
    return Standing(sold[0]["at"], booked[0]["units"], sold[0]["currency"], ConversionRow(**last[0]) if last else None)


async def plan_conversion(tx: Tx, row: ConversionRow, job: JobRow | None) -> bool:
    """Write down what will be told, with the job that tells it (None: a file will). False when somebody else did."""
    added = await tx.execute(
        """INSERT INTO conversions (account_id, lead_id, number, kind, state, why, units, currency, happened_at,
               made_at, ended_at)
           VALUES (:account_id, :lead_id, :number, :kind, :state, :why, :units, :currency, :happened_at, :made_at,
               :ended_at)
           ON CONFLICT (account_id, lead_id, number) DO NOTHING""",
        **row._asdict(),
    )
    if added and job is not None:
        await add_job(tx, job)
    return bool(added)


async def looked_up_to(tx: Tx, account_id: str, at: int) -> None:
    await tx.execute("UPDATE ad_accounts SET seen_at = :at WHERE id = :id AND seen_at < :at", id=account_id, at=at)


async def read_conversion(tx: Tx, account_id: str, lead_id: str, number: int) -> ConversionRow | None:
    rows = await tx.fetch(
        "SELECT * FROM conversions WHERE account_id = :account AND lead_id = :lead AND number = :number",
        account=account_id,
        lead=lead_id,
        number=number,
    )
    return ConversionRow(**rows[0]) if rows else None


async def end_conversion(tx: Tx, row: ConversionRow, state: str, why: str, now: int) -> bool:
    """How it ended. Only once."""
    changed = await tx.execute(
        """UPDATE conversions SET state = :state, why = :why, ended_at = :now
           WHERE account_id = :account AND lead_id = :lead AND number = :number AND state = 'waiting'""",
        account=row.account_id,
        lead=row.lead_id,
        number=row.number,
        state=state,
        why=why,
        now=now,
    )
    return bool(changed)


async def waiting_words(tx: Tx, account_id: str, most: int) -> list[ConversionRow]:
    """What is still to be told, oldest first."""
    rows = await tx.fetch(
        """SELECT * FROM conversions WHERE account_id = :account AND state = 'waiting'
           ORDER BY made_at, lead_id, number LIMIT :most""",
        account=account_id,
        most=most,
    )
    return [ConversionRow(**row) for row in rows]


async def put_in_file(tx: Tx, ended: Sequence[tuple[ConversionRow, str, str]], now: int, line: AuditLine) -> int:
    """End these words at one moment, by which their file is found again. Returns how many are in it."""
    count = 0
    for row, state, why in ended:
        if await end_conversion(tx, row, state, why, now):
            count += state == "sent"
    await record(tx, line)
    return count


async def words_in_file(tx: Tx, account_id: str, made_at: int) -> list[ConversionRow]:
    rows = await tx.fetch(
        """SELECT * FROM conversions WHERE account_id = :account AND state = 'sent' AND ended_at = :at
           ORDER BY made_at, lead_id, number""",
        account=account_id,
        at=made_at,
    )
    return [ConversionRow(**row) for row in rows]


async def files_of(tx: Tx, account_id: str, most: int) -> list[Row]:
    """The files of an account that is told by files, the newest first."""
    return await tx.fetch(
        """SELECT ended_at AS at, COUNT(*) AS words,
               CAST(SUM(CASE WHEN number > 0 THEN 1 ELSE 0 END) AS BIGINT) AS changed
           FROM conversions WHERE account_id = :account AND state = 'sent' GROUP BY ended_at
           ORDER BY ended_at DESC LIMIT :most""",
        account=account_id,
        most=most,
    )


async def conversions_of(tx: Tx, account_id: str, before: tuple[int, str, int], most: int) -> list[ConversionRow]:
    """The newest first; `before` is the time, lead and number of the last one seen."""
    rows = await tx.fetch(
        """SELECT * FROM conversions WHERE account_id = :account
               AND (made_at, lead_id, number) < (:at, :lead, :number)
           ORDER BY made_at DESC, lead_id DESC, number DESC LIMIT :most""",
        account=account_id,
        at=before[0],
        lead=before[1],
        number=before[2],
        most=most,
    )
    return [ConversionRow(**row) for row in rows]


async def count_conversions(tx: Tx) -> dict[tuple[str, str], int]:
    """How many are in which state, by account and state."""
    rows = await tx.fetch("SELECT account_id, state, COUNT(*) AS n FROM conversions GROUP BY account_id, state")
    return {(row["account_id"], row["state"]): row["n"] for row in rows}
