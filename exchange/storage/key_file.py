"""A set of 64-bit keys on disk that is asked without being read: sorted, mapped into memory, never changed once made.

    magic (8 bytes) | count (8 bytes) | keys, ascending, 8 bytes each, all in the order of this machine's bytes

Keys are cut from keyed hashes, so they lie evenly: where one must stand follows from its value, and a few steps around
that place find it. A new set is made in buckets of equal breadth, each sorted alone: ten million keys need the memory
of one million.
"""

from __future__ import annotations

import mmap
import os
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from math import isqrt
from pathlib import Path

KEY_BITS = 64
_KEY_BYTES = KEY_BITS // 8
_MAGIC = array("Q", [0x31535945_4B584C]).tobytes()
_HEAD_BYTES = 16
_BUCKET_BITS = 8
_BUCKETS = 1 << _BUCKET_BITS
_SHIFT = KEY_BITS - _BUCKET_BITS
_HELD = 1 << 20  # keys in memory before they are written away
_SPREAD = 4  # a key stands within 4 √n of its place, unless keys do not lie evenly


class BadKeyFile(Exception):
    """The file is not one of keys, or is cut off."""


class KeyFile:
    """An open set. `key in file` takes about a microsecond, whatever its size."""

    def __init__(self, path: Path) -> None:
        """Raises `OSError` and `BadKeyFile`."""
        self.path = path
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            size = os.fstat(file.fileno()).st_size
            if len(head) < _HEAD_BYTES or head[:8] != _MAGIC:
                raise BadKeyFile(f"{path.name} is not a file of keys")
            self._count = array("Q", head[8:])[0]
            if size != _HEAD_BYTES + self._count * _KEY_BYTES:
                raise BadKeyFile(f"{path.name} is cut off")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._bytes = memoryview(self._map)[_HEAD_BYTES:]
        self._keys = self._bytes.cast("Q")
        self._reach = _SPREAD * isqrt(self._count) + 16

    def __len__(self) -> int:
        return self._count

    def __contains__(self, key: int) -> bool:
        place = self._place(key)
        return place < self._count and self._keys[place] == key

    def _place(self, key: int) -> int:
        """Where the key stands, or would."""
        keys, count = self._keys, self._count
        expected = key * count >> KEY_BITS
        low, high = max(expected - self._reach, 0), min(expected + self._reach, count)
        if (low and keys[low - 1] >= key) or (high < count and keys[high] < key):
            low, high = 0, count
        return bisect_left(keys, key, low, high)

    def bucket(self, number: int) -> Sequence[int]:
        """The keys of one bucket, ascending."""
        ends = (number + 1) << _SHIFT
        stop = self._count if number == _BUCKETS - 1 else self._place(ends)
        return self._keys[self._place(number << _SHIFT) : stop].tolist()

    def close(self) -> None:
        self._keys.release()
        self._bytes.release()
        self._map.close()


class Heap:
    """Keys in no order, on their way into a set: a bounded number in memory, the others in files of a folder."""

    def __init__(self, folder: Path, held: int = _HELD) -> None:
        self._folder, self._most = folder, held
        self._buckets = [array("Q") for _ in range(_BUCKETS)]
        self._held = 0
        self._spilled = False
        self.count = 0

    def add(self, keys: Iterable[int]) -> None:
        buckets, before = self._buckets, self.count
        count = before
        for key in keys:
            buckets[key >> _SHIFT].append(key)
            count += 1
        self.count = count
        self._held += count - before
        if self._held >= self._most:
            self._spill()

    def bucket(self, number: int) -> set[int]:
        found = set(self._buckets[number])
        if self._spilled and (path := self._path(number)).exists():
            kept = array("Q")
            with path.open("rb") as file:
                kept.frombytes(file.read())
            found.update(kept)
        return found

    def among(self, keys: Iterable[int]) -> set[int]:
        """Which of these are in it."""
        wanted: dict[int, set[int]] = {}
        for key in keys:
            wanted.setdefault(key >> _SHIFT, set()).add(key)
        return {key for number, some in wanted.items() for key in some & self.bucket(number)}

    def drop(self) -> None:
        """Remove what was written away."""
        if self._spilled:
            for number in range(_BUCKETS):
                self._path(number).unlink(missing_ok=True)
            self._folder.rmdir()
        self._spilled = False

    def _spill(self) -> None:
        if not self._spilled:
            self._folder.mkdir(mode=0o700, parents=True)
            self._spilled = True
        for number, keys in enumerate(self._buckets):
            if keys:
                with self._path(number).open("ab") as file:
                    keys.tofile(file)
                self._buckets[number] = array("Q")
        self._held = 0

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:03d}"


def write_keys(path: Path, before: KeyFile | None, added: Heap, removed: Heap) -> int:
    """Make a set out of one before, with and without some keys; one both added and removed is in it. Returns how many.

    It stands under its name whole, and durably, or not at all. Raises `OSError`.
    """
    made = path.with_name(f"{path.name}.part")
    count = 0
    try:
        with made.open("wb") as file:
            file.write(_MAGIC + array("Q", [0]).tobytes())
            for keys in _merged(before, added, removed):
                count += len(keys)
                keys.tofile(file)
            file.seek(len(_MAGIC))
            file.write(array("Q", [count]).tobytes())
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
        _sync(path.parent)
    finally:
        made.unlink(missing_ok=True)
    return count


def _merged(before: KeyFile | None, added: Heap, removed: Heap) -> Iterator[array[int]]:
    for number in range(_BUCKETS):
        keys = set(before.bucket(number)) if before is not None else set()
        keys -= removed.bucket(number)
        keys |= added.bucket(number)
        yield array("Q", sorted(keys))


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
