"""What lies between somebody and a session: tries that were wrong, steps half done, browsers that are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.audit import AuditLine
from exchange.storage.audit import record
from exchange.storage.database import Tx


class Try(NamedTuple):
    """`until_at`: nobody is let in before (0: now). `slowed`: from this try on somebody waits."""

    until_at: int
    slowed: bool = False


class Step(NamedTuple):
    user_id: str
    document: str
    tries: int


async def take_try(tx: Tx, places: Sequence[bytes], waits: Sequence[int], now: int, forget_before: int) -> Try:
    """Count a try for every place, as wrong until it turns out right. None is counted while any of them waits.

    `waits` are the milliseconds to wait after so many. Each row is locked first, in one order, so that of many tries at
    once no more go on than may.
    """
    rows = [await _locked(tx, place, now) for place in sorted(places)]
    until = max(row[1] for row in rows)
    if until > now:
        return Try(until)
    slowed = False
    for place, (wrong, _, last_at) in zip(sorted(places), rows, strict=True):
        count = 1 if last_at < forget_before else wrong + 1
        wait = waits[min(count, len(waits) - 1)]
        slowed = slowed or wait > 0
        await tx.execute(
            "UPDATE sign_in_tries SET wrong = :wrong, last_at = :now, until_at = :until WHERE place = :place",
            place=place,
            wrong=count,
            now=now,
            until=now + wait,
        )
    return Try(0, slowed)


async def _locked(tx: Tx, place: bytes, now: int) -> tuple[int, int, int]:
    rows = await tx.fetch(
        """INSERT INTO sign_in_tries (place, wrong, last_at, until_at) VALUES (:place, 0, :now, 0)
           ON CONFLICT (place) DO UPDATE SET until_at = sign_in_tries.until_at RETURNING wrong, until_at, last_at""",
        place=place,
        now=now,
    )
    return rows[0]["wrong"], rows[0]["until_at"], rows[0]["last_at"]


async def forgive(tx: Tx, own: bytes, shared: bytes | None) -> None:
    """It was right: `own` counts nothing any more, and what was counted for it is taken back from `shared`.

    So nobody who is right about one account gets more tries at another from the same address.
    """
    rows = await tx.fetch("DELETE FROM sign_in_tries WHERE place = :place RETURNING wrong", place=own)
    if shared is None or not rows:
        return
    await tx.execute(
        """UPDATE sign_in_tries SET until_at = 0, wrong = CASE WHEN wrong > :less THEN wrong - :less ELSE 0 END
           WHERE place = :place""",
        place=shared,
        less=rows[0]["wrong"],
    )


async def note(tx: Tx, lines: Sequence[AuditLine]) -> None:
    for line in lines:
        await record(tx, line)


async def is_known_browser(tx: Tx, email: str, known: bytes) -> bool:
    """Whether somebody with this address signed in with this browser before."""
    rows = await tx.fetch(
        """SELECT 1 AS n FROM known_browsers k JOIN users u ON u.id = k.user_id
           WHERE u.email = :email AND k.hash = :hash""",
        email=email,
        hash=known,
    )
    return bool(rows)


async def add_step(tx: Tx, step: bytes, kind: str, user_id: str, document: str, expires_at: int) -> None:
    await tx.execute(
        """INSERT INTO sign_in_steps (hash, kind, user_id, document, expires_at)
           VALUES (:hash, :kind, :user, :document, :expires)
           ON CONFLICT (hash) DO UPDATE SET document = :document, tries = 0, expires_at = :expires""",
        hash=step,
        kind=kind,
        user=user_id,
        document=document,
        expires=expires_at,
    )


async def find_step(tx: Tx, step: bytes, kind: str, now: int) -> Step | None:
    rows = await tx.fetch(
        """SELECT user_id, document, tries FROM sign_in_steps
           WHERE hash = :hash AND kind = :kind AND expires_at > :now""",
        hash=step,
        kind=kind,
        now=now,
    )
    return Step(rows[0]["user_id"], rows[0]["document"], rows[0]["tries"]) if rows else None


async def use_step(tx: Tx, step: bytes, kind: str, now: int) -> Step | None:
    """The step, once."""
    rows = await tx.fetch(
        """DELETE FROM sign_in_steps WHERE hash = :hash AND kind = :kind AND expires_at > :now
           RETURNING user_id, document, tries""",
        hash=step,
        kind=kind,
        now=now,
    )
    return Step(rows[0]["user_id"], rows[0]["document"], rows[0]["tries"]) if rows else None


async def count_step(tx: Tx, step: bytes, most: int) -> bool:
    """One more try at a step. False when it had so many: then it is gone."""
    rows = await tx.fetch("UPDATE sign_in_steps SET tries = tries + 1 WHERE hash = :hash RETURNING tries", hash=step)
    if rows and rows[0]["tries"] <= most:
        return True
    await tx.execute("DELETE FROM sign_in_steps WHERE hash = :hash", hash=step)
    return False


async def forget_sign_ins(tx: Tx, now: int, tried_before: int, ended_before: int) -> None:
    """What is over: steps, waits, links and sessions."""
    await tx.execute("DELETE FROM sign_in_steps WHERE expires_at <= :now", now=now)
    await tx.execute("DELETE FROM reveals WHERE until_at <= :now", now=now)
    await tx.execute(
        "DELETE FROM sign_in_tries WHERE last_at < :before AND until_at <= :now", before=tried_before, now=now
    )
    await tx.execute("DELETE FROM login_links WHERE expires_at < :before", before=ended_before)
    await tx.execute("DELETE FROM known_browsers WHERE made_at < :before", before=ended_before - _BROWSER_MS)


_BROWSER_MS = 275 * 86_400_000
"""A known browser is forgotten a year after it signed in last, three months of which its links and sessions stayed."""
