"""Who is told, how each is reached, and what they and their teams chose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exchange.model.audit import AuditLine
from exchange.model.notice import Person
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_jobs
from exchange.storage.rows import listed
from exchange.storage.users import UserRow, user_of

_PEOPLE = 200


async def people_of(tx: Tx, role: str, party_id: str | None) -> list[UserRow]:
    """Everybody of a party, or of the exchange, who may sign in."""
    rows = await tx.fetch(
        """SELECT id, email, role, party_id, duty FROM users WHERE role = :role AND COALESCE(party_id, '') = :party
               AND state = 'active' ORDER BY email LIMIT :most""",
        role=role,
        party=party_id or "",
        most=_PEOPLE,
    )
    return [user_of(row) for row in rows]


async def choices_of(tx: Tx, subjects: Sequence[str]) -> dict[tuple[str, str, str], str]:
    """By subject, event and channel, what was chosen."""
    if not subjects:
        return {}
    names, params = listed("subject", subjects)
    rows = await tx.fetch(f"SELECT * FROM notice_choices WHERE subject IN {names}", **params)
    return {(row["subject"], row["event"], row["channel"]): row["choice"] for row in rows}


async def choose(tx: Tx, subject: str, chosen: Mapping[tuple[str, str], str], line: AuditLine | None = None) -> None:
    """Keep what somebody chose, by event and channel."""
    for (event, channel), choice in chosen.items():
        await tx.execute(
            """INSERT INTO notice_choices (subject, event, channel, choice)
               VALUES (:subject, :event, :channel, :choice)
               ON CONFLICT (subject, event, channel) DO UPDATE SET choice = :choice""",
            subject=subject,
            event=event,
            channel=channel,
            choice=choice,
        )
    if line is not None:
        await record(tx, line)


async def read_person(tx: Tx, user_id: str) -> Person | None:
    rows = await tx.fetch("SELECT * FROM notice_people WHERE user_id = :id", id=user_id)
    return _person(rows[0]) if rows else None


async def save_person(tx: Tx, person: Person, line: AuditLine) -> None:
    quiet = person.quiet or (0, 0)
    await tx.execute(
        """INSERT INTO notice_people (user_id, phone, quiet_from, quiet_until, zone, urgent, digest_minute, digested_at)
           VALUES (:user, :phone, :begins, :ends, :zone, :urgent, :minute, :digested)
           ON CONFLICT (user_id) DO UPDATE SET phone = :phone, quiet_from = :begins, quiet_until = :ends,
               zone = :zone, urgent = :urgent, digest_minute = :minute""",
        user=person.user_id,
        phone=person.phone,
        begins=quiet[0],
        ends=quiet[1],
        zone=person.zone,
        urgent=int(person.urgent),
        minute=person.digest_minute,
        digested=person.digested_at,
    )
    await record(tx, line)


async def waiting_for_digest(tx: Tx) -> list[tuple[str, Person | None]]:
    """Who has something in the daily mail, and how they want it."""
    rows = await tx.fetch("SELECT DISTINCT target FROM notice_sends WHERE state = 'digest' ORDER BY target LIMIT 1000")
    found = []
    for row in rows:
        found.append((str(row["target"]), await read_person(tx, row["target"])))
    return found


async def begin_digest(tx: Tx, person: Person, now: int, jobs: Sequence[JobRow]) -> bool:
    """The daily mail of somebody goes now. False when another node was first."""
    fresh = await tx.execute(
        """INSERT INTO notice_people (user_id, phone, quiet_from, quiet_until, zone, urgent, digest_minute, digested_at)
           VALUES (:user, '', 0, 0, :zone, 0, :minute, :now)
           ON CONFLICT (user_id) DO UPDATE SET digested_at = :now WHERE notice_people.digested_at = :before""",
        user=person.user_id,
        zone=person.zone,
        minute=person.digest_minute,
        now=now,
        before=person.digested_at,
    )
    if fresh:
        await add_jobs(tx, jobs)
    return bool(fresh)


async def lead_hearers(tx: Tx) -> frozenset[str]:
    """Buyers of whose people somebody chose to hear of every lead."""
    rows = await tx.fetch(
        """SELECT DISTINCT u.party_id FROM notice_choices c JOIN users u ON u.id = c.subject
           WHERE c.event = 'lead.delivered' AND c.choice <> 'off' AND u.role = 'buyer' AND u.state = 'active'"""
    )
    return frozenset(row["party_id"] for row in rows)


async def secret_named(tx: Tx, name: str) -> Row | None:
    rows = await tx.fetch("SELECT sealed, last4 FROM secrets WHERE name = :name", name=name)
    return rows[0] if rows else None


async def drop_secret(tx: Tx, name: str, line: AuditLine) -> None:
    await tx.execute("DELETE FROM secrets WHERE name = :name", name=name)
    await record(tx, line)


def _person(row: Row) -> Person:
    quiet = (row["quiet_from"], row["quiet_until"])
    return Person(
        row["user_id"],
        row["phone"],
        quiet if quiet[0] != quiet[1] else None,
        row["zone"],
        bool(row["urgent"]),
        row["digest_minute"],
        row["digested_at"],
    )
