"""What may be wrong with an exchange and nobody is told of: each thing looked at, what was found, and the fix."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

from exchange.courier.outside import Outside
from exchange.flows.backups import OLD_MS, failed_backup, last_backup
from exchange.flows.doctor_machine import (
    certificates_finding,
    clock_finding,
    configuration_finding,
    disk_finding,
    key_finding,
    process_finding,
    version_finding,
    writer_finding,
)
from exchange.flows.doctor_outside import mail_finding, outbound_finding, outbox_finding, providers_finding
from exchange.flows.health import oldest_job_seconds
from exchange.flows.market import Market
from exchange.model.actor import SYSTEM
from exchange.model.health import Finding, Word
from exchange.model.size import size_text
from exchange.settings import Settings
from exchange.stages.tables import table_kinds
from exchange.storage.condition import postgres_condition, sqlite_bytes, sqlite_condition
from exchange.storage.dashboard import dead_jobs
from exchange.storage.database import StorageError
from exchange.storage.ledger_views import last_check
from exchange.storage.unclear import UnclearFilter, list_unclear

_CHECK_OLD_MS = 2 * 3_600_000
_JOB_OLD_SECONDS = 60
HOUR_MS = 3_600_000


async def examine(market: Market, settings: Settings, environment: Mapping[str, str], *, whole: bool) -> list[Finding]:
    """Everything, whatever of it is wrong. `whole`: all pages of the database are read, and the mail server and
    buyers' servers are tried, which takes seconds."""
    outside = Outside(settings.allowed_networks) if whole else None
    try:
        return [
            version_finding(settings),
            configuration_finding(settings, environment),
            key_finding(settings),
            await database_finding(market, whole=whole),
            await writer_finding(market),
            process_finding(market),
            await disk_finding(market),
            await clock_finding(market),
            await certificates_finding(market),
            await backup_finding(market),
            await books_finding(market),
            await jobs_finding(market),
            await outbox_finding(market),
            await unclear_finding(market),
            await outbound_finding(market, outside),
            await mail_finding(market, settings.mail_relay, settings.allowed_networks, tried=whole),
            providers_finding(market, settings),
            tables_finding(market),
        ]
    finally:
        if outside is not None:
            await outside.close()


async def database_finding(market: Market, *, whole: bool) -> Finding:
    """How large it is; `whole`: whether its pages are, too. That reads all of them."""
    if not market.watched.ours_to_back_up:
        size = (await market.db.read(postgres_condition)).bytes
        return Finding(Word.OK, "database", f"{size_text(size)}, PostgreSQL")
    if not whole:
        size = await market.db.read(sqlite_bytes)
        return Finding(Word.OK, "database", f"{size_text(size)}, SQLite; its pages were not looked through now")
    try:
        condition = await market.db.read(sqlite_condition)
    except StorageError as error:
        fix = "exchange doctor on the machine takes its time"
        return Finding(Word.WARN, "database", f"its pages could not be looked through: {error}", fix)
    if condition.flaw is not None:
        return Finding(Word.FAIL, "database", f"damaged: {condition.flaw}", "exchange restore the last backup")
    return Finding(Word.OK, "database", f"{size_text(condition.bytes)}, integrity ok")


async def backup_finding(market: Market) -> Finding:
    last, ours = await last_backup(market.db), market.watched.ours_to_back_up
    if ours and (failed := await failed_backup(market.db)) is not None:
        age = (market.clock.now() - failed.at) // HOUR_MS
        return Finding(Word.FAIL, "backup", f"the last try failed {age} h ago", "exchange backup --to …")
    if last is None and not ours:
        return Finding(Word.OK, "backup", "none by exchange backup: PostgreSQL's own tools are yours to watch")
    if last is None:
        return Finding(Word.WARN, "backup", "none yet", "exchange backup --to …")
    age = market.clock.now() - last.at
    told = f"last {age // HOUR_MS} h ago" if age >= HOUR_MS else f"last {age // 60_000} min ago"
    if age > OLD_MS:
        return Finding(Word.WARN, "backup", told, "exchange backup --to …")
    return Finding(Word.OK, "backup", told)


async def books_finding(market: Market) -> Finding:
    """What the hourly check of the ledger found last."""
    check = await market.db.read(last_check)
    if check is None:
        return Finding(Word.OK, "ledger", "not checked yet: it is once an hour while the exchange serves")
    if not check.sound:
        return Finding(Word.FAIL, "ledger", check.flaws, "exchange ledger verify")
    age = market.clock.now() - check.at
    told = f"sound, {check.entries:,} entries, checked {age // 60_000} min ago"
    if age > _CHECK_OLD_MS:
        return Finding(Word.WARN, "ledger", told, "exchange ledger verify")
    return Finding(Word.OK, "ledger", told)


async def jobs_finding(market: Market) -> Finding:
    dead = await market.db.read(dead_jobs, SYSTEM)
    waits = await oldest_job_seconds(market)
    if dead:
        told = ", ".join(f"{row['jobs']} of {row['kind']}" for row in dead)
        return Finding(Word.WARN, "jobs", f"gave up: {told}", "exchange job list")
    if waits > _JOB_OLD_SECONDS:
        return Finding(Word.WARN, "jobs", f"the oldest has been due for {waits:,} s", "exchange serve")
    return Finding(Word.OK, "jobs", "none gave up, none is late")


async def unclear_finding(market: Market) -> Finding:
    waiting = len(await market.db.read(list_unclear, SYSTEM, UnclearFilter()))
    if waiting:
        told = f"{waiting} post{'' if waiting == 1 else 's'} without a clear answer"
        return Finding(Word.WARN, "unclear", told, "Console > Unclear, or exchange settle")
    return Finding(Word.OK, "unclear", "no post waits for somebody's word")


def tables_finding(market: Market) -> Finding:
    today = datetime.fromtimestamp(market.clock.now() / 1000, UTC).date()
    kinds = table_kinds()
    old = sorted(
        table.head.name
        for table in market.tables
        if (today - date.fromisoformat(table.head.version)).days > kinds[table.head.name].stale_days
    )
    if old:
        return Finding(Word.WARN, "tables", f"old: {', '.join(old)}", "exchange data update FILE")
    return Finding(Word.OK, "tables", "none is old")
