"""What may be wrong with the machine and the process: release, settings, key, writer, disks, clock, certificates."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from exchange import __version__
from exchange.flows.alarms.certificates import Ends, certificates_of, ends_of
from exchange.flows.market import Market
from exchange.flows.pulse import HELD_MS
from exchange.model.health import Finding, Word
from exchange.model.size import size_text
from exchange.settings import Settings, settings_file, settings_given
from exchange.storage.alert_figures import engine_clock, newest_lead_at
from exchange.storage.database import StorageError
from exchange.storage.parties import touch_version

_AHEAD_MS = 2_000
_FREE_LEAST = 0.1
_SLOW_SECONDS = 1.0
_DAY_MS = 86_400_000
_ENDS_DAYS = 14
_NUMBERS = re.compile(r"\d+")


def version_finding(settings: Settings) -> Finding:
    """This release, beside the newest that a file of whoever runs the machine names. Nobody outside is asked."""
    told = f"exchange {__version__}"
    if settings.release_file is None:
        return Finding(Word.OK, "version", f"{told}; release_file names no newest release to compare with")
    try:
        newest = settings.release_file.read_text("utf-8").strip()[:40]
    except (OSError, UnicodeDecodeError):
        fix = f"release_file in exchange.toml: {settings.release_file}"
        return Finding(Word.WARN, "version", f"{told}; the file with the newest release cannot be read", fix)
    if _numbers(newest) > _numbers(__version__):
        return Finding(Word.WARN, "version", f"{told}; {newest} is out", "docs/operating.md, Upgrade")
    return Finding(Word.OK, "version", f"{told}, the newest")


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(int(each) for each in _NUMBERS.findall(release)[:4])


def configuration_finding(settings: Settings, environment: Mapping[str, str]) -> Finding:
    file, given = settings_file(settings), settings_given(settings, environment)
    named = file.name if file is not None else "the environment"
    told = f"{named}, {len(Settings.model_fields)} settings, {len(given)} not default"
    return Finding(Word.OK, "configuration", told)


def key_finding(settings: Settings) -> Finding:
    """Whether others on this machine may read the master key."""
    file = settings.key_file
    if not file.is_file():
        return Finding(Word.OK, "master key", "in the environment")
    if file.stat().st_mode & 0o077:
        return Finding(
            Word.FAIL, "master key", f"the file {file} may be read by others on this machine", f"chmod 600 {file}"
        )
    return Finding(Word.OK, "master key", f"the file {file.name} is its owner's alone")


async def writer_finding(market: Market) -> Finding:
    """How long a small write takes, its wait behind others included."""
    begun = market.clock.monotonic()
    try:
        await market.db.write(touch_version)
    except StorageError as error:
        return Finding(Word.FAIL, "writer", f"nothing can be written: {error}", "room on the disk, then the log")
    seconds = market.clock.monotonic() - begun
    told = f"a write took {seconds * 1000:,.0f} ms, its wait behind others included"
    if seconds > _SLOW_SECONDS:
        return Finding(Word.WARN, "writer", told, "a faster disk, or fewer leads at once")
    return Finding(Word.OK, "writer", told)


def process_finding(market: Market) -> Finding:
    held = market.live.pulse.held_ms
    if held > HELD_MS:
        told = f"something held process {os.getpid()} for {held:,} ms within the last minute"
        return Finding(Word.WARN, "process", told, "more processors, or fewer leads at once")
    return Finding(Word.OK, "process", f"process {os.getpid()}: nothing held it for long within the last minute")


async def disk_finding(market: Market) -> Finding:
    """The disks of the database and of files."""
    rooms = [(folder, await asyncio.to_thread(shutil.disk_usage, folder)) for folder in market.watched.disks]
    told = "; ".join(f"{size_text(room.free)} free of {size_text(room.total)} at {folder}" for folder, room in rooms)
    if any(room.free < _FREE_LEAST * room.total for _, room in rooms):
        return Finding(Word.WARN, "disk", told, "exchange backup, then a larger disk")
    return Finding(Word.OK, "disk", told or "no disk of ours: PostgreSQL's is its server's")


async def clock_finding(market: Market) -> Finding:
    """Beside the database server's clock, or beside the newest lead: none comes from the future."""
    now, theirs = market.clock.now(), await market.db.read(engine_clock)
    newest = await market.db.read(newest_lead_at)
    if theirs is not None and abs(theirs - now) > _AHEAD_MS:
        told = f"{abs(theirs - now) / 1000:.1f} s {'behind' if theirs > now else 'ahead of'} the database server's"
        return Finding(Word.FAIL, "clock", told, "timedatectl set-ntp true")
    ahead = (newest or 0) - now
    if ahead > _AHEAD_MS:
        told = f"the newest lead came {ahead / 1000:.0f} s from now: this machine's clock was set back, or is behind"
        return Finding(Word.FAIL, "clock", told, "timedatectl set-ntp true")
    return Finding(Word.OK, "clock", "not behind the newest lead")


async def certificates_finding(market: Market) -> Finding:
    """Those that settings and connections name."""
    files = {name: each.document for name, each in market.workshop.files.items()}
    documents = {**files, **market.deals.shapes.documents}
    named = dict.fromkeys([*market.watched.certificates, *certificates_of(documents)])
    looked = [await asyncio.to_thread(ends_of, what, path) for what, path in named]
    found = sorted((each for each in looked if each is not None), key=lambda each: each.at)
    unread = [path.name for (_, path), each in zip(named, looked, strict=True) if each is None]
    if unread:
        return Finding(Word.WARN, "certificates", f"cannot be read: {', '.join(unread)}", "exchange check")
    if not found:
        return Finding(Word.OK, "certificates", "no connection and no setting names one")
    return _first_end(found[0], len(found), market.clock.now())


def _first_end(first: Ends, count: int, now: int) -> Finding:
    days = (first.at - now) // _DAY_MS
    if first.at <= now:
        return Finding(Word.FAIL, "certificates", f"that of {first.what} ended {-days} days ago", _renew(first.path))
    told = f"the first of {count} to end is that of {first.what}, in {days} days"
    if days < _ENDS_DAYS:
        return Finding(Word.WARN, "certificates", told, _renew(first.path))
    return Finding(Word.OK, "certificates", told)


def _renew(path: Path) -> str:
    return f"renew {path}"
