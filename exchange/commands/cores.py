"""How many processors this process may use."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")  # of a container: microseconds of processor time in a period, and the period


def cores(quota: Path = QUOTA) -> int:
    """At least 1. A container that may use two of sixty-four processors has two."""
    found = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with suppress(OSError, ValueError):
        allowed, period = quota.read_text(encoding="ascii").split()
        found = min(found, int(allowed) // int(period))
    return max(1, found)
