"""How often something may happen: a token bucket, with the moment handed in."""

from __future__ import annotations


class Bucket:
    """`per_second` on average, `burst` at once."""

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
