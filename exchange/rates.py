"""How often something may happen, and how much of it at once: by one process, or by all workers of a machine together.

Buckets and counts come from `Rates`. Those of `SharedRates` lie in memory that the workers of one machine share. Nobody
waits for anybody there: two that take at the very same moment may take one more than is allowed, which is no matter for
rates. What must be exact (caps, money, idempotency) is never decided here.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import tempfile
from hashlib import blake2b

from exchange.limits import RATES_SHARED, WORKERS

_NAME = struct.Struct("=16s")
_STATE = struct.Struct("=dq")  # what is left, and when that was so (epoch ms); 0: nobody took yet
_COUNT = struct.Struct("=i")
_PLACE = _NAME.size + _STATE.size + WORKERS * _COUNT.size
_NOBODY = bytes(_NAME.size)


class Bucket:
    """`per_second` on average, `burst` at once, with the moment handed in."""

    __slots__ = ("_at", "_burst", "_left", "_per_second")

    def __init__(self, per_second: float, burst: int) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._left = float(burst)
        self._at: int | None = None

    def has_room(self, now: int) -> bool:
        self._fill(now)
        return self._left >= 1

    def take(self, now: int) -> bool:
        """True when it may happen; then it counts."""
        self._fill(now)
        if self._left < 1:
            return False
        self._left -= 1
        self._keep()
        return True

    def left(self, now: int) -> int:
        """How many may happen at once now."""
        self._fill(now)
        return int(self._left)

    def wait_seconds(self, now: int) -> int:
        """Whole seconds until one more may happen, at least 1."""
        self._fill(now)
        return max(1, -int(-(1 - self._left) // self._per_second)) if self._per_second else 1

    def _fill(self, now: int) -> None:
        passed = 0 if self._at is None else max(now - self._at, 0)
        self._at = now
        self._left = min(self._burst, self._left + passed * self._per_second / 1000)

    def _keep(self) -> None:
        """Tell others what is left, where there are others."""


class _SharedBucket(Bucket):
    __slots__ = ("_memory", "_offset")

    def __init__(self, per_second: float, burst: int, memory: mmap.mmap, place: int) -> None:
        super().__init__(per_second, burst)
        self._memory, self._offset = memory, place + _NAME.size

    def _fill(self, now: int) -> None:
        left, at = _STATE.unpack_from(self._memory, self._offset)
        self._left, self._at = (left, at) if at else (self._burst, None)
        super()._fill(now)

    def _keep(self) -> None:
        _STATE.pack_into(self._memory, self._offset, self._left, self._at)


class Running:
    """How many are at work."""

    __slots__ = ("_own",)

    def __init__(self) -> None:
        self._own = 0

    @property
    def count(self) -> int:
        return self._own

    def add(self, more: int) -> None:
        """One more began (1), or ended (-1)."""
        self._own += more


class _SharedRunning(Running):
    __slots__ = ("_all", "_memory", "_mine", "_offset")

    def __init__(self, memory: mmap.mmap, place: int, worker: int, workers: int) -> None:
        super().__init__()
        self._memory, self._offset = memory, place + _NAME.size + _STATE.size
        self._mine = self._offset + worker * _COUNT.size
        self._all = struct.Struct(f"={workers}i")

    @property
    def count(self) -> int:
        return sum(self._all.unpack_from(self._memory, self._offset))

    def add(self, more: int) -> None:
        super().add(more)
        _COUNT.pack_into(self._memory, self._mine, self._own)


class Rates:
    """Buckets and counts by name, of this process alone. Who asks again for a name gets another one."""

    def bucket(self, name: str, per_second: float, burst: int) -> Bucket:
        return Bucket(per_second, burst)

    def running(self, name: str) -> Running:
        return Running()


def _nameless_file() -> int:
    """In memory where the system has such files: the folder of temporary ones may be read-only."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("exchange-rates")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class SharedRates(Rates):
    """Those that `workers` processes share: made before they part; each says by `part` which of them it is.

    A name has the same bucket and count in all of them. When there are more names than places, the further ones get a
    worker's share of what is allowed.
    """

    def __init__(self, workers: int) -> None:
        assert 1 <= workers <= WORKERS
        self._workers, self._worker = workers, 0
        self._file = _nameless_file()  # a lock on it ends with its holder
        os.truncate(self._file, RATES_SHARED * _PLACE)
        self._memory = mmap.mmap(self._file, RATES_SHARED * _PLACE)
        self._places: dict[str, int | None] = {}

    def close(self) -> None:
        self._memory.close()
        os.close(self._file)

    def part(self, worker: int) -> None:
        """From now on this process is that worker; what an earlier one had at work has ended with it."""
        self._worker = worker
        mine = _NAME.size + _STATE.size + worker * _COUNT.size
        for place in range(0, RATES_SHARED * _PLACE, _PLACE):
            if self._memory[place : place + _NAME.size] != _NOBODY:
                _COUNT.pack_into(self._memory, place + mine, 0)

    def bucket(self, name: str, per_second: float, burst: int) -> Bucket:
        place = self._place(name)
        if place is None:
            return Bucket(per_second / self._workers, max(1, burst // self._workers))
        return _SharedBucket(per_second, burst, self._memory, place)

    def running(self, name: str) -> Running:
        place = self._place(name)
        return Running() if place is None else _SharedRunning(self._memory, place, self._worker, self._workers)

    def _place(self, name: str) -> int | None:
        if name not in self._places:
            self._places[name] = self._found(blake2b(name.encode(), digest_size=_NAME.size).digest())
        return self._places[name]

    def _found(self, digest: bytes) -> int | None:
        """Where a name stands, or stands from now on; None when all places are taken."""
        first = int.from_bytes(digest[:4], "big")
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            for step in range(RATES_SHARED):
                place = (first + step) % RATES_SHARED * _PLACE
                stands = self._memory[place : place + _NAME.size]
                if stands == _NOBODY:
                    _NAME.pack_into(self._memory, place, digest)
                if stands in (digest, _NOBODY):
                    return place
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)
        return None
