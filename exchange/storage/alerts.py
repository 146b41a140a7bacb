"""Alerts: one open row for each cause, its history, the rules as they are set, and whose turn it is to look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import orjson

from exchange.model.alert import UNTIL_OVER, Act, Alert, Setting, Stake
from exchange.model.audit import AuditLine
from exchange.model.work import JobRow
from exchange.storage.audit import record
from exchange.storage.database import Row, Tx
from exchange.storage.jobs import add_jobs
from exchange.storage.notices import drop_sends

_LEVEL_KEPT_MS = 15_000  # a milder finding of another node is not told while the worse one was found so lately


class Finding(NamedTuple):
    """What was found of a cause now. `jobs` tell of it when it is new or came back, `worse` when it is worse now.

    `again` names the closed alert that it goes on with.
    """

    alert: Alert
    jobs: tuple[JobRow, ...]
    worse: tuple[JobRow, ...]
    again: bool = False


class Ending(NamedTuple):
    """An alert whose cause is over, and the jobs that tell so."""

    alert_id: str
    at: int
    note: str
    jobs: tuple[JobRow, ...]


async def take_turn(tx: Tx, name: str, now: int, every_ms: int) -> bool:
    """Whether this node looks now for all. One that died meanwhile is followed by another a turn later."""
    rows = await tx.fetch(
        """INSERT INTO alert_turns (name, at) VALUES (:name, :now)
           ON CONFLICT (name) DO UPDATE SET at = :now WHERE alert_turns.at <= :before OR alert_turns.at > :now
           RETURNING name""",
        name=name,
        now=now,
        before=now - every_ms,
    )
    return bool(rows)


async def keep_findings(tx: Tx, findings: Sequence[Finding], endings: Sequence[Ending]) -> int:
    """Open, go on with, and close. Each tells what it has to in this unit. Returns how many changed."""
    changed = 0
    for each in findings:
        changed += await _keep(tx, each)
    for ending in endings:
        changed += await end_alert(tx, ending, "exchange")
    return changed


async def _keep(tx: Tx, found: Finding) -> bool:
    alert = found.alert
    values = {
        "id": alert.id, "cause": alert.cause, "rule": alert.rule, "about": alert.about, "level": alert.level,
        "weight": alert.weight, "title": alert.title, "effect": alert.effect, "likely": alert.likely,
        "acts": orjson.dumps([list(act) for act in alert.acts]).decode(), "units": alert.stake.units,
        "currency": alert.stake.currency,
        "leads": alert.stake.leads, "at": alert.seen_at,
    }  # fmt: skip
    before = await tx.fetch(
        f"""SELECT id, level, level_at, muted_until FROM alerts
            WHERE cause = :cause AND closed_at IS NULL {tx.for_update}""",
        cause=alert.cause,
    )
    if before:
        await _go_on(tx, before[0], found, values)
        return False
    if found.again:
        fresh = await tx.execute(
            """UPDATE alerts SET closed_at = NULL, closed_by = '', note = '', times = times + 1, rule = :rule,
                   level = :level, weight = :weight, title = :title, effect = :effect, likely = :likely, acts = :acts,
                   units = :units, currency = :currency, leads = :leads, seen_at = :at, level_at = :at,
                   muted_until = CASE WHEN muted_until = :over THEN 0 ELSE muted_until END
               WHERE id = :id AND closed_at IS NOT NULL AND cause = :cause AND about = :about""",
            **values,
            over=UNTIL_OVER,
        )
    else:
        fresh = await tx.execute(
            """INSERT INTO alerts (id, cause, rule, about, level, weight, title, effect, likely, acts, units, currency,
                   leads, opened_at, seen_at, level_at, times, owner, muted_until, closed_at, closed_by, note)
               VALUES (:id, :cause, :rule, :about, :level, :weight, :title, :effect, :likely, :acts, :units, :currency,
                   :leads, :at, :at, :at, 1, '', 0, NULL, '', '')
               ON CONFLICT (cause) WHERE closed_at IS NULL DO NOTHING""",
            **values,
        )
    if fresh:
        await add_jobs(tx, found.jobs)
    return bool(fresh)


async def _go_on(tx: Tx, before: Row, found: Finding, values: dict[str, object]) -> None:
    at = found.alert.seen_at
    if found.alert.level < before["level"] and before["level_at"] > at - _LEVEL_KEPT_MS:
        await tx.execute("UPDATE alerts SET seen_at = :at WHERE id = :id", id=before["id"], at=at)
        return
    await tx.execute(
        """UPDATE alerts SET rule = :rule, level = :level, weight = :weight, title = :title, effect = :effect,
               likely = :likely, acts = :acts, units = :units, currency = :currency, leads = :leads, seen_at = :at,
               level_at = :at
           WHERE id = :id AND cause = :cause AND about = :about""",
        **{**values, "id": before["id"]},
    )
    if found.alert.level > before["level"] and not muted(before["muted_until"], at):
        await add_jobs(tx, found.worse)


async def end_alert(tx: Tx, ending: Ending, by: str) -> bool:
    """It is over, by itself or since somebody saw to it. False when it was closed before."""
    rows = await tx.fetch(
        """UPDATE alerts SET closed_at = :at, closed_by = :by, note = :note
           WHERE id = :id AND closed_at IS NULL RETURNING muted_until""",
        id=ending.alert_id,
        at=ending.at,
        by=by,
        note=ending.note,
    )
    if rows and not muted(rows[0]["muted_until"], ending.at):
        await add_jobs(tx, ending.jobs)
    return bool(rows)


async def mute_alert(tx: Tx, alert_id: str, until: int, line: AuditLine) -> bool:
    touched = await tx.execute(
        "UPDATE alerts SET muted_until = :until WHERE id = :id AND closed_at IS NULL", id=alert_id, until=until
    )
    if touched:
        await record(tx, line)
        if until:
            await drop_sends(tx, f"alert:{alert_id}")
    return bool(touched)


async def own_alert(tx: Tx, alert_id: str, owner: str, line: AuditLine) -> bool:
    """Somebody takes it, or with an empty name lets go of it."""
    touched = await tx.execute(
        "UPDATE alerts SET owner = :owner WHERE id = :id AND closed_at IS NULL", id=alert_id, owner=owner
    )
    if touched:
        await record(tx, line)
    return bool(touched)


async def open_alerts(tx: Tx) -> list[Alert]:
    """The worst first."""
    rows = await tx.fetch(
        "SELECT * FROM alerts WHERE closed_at IS NULL ORDER BY weight DESC, units DESC, opened_at, id LIMIT 500"
    )
    return [alert_of(row) for row in rows]


async def closed_since(tx: Tx, since: int) -> list[Alert]:
    rows = await tx.fetch(
        "SELECT * FROM alerts WHERE closed_at IS NOT NULL AND closed_at >= :since ORDER BY closed_at, id LIMIT 500",
        since=since,
    )
    return [alert_of(row) for row in rows]


async def read_alert(tx: Tx, alert_id: str) -> Alert | None:
    rows = await tx.fetch("SELECT * FROM alerts WHERE id = :id", id=alert_id)
    return alert_of(rows[0]) if rows else None


async def open_about(tx: Tx, rule: str) -> list[tuple[str, str]]:
    """What the open alerts of one rule are about, and their titles."""
    rows = await tx.fetch("SELECT about, title FROM alerts WHERE closed_at IS NULL AND rule = :rule", rule=rule)
    return [(row["about"], row["title"]) for row in rows]


async def count_open(tx: Tx, now: int) -> int:
    """Open ones that are not muted."""
    rows = await tx.fetch(
        "SELECT COUNT(*) AS n FROM alerts WHERE closed_at IS NULL AND muted_until <> -1 AND muted_until <= :now",
        now=now,
    )
    return int(rows[0]["n"])


async def forget_alerts(tx: Tx, before: int) -> int:
    return await tx.execute("DELETE FROM alerts WHERE closed_at IS NOT NULL AND closed_at < :before", before=before)


async def read_settings(tx: Tx) -> dict[str, Setting]:
    """Of the rules that somebody changed."""
    rows = await tx.fetch("SELECT * FROM alert_rules")
    return {row["rule"]: Setting(bool(row["active"]), row["first"], row["second"]) for row in rows}


async def save_setting(tx: Tx, rule: str, setting: Setting, now: int, by: str, line: AuditLine) -> None:
    await tx.execute(
        """INSERT INTO alert_rules (rule, active, first, second, changed_at, changed_by)
           VALUES (:rule, :active, :first, :second, :now, :by)
           ON CONFLICT (rule) DO UPDATE SET active = :active, first = :first, second = :second, changed_at = :now,
               changed_by = :by""",
        rule=rule,
        active=int(setting.active),
        first=setting.first,
        second=setting.second,
        now=now,
        by=by,
    )
    await record(tx, line)


def muted(until: int, now: int) -> bool:
    return until == UNTIL_OVER or until > now


def alert_of(row: Row) -> Alert:
    acts = tuple(Act(word, path, post, tuple((n, v) for n, v in fields)) for word, path, post, fields in
                 orjson.loads(row["acts"]))  # fmt: skip
    return Alert(
        row["id"], row["cause"], row["rule"], row["about"], row["level"], row["weight"], row["title"], row["effect"],
        row["likely"], acts, Stake(row["units"], row["currency"], row["leads"]), row["opened_at"], row["seen_at"],
        row["times"], row["owner"], row["muted_until"], row["closed_at"], row["closed_by"], row["note"],
    )  # fmt: skip
