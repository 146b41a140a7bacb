"""What may be wrong with an exchange and nobody is told of: each thing looked at, what was found, and the fix."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime
from enum import Enum
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from exchange.courier.addresses import Addresses, Network
from exchange.courier.dial import NotReached
from exchange.courier.outside import Outside
from exchange.courier.smtp import MailHouse, SmtpLane
from exchange.flows.backups import OLD_MS, last_backup
from exchange.flows.health import oldest_job_seconds
from exchange.flows.market import Market
from exchange.model.actor import SYSTEM
from exchange.model.party import State
from exchange.model.size import size_text
from exchange.model.wire import Relay
from exchange.stages.tables import table_kinds
from exchange.storage.condition import Condition, postgres_condition, sqlite_condition
from exchange.storage.dashboard import dead_jobs
from exchange.storage.leads import unclear_attempts
from exchange.storage.ledger_views import last_check

_PORTS = {"http": 80, "https": 443, "ftp": 21, "ftps": 990, "sftp": 22, "smtp": 25, "imap": 143, "imaps": 993}
_AHEAD_MS = 2_000
_CHECK_OLD_MS = 2 * 3_600_000
_JOB_OLD_SECONDS = 60
_FREE_LEAST = 0.1
_NAMED = 3
HOUR_MS = 3_600_000


class Word(Enum):
    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


class Finding(NamedTuple):
    """One thing looked at. `fix` says where it is mended: a command, a setting, a page."""

    word: Word
    what: str
    told: str
    fix: str = ""


async def examine(market: Market, database: Path | None, allowed: Sequence[Network]) -> list[Finding]:
    """Everything, whatever of it is wrong. `database` is the file, None on PostgreSQL."""
    outside = Outside(allowed)
    try:
        return [
            *await database_findings(market, database),
            await backup_finding(market, database is not None),
            await books_finding(market),
            await jobs_finding(market),
            await unclear_finding(market),
            await outbound_finding(market, outside),
            tables_finding(market),
        ]
    finally:
        await outside.close()


async def database_findings(market: Market, database: Path | None) -> list[Finding]:
    """The database, the room it has, and the clock its rows were written by."""
    condition = await market.db.read(sqlite_condition if database is not None else postgres_condition)
    told = f"{size_text(condition.bytes)}{', integrity ok' if database is not None else ''}"
    if condition.flaw is None:
        found = [Finding(Word.OK, "database", told)]
    else:
        found = [Finding(Word.FAIL, "database", f"damaged: {condition.flaw}", "exchange restore the last backup")]
    if database is not None:
        found.append(_room(database.parent))
    return [*found, _clock(market, condition)]


def _room(folder: Path) -> Finding:
    usage = shutil.disk_usage(folder)
    told = f"{size_text(usage.free)} free of {size_text(usage.total)}"
    if usage.free < _FREE_LEAST * usage.total:
        return Finding(Word.WARN, "disk", told, "exchange backup, then a larger disk")
    return Finding(Word.OK, "disk", told)


def _clock(market: Market, condition: Condition) -> Finding:
    ahead = (condition.newest_at or 0) - market.clock.now()
    if ahead > _AHEAD_MS:
        told = f"the newest lead came {ahead / 1000:.0f} s from now: this machine's clock was set back, or is behind"
        return Finding(Word.FAIL, "clock", told, "timedatectl set-ntp true")
    return Finding(Word.OK, "clock", "not behind the newest lead")


async def backup_finding(market: Market, ours: bool) -> Finding:
    last = await last_backup(market.db)
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
    waiting = len(await market.db.read(unclear_attempts, SYSTEM))
    if waiting:
        told = f"{waiting} post{'' if waiting == 1 else 's'} without a clear answer"
        return Finding(Word.WARN, "unclear", told, "exchange settle, or Console > Unclear")
    return Finding(Word.OK, "unclear", "no post waits for somebody's word")


async def outbound_finding(market: Market, outside: Outside) -> Finding:
    """Whether the servers that active contracts are delivered to take a connection."""
    connections = market.deals.shapes.connections
    active = {
        contract.connection: contract.buyer_id
        for contract in market.deals.contracts.values()
        if contract.state is State.ACTIVE and contract.connection in connections
    }
    servers = {
        server: buyer
        for name, buyer in active.items()
        if not connections[name].simulated
        for url in connections[name].urls
        if (server := _server(url)) is not None
    }
    reached = await asyncio.gather(*(_reaches(outside, *server) for server in servers))
    lost = sorted(
        {market.deals.buyers[buyer].name for buyer, fine in zip(servers.values(), reached, strict=True) if not fine}
    )
    if lost:
        named = ", ".join(lost[:_NAMED]) + (f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else "")
        return Finding(Word.WARN, "outbound", f"no connection to {named}", "exchange buyer test CONTRACT")
    return Finding(Word.OK, "outbound", f"{len(servers)} servers of buyers take connections")


def _server(url: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None


async def _reaches(outside: Outside, host: str, port: int) -> bool:
    try:
        (await outside.dial(host, port)).close()
    except NotReached:
        return False
    return True


async def mail_finding(market: Market, relay: Relay | None, allowed: Sequence[Network]) -> Finding:
    """Whether the exchange's own mail server lets it in."""
    if relay is None:
        return Finding(Word.OK, "email", "no mail server is set: notices stay in the console")
    lane = SmtpLane(Addresses(allowed), MailHouse(relay), market.clock.now)
    lost = await lane.reach(relay)
    await lane.close()
    place = f"{relay.host}:{relay.port}"
    if lost is not None:
        return Finding(Word.FAIL, "email", f"{place}: {lost.detail}", "mail_host … in exchange.toml")
    return Finding(Word.OK, "email", f"{place} lets us in")


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
