"""Units on their way to the disk: the next ones run while what was committed before is brought there.

A commit of SQLite that waits for the disk keeps everybody waiting, for as long as seven units take. Here it does not
wait: the log is synced by a thread, and whoever waits for durability hears when it is done. At most one sync is on its
way; all that ran meanwhile is committed by the next, so that groups grow as the disk is slower.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from select import select
from threading import Thread

from exchange.limits import GROUP_UNITS
from exchange.storage.sqlite_group import Answer, Group, Stored, Work

_sync = getattr(os, "fdatasync", os.fsync)

Heard = Callable[[Answer], None]


def sync_log(log: Path) -> None:
    """Bring a write-ahead log to the disk, whoever wrote it. Raises `OSError`: what is stored is unknown then."""
    # Closing a file of SQLite's drops the locks this process has on it; on its log SQLite has none.
    descriptor = os.open(log, os.O_RDONLY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


class Disk:
    """Syncs the write-ahead log of a file, beside whoever goes on writing it.

    The thread is told by a pipe and tells by another: a lock would have both wait for the interpreter in turns.
    """

    def __init__(self, file: Path) -> None:
        self._log = file.with_name(f"{file.name}-wal")
        self._asked, self._ask = os.pipe()
        self._woken, self._wake = os.pipe()
        self._under_way = self._over = False
        self._failure: OSError | None = None
        self._thread = Thread(target=self._work, name="sync", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Readable when a sync has ended."""
        return self._woken

    def sync(self) -> None:
        """Begin one; none may be on its way."""
        self._under_way, self._over, self._failure = True, False, None
        os.write(self._ask, b"\0")

    def wait(self) -> None:
        """Wait until no sync is on its way."""
        if self._under_way:
            select([self._woken], [], [])

    def ended(self) -> bool:
        """True, once, when the sync is over. Raises `OSError` if it failed."""
        if not (self._under_way and self._over):
            return False
        os.read(self._woken, 1)
        self._under_way = False
        if self._failure is not None:
            raise self._failure
        return True

    def close(self) -> None:
        os.close(self._ask)
        self._thread.join()
        for end in (self._asked, self._woken, self._wake):
            os.close(end)

    def _work(self) -> None:
        while os.read(self._asked, 1):
            try:
                sync_log(self._log)
            except OSError as failure:
                self._failure = failure
            self._over = True
            os.write(self._wake, b"\0")


class Commits:
    """Runs units on a file, commits them in groups and tells each what came of it. Without a disk nobody waits."""

    def __init__(self, connection: sqlite3.Connection, disk: Disk | None) -> None:
        self._connection = connection
        self._disk = disk
        self._group = Group(connection)
        self._waiting: list[Heard] = []  # of the group's units, in their order
        self._syncing: list[tuple[Heard, Answer]] = []

    @property
    def idle(self) -> bool:
        return not self._waiting and not self._syncing

    def run(self, work: Work, heard: Heard, *, first: bool) -> None:
        """Run a unit. Its caller hears when it is durable or, if it is but the `first` of its work, at once."""
        answer = self._group.run(work)
        if first:
            heard(answer)
        self._waiting.append(_deaf if first else heard)
        if len(self._waiting) >= GROUP_UNITS:
            if self._disk is not None:
                self._disk.wait()
            self.hear()
            self.settle()

    def hear(self) -> None:
        """Tell those whose units have reached the disk. Raises `OSError`: then nobody knows what is stored."""
        if self._disk is not None and self._disk.ended():
            self._tell()

    def settle(self) -> None:
        """Commit what ran, unless the disk is still at work on what was committed before."""
        if not self._waiting or self._syncing:
            return
        answers = self._group.commit()
        self._syncing = list(zip(self._waiting, answers, strict=True))
        self._group, self._waiting = Group(self._connection), []
        if self._disk is not None and any(isinstance(answer, Stored) for answer in answers):
            self._disk.sync()
        else:
            self._tell()

    def _tell(self) -> None:
        told, self._syncing = self._syncing, []
        for heard, answer in told:
            heard(answer)


def _deaf(_: Answer) -> None:
    """Has heard already."""
