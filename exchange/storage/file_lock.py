"""One exchange per database file: a lock beside it that dies with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

from exchange.storage.database import StorageError


class FileInUse(StorageError):
    """Another exchange has the database file open."""


class _Late(Exception):
    """The lock did not come in time."""


@contextmanager
def hold_file(path: Path, *, wait_ms: int = 0) -> Iterator[None]:
    """Hold `PATH.lock`, or raise `FileInUse` naming the process that does.

    `wait_ms` lets a writer that is just leaving finish; it uses the process's alarm, so only a main thread may wait.
    """
    lock = path.with_name(path.name + ".lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageError(f"{lock} cannot be opened: {error.strerror}") from error
    try:
        if not _take(descriptor, wait_ms):
            owner = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise FileInUse(f"{path} is in use by another exchange (process {owner or 'unknown'})")
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether some process holds `PATH.lock` now."""
    try:
        descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not _take(descriptor, 0)
    finally:
        os.close(descriptor)


def _take(descriptor: int, wait_ms: int) -> bool:
    if not wait_ms:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
    before = signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, wait_ms / 1000)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except _Late:
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return True


def _late(signal_number: int, at: FrameType | None) -> NoReturn:
    raise _Late
