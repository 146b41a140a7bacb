"""Health of each buyer as this process sees it: who is left alone for a while, and how fast they answer.

Pure state: the moment is handed in, as epoch milliseconds. Only losses count: an answer of any status is a sign of
life.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import Enum
from typing import NamedTuple

from exchange import limits
from exchange.model.wire import Loss

_OURS = frozenset((Loss.BREAKER, Loss.POOL, Loss.DEADLINE_BEFORE, Loss.REFUSED_ADDRESS))  # say nothing about the buyer


class Mark(Enum):
    """One outcome as the breaker counts it."""

    ANSWERED = 0
    TIMED_OUT = 1
    LOST = 2


@dataclass(frozen=True, slots=True)
class BreakerState:
    """`open`: nothing is sent now. `sentence` explains, and is empty while all is well."""

    open: bool
    sentence: str


class Recent(NamedTuple):
    """Of the last requests that tell of a buyer: how many timed out, how many there were, and when one was lost last.

    `opened` is when it was left alone; None: it is asked.
    """

    timed_out: int
    of: int
    lost_at: int
    opened: int | None


@dataclass(slots=True)
class _Health:
    marks: deque[Mark] = field(default_factory=lambda: deque(maxlen=limits.BREAKER_WINDOW))
    lost: int = 0  # among the marks
    lost_at: int = 0  # the last of them
    in_a_row: int = 0
    opened: int | None = None  # when it opened, for the sentence
    retry_at: int = 0
    probe_at: int | None = None  # a probe is out since then
    pause_ms: int = limits.BREAKER_PAUSE_MS
    why: str = ""
    owed: float = 0.0  # part of a ping that thinning has saved up to skip


class Breaker:
    """Opens after 5 losses in a row or 15 of the last 20; then one probe at a time, after ever longer pauses.

    Before that it thins pings out: of a buyer that answers less than half, only about twice as many are sent as it
    answers, so that a slow death costs the others nothing.
    """

    def __init__(self, zone: tzinfo = UTC) -> None:
        self._zone = zone
        self._health: dict[str, _Health] = {}
        self._latencies: dict[str, deque[int]] = {}

    def state(self, key: str, now: int) -> BreakerState:
        """Whether a request to this buyer would be stopped; asking changes nothing."""
        health = self._health.get(key)
        if health is None or health.opened is None:
            return BreakerState(False, "")
        return BreakerState(not _probe_due(health, now), self._sentence(health))

    def admit(self, key: str, now: int, *, delivers: bool) -> str | None:
        """None when the request may go (perhaps as the probe), else the sentence that says why not."""
        health = self._health.get(key)
        if health is None:
            return None
        if health.opened is not None:
            if not _probe_due(health, now):
                return self._sentence(health)
            health.probe_at = now
            return None
        return None if delivers or not health.lost else _thin_out(health)

    def answered(self, key: str, took_ms: int, contract: str = "") -> None:
        """A reply came, whatever it says."""
        series = contract or key
        latencies = self._latencies.get(series)
        if latencies is None:
            latencies = self._latencies[series] = deque(maxlen=limits.LATENCIES_KEPT)
        latencies.append(took_ms)
        health = self._health.get(key)
        if health is None:
            self._health[key] = _Health(deque((Mark.ANSWERED,), maxlen=limits.BREAKER_WINDOW))
        elif health.opened is None:
            health.in_a_row = 0
            if health.lost or len(health.marks) < limits.BREAKER_WINDOW:  # else all are answers already
                _mark(health, Mark.ANSWERED)
        elif health.probe_at is not None:
            self._health[key] = _Health()

    def lost(self, key: str, now: int, took_ms: int, why: Loss) -> None:
        """No reply came. Losses of our own making count for nothing; a probe is over in any case."""
        health = self._health.setdefault(key, _Health())
        probed, health.probe_at = health.probe_at is not None, None
        if why in _OURS or (why is Loss.TIMEOUT and took_ms < limits.BREAKER_FAIR_MS):
            return
        if health.opened is not None:
            if probed:
                health.pause_ms = min(health.pause_ms * 2, limits.BREAKER_PAUSE_MOST_MS)
                health.retry_at = now + health.pause_ms
            return
        health.in_a_row += 1
        health.lost_at = now
        _mark(health, Mark.TIMED_OUT if why is Loss.TIMEOUT else Mark.LOST)
        if health.in_a_row >= limits.BREAKER_IN_A_ROW or health.lost >= limits.BREAKER_LOST:
            _open(health, now)

    def released(self, key: str) -> None:
        """The request ended without telling anything (cut by us, or never sent): a probe may be tried again."""
        health = self._health.get(key)
        if health is not None:
            health.probe_at = None

    def latency_ms(self, key: str, percent: int = 50) -> int | None:
        """The p50 (or another percentile) of the last 64 answers of this contract; None before the first."""
        kept = self._latencies.get(key)
        if not kept:
            return None
        return sorted(kept)[min(len(kept) - 1, len(kept) * percent // 100)]

    def recent(self, key: str) -> Recent:
        """How a buyer answered of late."""
        health = self._health.get(key)
        if health is None:
            return Recent(0, 0, 0, None)
        timed_out = health.marks.count(Mark.TIMED_OUT) if health.lost else 0
        return Recent(timed_out, len(health.marks), health.lost_at, health.opened)

    def _sentence(self, health: _Health) -> str:
        assert health.opened is not None
        since = datetime.fromtimestamp(health.opened / 1000, self._zone)
        return f"Breaker open since {since:%H:%M %Z} after {health.why}."


def _probe_due(health: _Health, now: int) -> bool:
    assert health.opened is not None
    if health.probe_at is not None and 0 <= now - health.probe_at < limits.BREAKER_PROBE_MS:
        return False
    return now >= health.retry_at or now < health.opened  # the clock was set back: rather ask than wait for hours


def _mark(health: _Health, mark: Mark) -> None:
    marks = health.marks
    if len(marks) == limits.BREAKER_WINDOW:
        health.lost -= marks[0] is not Mark.ANSWERED
    marks.append(mark)
    health.lost += mark is not Mark.ANSWERED


def _open(health: _Health, now: int) -> None:
    health.opened = now
    health.retry_at = now + health.pause_ms
    recent = list(health.marks)
    if health.in_a_row >= limits.BREAKER_IN_A_ROW:
        recent = recent[-health.in_a_row :]
    kind = "timeouts" if Mark.LOST not in recent else "lost connections" if Mark.TIMED_OUT not in recent else "losses"
    in_a_row = health.lost < limits.BREAKER_LOST
    health.why = f"{health.in_a_row} {kind} in a row" if in_a_row else f"{health.lost} of {len(health.marks)} {kind}"


def _thin_out(health: _Health) -> str | None:
    """Skip pings evenly, so that those sent are about twice those answered."""
    lost = health.lost
    if lost == 0:
        return None
    sent = len(health.marks)
    if sent < limits.BREAKER_WINDOW // 2 or 2 * lost <= sent:
        health.owed = 0.0
        return None
    health.owed += (sent - 2 * (sent - lost)) / (sent + 1)
    if health.owed < 1:
        return None
    health.owed -= 1
    return f"Pinged less often: {lost} of the last {sent} requests were lost."
