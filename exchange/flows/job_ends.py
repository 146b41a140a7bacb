"""How a durable job ends when it is neither done nor a failure of its own."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Ended(Enum):
    """What a job may say of an end that is no failure. Nothing means that it is done and its destination answered."""

    UNASKED = "unasked"  # there was nothing to do: it says nothing about the destination


@dataclass(frozen=True, slots=True)
class Paced:
    """It is done, and the next job of its queue begins `gap_ms` later, whatever the kind's own gap is."""

    gap_ms: int


class ComeBack(Exception):
    """It is not yet time. The job runs again at `run_at`, and this attempt does not count."""

    def __init__(self, run_at: int) -> None:
        super().__init__(run_at)
        self.run_at = run_at


class DestinationDown(Exception):
    """Nobody is there, so every job of the queue would fail. The queue rests and the job keeps its attempts.

    `after_ms` is how long the destination asked to be left alone. Never raised for what only this job did wrong.
    """

    def __init__(self, detail: str, after_ms: int | None = None) -> None:
        super().__init__(detail, after_ms)
        self.detail, self.after_ms = detail, after_ms
