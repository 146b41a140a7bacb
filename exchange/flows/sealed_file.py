"""A file on disk that only its key opens: blocks, each sealed for its own place in its own file.

    length (4 bytes, big endian) | sealed block | length | …

It grows by whole blocks and can be cut back to the end of any, so that what was being written when a process died is
simply gone.
"""

from __future__ import annotations

import fcntl
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from exchange.vault import DataKey, Vault, VaultError

BLOCK_BYTES = 64 * 1024
_LENGTH_BYTES = 4
_MOST_BYTES = BLOCK_BYTES + 1024  # of a sealed block


class InUse(Exception):
    """Another process writes to the file."""


class SealedWriter:
    """Appends to a sealed file that it holds alone: the file is its lock, and the lock dies with the process."""

    def __init__(self, path: Path, vault: Vault, key: DataKey, name: str, keep_bytes: int = 0) -> None:
        """`name` binds the blocks to their file. `keep_bytes`, the end of a block, is all that is kept of it.

        Raises `InUse`, `FileNotFoundError` when there should be something to keep, and `OSError`.
        """
        self._vault, self._key, self._name = vault, key, name
        self._waiting = bytearray()
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | (0 if keep_bytes else os.O_CREAT), 0o600)
        self._file = os.fdopen(descriptor, "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._file.seek(0, os.SEEK_END) < keep_bytes:
                raise FileNotFoundError(str(path))
        except BlockingIOError:
            self._file.close()
            raise InUse(str(path)) from None
        except OSError:
            self._file.close()
            raise
        self._file.truncate(keep_bytes)
        self._at = self._file.seek(keep_bytes)

    def write(self, data: bytes) -> None:
        self._waiting += data
        while len(self._waiting) >= BLOCK_BYTES:
            self._put(bytes(self._waiting[:BLOCK_BYTES]))
            del self._waiting[:BLOCK_BYTES]

    def flush(self) -> int:
        """Everything written is on disk; the number of bytes in all."""
        if self._waiting:
            self._put(bytes(self._waiting))
            self._waiting.clear()
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._at

    def close(self) -> None:
        """What was not flushed is left out."""
        self._file.close()

    def _put(self, block: bytes) -> None:
        sealed = self._vault.seal(self._key, _place(self._name, self._at), block)
        self._file.write(len(sealed).to_bytes(_LENGTH_BYTES) + sealed)
        self._at += _LENGTH_BYTES + len(sealed)


def sealed_blocks(path: Path, vault: Vault, key: DataKey, name: str, until: int | None = None) -> Iterator[bytes]:
    """What stands in a sealed file, block by block, up to `until` bytes of it. Raises `VaultError` and `OSError`."""
    with path.open("rb") as file:
        at = 0
        while until is None or at < until:
            head = file.read(_LENGTH_BYTES)
            if not head:
                return
            length = int.from_bytes(head)
            sealed = file.read(length) if 0 < length <= _MOST_BYTES else b""
            if len(head) < _LENGTH_BYTES or len(sealed) < length or not length:
                raise VaultError(f"{path.name} is broken at byte {at:,}")
            yield vault.open(key, _place(name, at), sealed)
            at += _LENGTH_BYTES + length


def open_sealed(path: Path, vault: Vault, key: DataKey, name: str) -> BinaryIO:
    """A sealed file read like any other."""
    return io.BufferedReader(_Unsealed(sealed_blocks(path, vault, key, name)), BLOCK_BYTES)


class _Unsealed(io.RawIOBase):
    """Blocks as a stream."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._left = blocks, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, into: bytearray | memoryview) -> int:  # type: ignore[override]  # narrower than Buffer
        if not self._left:
            self._left = memoryview(next(self._blocks, b""))
        size = min(len(into), len(self._left))
        into[:size] = self._left[:size]
        self._left = self._left[size:]
        return size

    def close(self) -> None:
        close = getattr(self._blocks, "close", None)
        if close is not None:
            close()
        super().close()


def _place(name: str, at: int) -> str:
    return f"{name}:{at}"
