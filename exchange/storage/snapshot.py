"""A copy of the whole database as it stood at one moment, taken while it is written, and a new database made of one."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from exchange.storage.database import StorageError
from exchange.storage.engine import is_postgres
from exchange.storage.sqlite_group import read_error

SQLITE_MEMBER, POSTGRES_MEMBER = "exchange.db", "exchange.dump"
_TOLD = 500  # characters of what a program said


def member_of(address: str) -> str:
    """What the copy of a database is called in a backup; it says by which engine it was made."""
    return POSTGRES_MEMBER if is_postgres(address) else SQLITE_MEMBER


async def take_snapshot(address: str, target: Path) -> None:
    """Copy the database into a new file. Writers go on; the copy has whole units only. Raises `StorageError`."""
    if is_postgres(address):
        plain, secret = _without_password(address)
        await _run_program("pg_dump", "--format=custom", f"--file={target}", f"--dbname={plain}", secret=secret)
        await _run_program("pg_restore", "--list", str(target))  # it can be read back
    else:
        await asyncio.to_thread(_copy, Path(address.removeprefix("sqlite:///")), target)


async def put_back(copy: Path, address: str) -> None:
    """Fill an empty database of PostgreSQL with a copy of one. Raises `StorageError`; then it is as empty as before."""
    plain, secret = _without_password(address)
    await _run_program(
        "pg_restore",
        "--no-owner",
        "--exit-on-error",
        "--single-transaction",
        f"--dbname={plain}",
        str(copy),
        secret=secret,
    )


def _copy(source: Path, target: Path) -> None:
    """In one step, which is one read of the write-ahead log's snapshot: nobody waits for it."""
    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as ours,
            closing(sqlite3.connect(target)) as copy,
        ):
            ours.backup(copy)
    except sqlite3.Error as error:
        raise read_error(error) from error


def _without_password(address: str) -> tuple[str, Mapping[str, str]]:
    """The address for a command line, which everybody on the machine can read, and the rest for its environment."""
    parts = urlsplit(address)
    if parts.password is None:
        return address, {}
    name, _, host = parts.netloc.rpartition("@")
    plain = parts._replace(netloc=f"{name.partition(':')[0]}@{host}")
    return urlunsplit(plain), {"PGPASSWORD": unquote(parts.password)}


async def _run_program(name: str, *arguments: str, secret: Mapping[str, str] | None = None) -> None:
    program = shutil.which(name)
    if program is None:
        raise StorageError(f"the program {name} is not here: install PostgreSQL's client programs, or set PATH")
    running = await asyncio.create_subprocess_exec(
        program,
        *arguments,
        env={**os.environ, **(secret or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await running.communicate()
    except asyncio.CancelledError:
        running.kill()
        await running.wait()
        raise
    if running.returncode:
        raise StorageError(f"{name} failed: {said.decode(errors='replace').strip()[-_TOLD:]}")
