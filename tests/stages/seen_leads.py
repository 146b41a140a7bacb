"""Leads as the screen sees them, for tests: an ordinary visitor unless a test says otherwise."""

from __future__ import annotations

from itertools import count
from typing import Any

from exchange.stages.screen.judge import Judged, Learned, weigh
from exchange.stages.screen.memory import Memory
from exchange.stages.screen.seen import Seen
from exchange.stages.screen.signals import signals_of

MINUTE = 60_000
DAY = 86_400_000
AT = 1_795_271_648_000
_NUMBERS = count(1)


def seen(**given: Any) -> Seen:
    """A form filled in within 42 seconds by a browser of its own, at `AT` unless told otherwise."""
    number = next(_NUMBERS)
    usual: dict[str, Any] = {
        "lead_id": f"ld_{number}",
        "at": AT,
        "seller_id": "cedar",
        "sub_id": "pop-19",
        "address": number.to_bytes(8, "big"),
        "agent": f"agent {number}".encode(),
        "form_ms": 42_000,
        "phone": f"phone {number}".encode(),
        "email": f"email {number}".encode(),
    }
    return Seen(**{**usual, **given})


def judged(lead: Seen, memory: Memory | None = None, learned: Learned | None = None) -> Judged:
    """What is made of a lead, which is then remembered."""
    memory = memory or Memory()
    found = weigh(signals_of(lead, memory.past(lead)), lead.source, learned or Learned())
    memory.note(lead)
    return found


def names(lead: Seen, memory: Memory | None = None) -> tuple[str, ...]:
    return judged(lead, memory).names
