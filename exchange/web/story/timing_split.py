"""Where the time of a test went, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from exchange.model.wire import WireRecord
from exchange.web.words import duration


class Share(NamedTuple):
    name: str
    took: str


def timing_split(records: Sequence[WireRecord]) -> tuple[Share, ...]:
    """The parts of the last message's time, then all messages together."""
    if not records:
        return ()
    timing = records[-1].timing
    parts = (
        (
            ("DNS", timing.dns_ms),
            ("Connect", timing.connect_ms),
            ("TLS", timing.tls_ms),
            ("First byte", timing.first_byte_ms),
        )
        if timing is not None
        else ()
    )
    total = sum(record.took_ms for record in records)
    return (*(Share(name, duration(took)) for name, took in parts if took is not None), Share("Total", duration(total)))
